"""Say when a budget of models is half, nearly or wholly used, once a day each; pure.

As thresholds of executions' budgets are told of (`domain.thresholds`): a limit that was changed is
told of anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.domain.model_budget import NOTHING, Bound, Spend, Tally, Told
from runtime.domain.thresholds import PERCENTS, reached
from runtime.kit.json_value import JsonObject

_NEVER: Final = Told()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCrossing:
    """Say that a threshold of a budget was reached.

    Attributes:
        bound: the budget.
        percent: which threshold: 50, 80, 90 or 100.
        used: how much is used now.
    """

    bound: Bound
    percent: int
    used: int

    @property
    def project_id(self) -> str | None:
        """Return whose budget it is; None: the organization's."""
        whole, _, _ = self.bound.subject.partition("/")
        found = whole.removeprefix("project:")
        return None if found == whole else found

    def document(self, *, organization_id: str, day: str) -> JsonObject:
        """Spell it as an event.

        >>> from runtime.domain.model_budget import Measure
        >>> bound = Bound(subject="project:p/model:a/b", measure=Measure.TOKENS, most=10)
        >>> crossing = ModelCrossing(bound=bound, percent=50, used=6)
        >>> told = crossing.document(organization_id="o", day="2026-01-31")
        >>> told["project"], told["scope"], told["subject"]
        ('p', 'model', 'a/b')
        """
        project = self.project_id
        below = self.bound.subject.removeprefix(f"project:{project}").removeprefix("/")
        scope, _, subject = below.partition(":")
        return {
            "organization": organization_id,
            "project": project,
            "scope": scope or "project",
            "subject": subject or None,
            "measure": self.bound.measure.value,
            "percent": self.percent,
            "used": self.used,
            "limit": self.bound.most,
            "period": day,
        }


def model_crossings(
    bounds: Iterable[Bound], tallies: Mapping[str, Tally], charged: Spend
) -> tuple[ModelCrossing, ...]:
    """Return the thresholds that a charge reaches and that were not told of, by budget, ascending.

    Args:
        bounds: of whoever is charged.
        tallies: what they used before.
        charged: how much they use besides.
    """
    return tuple(
        crossing for bound in bounds for crossing in _crossed(bound, tallies, charged=charged)
    )


def _crossed(
    bound: Bound, tallies: Mapping[str, Tally], *, charged: Spend
) -> Iterator[ModelCrossing]:
    tally = tallies.get(bound.subject, NOTHING)
    used = tally.used.of(bound.measure) + charged.of(bound.measure)
    told = tally.told.get(bound.measure, _NEVER)
    before = told.percent if told.most == bound.most else 0
    for percent in PERCENTS:
        if percent > before and reached(used, bound.most, percent=percent):
            yield ModelCrossing(bound=bound, percent=percent, used=used)
