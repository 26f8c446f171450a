"""Say what is asked of the rates that projects share, and what came of it.

The windows are an organization's; who counts them is a port (`ports.shared_rates`). The engine only
reads the grant: how many of a plan's first steps may run, and which window has no room for more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Final, TypeAlias

from typing_extensions import override

from runtime.domain.errors import RatesUnavailableError
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_limits import OrganizationLimits, SharedLimits
from runtime.domain.shared_use import Payer, lay_out

SPAN_S: Final[Mapping[LimitMeasure, int]] = {
    LimitMeasure.PER_MINUTE: 60,
    LimitMeasure.PER_HOUR: 3_600,
}
BUCKETS: Final = 60
"""Into how many parts a span is counted; the oldest one counts as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateWindow:
    """Bound the actions of somebody in any span of a length.

    Attributes:
        scope: whose they are: an organization's, a project's or a principal's.
        subject: which one's, by id.
        measure: actions in any 60 or in any 3,600 seconds.
        most: how many.
    """

    scope: BudgetScope
    subject: str
    measure: LimitMeasure
    most: int

    @override
    def __hash__(self) -> int:
        """Tell windows apart by whose they are; each execution looks several up."""
        return hash(self.subject)

    @property
    def key(self) -> str:
        """Name what is counted; a limit that is raised or lowered goes on counting."""
        return f"{self.scope.value}:{self.subject}:{self.measure.value}"

    @property
    def span_s(self) -> int:
        """Return the length of the span."""
        return SPAN_S[self.measure]

    @property
    def grain_s(self) -> float:
        """Return the length of a part of it that is counted as one."""
        return self.span_s / BUCKETS


@dataclass(frozen=True, slots=True, kw_only=True)
class RateStretch:
    """Name steps that must fit together; urgent ones fit always, and are counted."""

    steps: int
    urgent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RateClaim:
    """Ask for room for the steps of one execution, stretch by stretch.

    Attributes:
        outcome_id: names the execution: asked again, it is not counted twice.
        windows: all that its steps are counted in, from the widest to the narrowest.
        stretches: its steps in their order, as `stretches_of` divides them.
        share: asks for a loan instead, in its only window: for as many of its steps as there are,
            but no more than the n-th part of what is left. It is granted some or none, and never
            refused.
    """

    outcome_id: str
    windows: tuple[RateWindow, ...]
    stretches: tuple[RateStretch, ...]
    share: int | None = None

    @property
    def steps(self) -> int:
        """Return how many steps there are."""
        return sum([stretch.steps for stretch in self.stretches])

    @property
    def held_back(self) -> bool:
        """Say whether a limit can refuse any of it."""
        return any(not stretch.urgent for stretch in self.stretches)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRefusal:
    """Name the first window without room for a stretch.

    Attributes:
        window: which one.
        used: what counts in it.
        wanted: the steps of the stretch.
        free_at: when it would fit if nothing else ran; None: it never would.
        returns_in_s: some of what is used is lent, and may be given back unused within this time;
            None: all of it is used.
    """

    window: RateWindow
    used: int
    wanted: int
    free_at: datetime | None
    returns_in_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateGrant:
    """Say how many of an execution's first steps may run, and what keeps the next one back."""

    steps: int
    refusal: RateRefusal | None = None


RateGrants: TypeAlias = Mapping[str, RateGrant | RatesUnavailableError]
"""What may run, by outcome, or why that can't be told; an execution without rates is not in it."""
NO_GRANTS: Final[RateGrants] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCharge:
    """Say how many steps of an execution were done in the end; what was reserved above it is free.

    Attributes:
        outcome_id: names the execution.
        windows: what its steps are counted in, should nothing have been reserved.
        done: how many; 0 for a plan that was refused or rolled back.
        left: how many of a loan are under way, and told of once they are done; what is told of a
            loan includes what was told before.
    """

    outcome_id: str
    windows: tuple[RateWindow, ...]
    done: int
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RateUse:
    """Say what counts in a window, and when all of it is free again if nothing else runs."""

    window: RateWindow
    used: int
    free_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateHistory:
    """Tell who counts what they have forgotten of a window.

    Attributes:
        window: which one.
        counts: actions by part of the span: by second since 1970 for a minute, by minute since
            1970 for an hour.
    """

    window: RateWindow
    counts: Mapping[int, int]


def grant_of(grants: RateGrants, outcome_id: str) -> RateGrant | None:
    """Return what was granted to an execution; None: no rate concerns it.

    Raises:
        RatesUnavailableError: it can't be told.
    """
    found = grants.get(outcome_id)
    if isinstance(found, RatesUnavailableError):
        raise found
    return found


def rate_windows_of(
    limits: SharedLimits, *, organization_id: str, payer: Payer
) -> tuple[RateWindow, ...]:
    """Return the same as `windows_of`; the limits keep the answer, as each execution asks."""
    named = ("rates", organization_id, payer.project, payer.principal)
    kept: tuple[RateWindow, ...] | None = limits.laid_out.get(named)
    if kept is None:
        kept = windows_of(limits.document, organization_id=organization_id, payer=payer)
        lay_out(limits, named, kept)
    return kept


def windows_of(
    limits: OrganizationLimits, *, organization_id: str, payer: Payer
) -> tuple[RateWindow, ...]:
    """Return every window that the steps of somebody count in, from the widest to the narrowest.

    A rate that names its subject takes the place of the one for each.
    """
    return tuple(
        RateWindow(scope=scope, subject=subject, measure=measure, most=most)
        for scope, subject in (
            (BudgetScope.ORGANIZATION, organization_id),
            (BudgetScope.PROJECT, payer.project),
            (BudgetScope.PRINCIPAL, payer.principal),
        )
        for measure in SPAN_S
        if (most := _most(limits, scope, subject, measure=measure)) is not None
    )


def _most(
    limits: OrganizationLimits, scope: BudgetScope, subject: str, *, measure: LimitMeasure
) -> int | None:
    found = {
        rate.subject: rate.most
        for rate in limits.rates
        if rate.scope is scope and rate.named is measure
    }
    return found.get(subject, found.get(None))


def stretches_of(urgent: Iterable[bool | None]) -> tuple[RateStretch, ...]:
    """Divide the steps of a plan where an urgent one begins and where one ends.

    Args:
        urgent: of each step, in order; None for an unknown action, behind which nothing runs.

    >>> [(item.steps, item.urgent) for item in stretches_of([False, False, True, None, False])]
    [(2, False), (1, True)]
    """
    return _divided(tuple(urgent))


@lru_cache(maxsize=256)
def _divided(urgent: tuple[bool | None, ...]) -> tuple[RateStretch, ...]:
    """Divide once what most plans look like."""
    return tuple(
        RateStretch(steps=sum(1 for _ in steps), urgent=is_urgent)
        for is_urgent, steps in groupby(_known(urgent))
    )


def _known(urgent: Iterable[bool | None]) -> Iterator[bool]:
    for item in urgent:
        if item is None:
            return
        yield item
