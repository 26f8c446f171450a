"""Keep what a project has used, so that rates and budgets are judged on facts of its own commits.

A book travels with the project's head and is replaced in the same commit, so what it says can't
differ from what was executed. Rates are counted by second for a minute and by minute for an hour;
the oldest bucket still counts as a whole, so a limit holds in any span, never less. Budgets are
counted by day, in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from runtime.domain.limits import BudgetScope, Usage
from runtime.domain.outcome import StepOutcome, StepStatus
from runtime.kit.canonical_json import canonical_text, parse

_BUCKETS: Final = 60
_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})
_NEVER: Final[Mapping[int, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageBook:
    """Count actions and cost of one project.

    Attributes:
        day: the day that the costs are of, as `2026-01-31`.
        spent: units of the day.
        principals: of these, by principal.
        actions: of these, by action name.
        seconds: actions by second since 1970, the last minute's.
        minutes: actions by minute since 1970, the last hour's.
    """

    day: str = ""
    spent: int = 0
    principals: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    actions: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    seconds: Mapping[int, int] = field(default_factory=lambda: _NEVER)
    minutes: Mapping[int, int] = field(default_factory=lambda: _NEVER)

    @classmethod
    def read(cls, text: str) -> UsageBook:
        """Read what `text` wrote; an empty text is a new book."""
        if not text:
            return cls()
        document = parse(text)
        return cls(
            day=document["day"],
            spent=document["spent"],
            principals=document["principals"],
            actions=document["actions"],
            seconds={int(at): count for at, count in document["seconds"].items()},
            minutes={int(at): count for at, count in document["minutes"].items()},
        )

    def text(self) -> str:
        """Spell the book as canonical JSON."""
        return canonical_text(
            {
                "day": self.day,
                "spent": self.spent,
                "principals": dict(self.principals),
                "actions": dict(self.actions),
                "seconds": {str(at): count for at, count in self.seconds.items()},
                "minutes": {str(at): count for at, count in self.minutes.items()},
            }
        )

    def usage(self, principal_id: str, *, now: datetime) -> Usage:
        """Return what counts at an instant against the limits of a principal's step."""
        today = self.day == _day(now)
        second, minute = _second(now), _second(now) // 60
        spent = self.spent if today else 0
        return Usage(
            last_minute=_since(self.seconds, second - _BUCKETS),
            last_hour=_since(self.minutes, minute - _BUCKETS),
            spent={
                BudgetScope.ORGANIZATION: spent,
                BudgetScope.PROJECT: spent,
                BudgetScope.PRINCIPAL: self.principals.get(principal_id, 0) if today else 0,
            },
            spent_by_action=dict(self.actions) if today else {},
            as_of=now,
        )

    def charged(
        self, steps: Iterable[StepOutcome], *, principal_id: str, now: datetime
    ) -> UsageBook:
        """Return the book once the finished steps of a plan are in it."""
        done = [step for step in steps if step.status is StepStatus.DONE]
        if not done:
            return self
        today = self.day == _day(now)
        actions = dict(self.actions) if today else {}
        for step in done:
            name = step.action.rpartition("@")[0]
            actions[name] = actions.get(name, 0) + step.cost
        cost = sum(step.cost for step in done)
        principals = dict(self.principals) if today else {}
        principals[principal_id] = principals.get(principal_id, 0) + cost
        second = _second(now)
        return UsageBook(
            day=_day(now),
            spent=cost + (self.spent if today else 0),
            principals=principals,
            actions=actions,
            seconds=_counted(self.seconds, second, count=len(done)),
            minutes=_counted(self.minutes, second // 60, count=len(done)),
        )


def _counted(buckets: Mapping[int, int], at: int, *, count: int) -> dict[int, int]:
    kept = {bucket: found for bucket, found in buckets.items() if bucket >= at - _BUCKETS}
    kept[at] = kept.get(at, 0) + count
    return kept


def _since(buckets: Mapping[int, int], first: int) -> int:
    return sum(count for bucket, count in buckets.items() if bucket >= first)


def _second(now: datetime) -> int:
    return int(now.timestamp())


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()
