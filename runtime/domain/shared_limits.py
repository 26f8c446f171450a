"""Bound what an organization may do and spend in all of its projects together.

One document an organization holds budgets, which are counted exactly in the commit of executions,
and rates. What one project may do by itself is `domain.limits`.

A budget or a rate that names a subject takes the place, for that one, of the one for each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.time_zone import ZoneName
from runtime.kit.canonical_json import MAX_SAFE_INTEGER

MOST_BUDGETS: Final = 64
MOST_RATES: Final = 16
_SUBJECT: Final = re.compile(r"[!-~]{1,200}")
_ACTION_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")

Amount = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
"""How much there is; an integer that every reader of JSON reads exactly."""


class BudgetMeasure(StrEnum):
    """Name what a budget counts; money is in millionths of the organization's currency."""

    ACTIONS = "actions"
    UNITS = "units"
    TOKENS = "tokens"
    MONEY = "money"


class BudgetSpan(StrEnum):
    """Name how long a budget has to last."""

    DAY = "day"
    MONTH = "month"


class RateSpan(StrEnum):
    """Name the span in which a rate counts."""

    MINUTE = "minute"
    HOUR = "hour"


MEASURES: Final[Mapping[tuple[BudgetMeasure, BudgetSpan], LimitMeasure]] = {
    (measure, span): LimitMeasure(f"{measure.value}_a_{span.value}")
    for measure in BudgetMeasure
    for span in BudgetSpan
}
"""What a refusal calls each measure of each span."""


class Budget(BaseModel):
    """Say how much may be used a day or a month.

    Attributes:
        scope: who has it.
        subject: which project, principal or action name (without version); None: each of them,
            or the organization.
        measure: what it counts.
        per: when it renews: at midnight of each day, or of the first day of each month.
        most: how much there is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: BudgetScope
    subject: str | None = None
    measure: BudgetMeasure
    per: BudgetSpan
    most: Amount

    @model_validator(mode="after")
    def _subject_fits(self) -> Self:
        _check_subject(self.scope, self.subject)
        return self

    @property
    def named(self) -> LimitMeasure:
        """Return what a refusal calls its measure."""
        return MEASURES[self.measure, self.per]


class RateLimit(BaseModel):
    """Say how many actions may be done in any minute or hour.

    Attributes:
        scope: who has it; actions have none.
        subject: which project or principal; None: each of them, or the organization.
        per: the span.
        most: how many actions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: BudgetScope
    subject: str | None = None
    per: RateSpan
    most: Amount

    @model_validator(mode="after")
    def _subject_fits(self) -> Self:
        if self.scope is BudgetScope.ACTION:
            message = "actions have no rate; limit the organization, a project or a principal"
            raise ValueError(message)
        _check_subject(self.scope, self.subject)
        return self

    @property
    def named(self) -> LimitMeasure:
        """Return what a refusal calls its measure."""
        return LimitMeasure(f"per_{self.per.value}")


class OrganizationLimits(BaseModel):
    """State what an organization allows across its projects; nothing is no limit.

    Attributes:
        budgets: how much may be used a day and a month; one of each kind for each subject.
        rates: how many actions a minute and an hour.
        zone: by whose midnight budgets renew.
        currency: the ISO 4217 code of what money is counted in; it is told, never converted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    budgets: Annotated[tuple[Budget, ...], Field(max_length=MOST_BUDGETS)] = ()
    rates: Annotated[tuple[RateLimit, ...], Field(max_length=MOST_RATES)] = ()
    zone: ZoneName = "UTC"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _check_once("budgets", ((it.scope, it.subject, it.named) for it in self.budgets))
        _check_once("rates", ((it.scope, it.subject, it.named) for it in self.rates))
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetBound:
    """Hold the budgets of one scope, measure and span, ready to be looked up by subject.

    Attributes:
        each: how much every subject has that is not named; None: no limit.
        by_subject: how much those have that are named.
    """

    scope: BudgetScope
    measure: BudgetMeasure
    per: BudgetSpan
    each: int | None
    by_subject: Mapping[str, int]

    @property
    def named(self) -> LimitMeasure:
        """Return what a refusal calls its measure."""
        return MEASURES[self.measure, self.per]

    def most(self, subject: str | None) -> int | None:
        """Return how much a subject has; None: there is no limit for it."""
        if subject is None:
            return self.each
        return self.by_subject.get(subject, self.each)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLimits:
    """Hold the limits that an organization has set, as the version of a number says.

    Attributes:
        number: which version; 1 is the first.
        document: what they say.
        bounds: its budgets, from the widest scope to the narrowest.
        laid_out: what was looked up in them; `shared_use.lay_out` keeps it.
    """

    number: int
    document: OrganizationLimits
    bounds: tuple[BudgetBound, ...] = field(init=False)
    laid_out: dict[tuple[str, ...], Any] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Lay the budgets out for looking them up."""
        object.__setattr__(self, "bounds", tuple(_bounds(self.document.budgets)))


def _bounds(budgets: Iterable[Budget]) -> Iterator[BudgetBound]:
    found = tuple(budgets)
    for scope in BudgetScope:
        for measure, per in MEASURES:
            same = [it for it in found if (it.scope, it.measure, it.per) == (scope, measure, per)]
            if same:
                yield BudgetBound(
                    scope=scope,
                    measure=measure,
                    per=per,
                    each=next((it.most for it in same if it.subject is None), None),
                    by_subject={it.subject: it.most for it in same if it.subject is not None},
                )


def _check_subject(scope: BudgetScope, subject: str | None) -> None:
    if subject is None:
        return
    if scope is BudgetScope.ORGANIZATION:
        message = "the organization is one: leave subject out"
        raise ValueError(message)
    if not _SUBJECT.fullmatch(subject):
        message = "subject must be 1 to 200 printable ASCII characters without spaces"
        raise ValueError(message)
    if scope is BudgetScope.ACTION and not _ACTION_NAME.fullmatch(subject):
        message = f"subject {subject!r} is no action's name; give it without version: ticket.refund"
        raise ValueError(message)


def _check_once(what: str, kinds: Iterable[tuple[BudgetScope, str | None, LimitMeasure]]) -> None:
    seen: set[tuple[BudgetScope, str | None, LimitMeasure]] = set()
    for kind in kinds:
        if kind in seen:
            scope, subject, measure = kind
            whose = f" of {subject}" if subject else ""
            message = f"{what} hold {measure.value} of the scope {scope.value}{whose} twice"
            raise ValueError(message)
        seen.add(kind)
