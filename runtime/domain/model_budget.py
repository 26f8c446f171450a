"""Bound what answers of models may cost a day: an organization, a project, a member and a model.

Pure. What is reserved counts as used until it is settled, so that whoever asks next can't take it
too; days are those of UTC. Which settings hold is `domain.model_use`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from runtime.domain.model_use import ModelUse

ORGANIZATION: Final = "organization"


class Measure(StrEnum):
    """Name what a budget counts."""

    TOKENS = "tokens"
    COST_MICROS = "cost_micros"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Say whose budgets an answer is charged to.

    Attributes:
        project_id: of a project of the organization.
        member_id: who asks.
        model: `provider/name`, without options.
    """

    project_id: str
    member_id: str
    model: str

    @property
    def subjects(self) -> tuple[str, ...]:
        """Return who is charged, in the order in which tallies are locked.

        >>> Payer(project_id="p", member_id="m", model="a/b").subjects[-2:]
        ('project:p/member:m', 'project:p/model:a/b')
        """
        project, member, model = self.project, f"member:{self.member_id}", f"model:{self.model}"
        there = (project, f"{project}/{member}", f"{project}/{model}")
        return tuple(sorted((ORGANIZATION, member, model, *there)))

    @property
    def project(self) -> str:
        """Return the subject that stands for the project."""
        return f"project:{self.project_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """Count what an answer takes, or may take at most.

    Attributes:
        tokens: of prompts and answers.
        cost_micros: None where nobody knows the price.
    """

    tokens: int = 0
    cost_micros: int | None = 0

    def plus(self, other: Spend) -> Spend:
        """Add two; what is unknown makes the sum unknown."""
        unknown = self.cost_micros is None or other.cost_micros is None
        return Spend(
            tokens=self.tokens + other.tokens,
            cost_micros=None if unknown else (self.cost_micros or 0) + (other.cost_micros or 0),
        )

    def beyond(self, covered: Spend) -> Spend:
        """Return what is not covered; what is unknown stays so."""
        unknown = self.cost_micros is None or covered.cost_micros is None
        more = max(0, (self.cost_micros or 0) - (covered.cost_micros or 0))
        return Spend(
            tokens=max(0, self.tokens - covered.tokens), cost_micros=None if unknown else more
        )

    def of(self, measure: Measure) -> int:
        """Return how much of a measure; nothing where it is unknown."""
        return self.tokens if measure is Measure.TOKENS else self.cost_micros or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Say which share of a limit was told of last, and what the limit was then."""

    percent: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Hold what a subject used on one day, and what is reserved for answers under way.

    Attributes:
        told: which thresholds were told of; nothing of what is not there.
    """

    used: Spend = Spend()
    reserved: Spend = Spend()
    told: Mapping[Measure, Told] = field(default_factory=dict)

    def taken(self, measure: Measure) -> int:
        """Return what nobody else can take."""
        return self.used.of(measure) + self.reserved.of(measure)


NOTHING: Final = Tally()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Say how much a subject may use a day.

    Attributes:
        subject: such as `organization` or `project:prj_…/member:mem_…`.
        most: how much there is.
    """

    subject: str
    measure: Measure
    most: int

    @property
    def name(self) -> str:
        """Return what a refusal calls it."""
        return f"{self.measure.value} a day of {self.subject.replace('/member:', ', member:')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdraft:
    """Say which budget does not cover an answer, and how much of it is taken."""

    bound: Bound
    taken: int


def bounds_of(
    organization: ModelUse | None, project: ModelUse | None, payer: Payer
) -> tuple[Bound, ...]:
    """Return the budgets that an answer has to fit, the widest first."""
    member, model = f"member:{payer.member_id}", f"model:{payer.model}"
    bounds: list[Bound] = []
    if organization is not None:
        bounds += _bounds(organization, (ORGANIZATION, member, model))
    if project is not None:
        whole = payer.project
        bounds += _bounds(project, (whole, f"{whole}/{member}", f"{whole}/{model}"))
    return tuple(bounds)


def first_overdraft(
    bounds: Iterable[Bound], tallies: Mapping[str, Tally], wish: Spend
) -> Overdraft | None:
    """Return the first budget that does not cover what an answer may take besides what is taken.

    >>> bound = Bound(subject="organization", measure=Measure.TOKENS, most=10)
    >>> first_overdraft((bound,), {}, Spend(tokens=10)) is None
    True
    >>> first_overdraft((bound,), {}, Spend(tokens=11)).taken
    0
    """
    for bound in bounds:
        taken = tallies.get(bound.subject, NOTHING).taken(bound.measure)
        if taken + wish.of(bound.measure) > bound.most:
            return Overdraft(bound=bound, taken=taken)
    return None


def first_used_up(bounds: Iterable[Bound], tallies: Mapping[str, Tally]) -> Overdraft | None:
    """Return the first budget of which nothing is left; what is reserved may be free again.

    >>> bound = Bound(subject="organization", measure=Measure.TOKENS, most=10)
    >>> reserved = Tally(used=Spend(tokens=9), reserved=Spend(tokens=1))
    >>> first_used_up((bound,), {"organization": reserved}) is None
    True
    >>> first_used_up((bound,), {"organization": Tally(used=Spend(tokens=10))}).taken
    10
    """
    for bound in bounds:
        used = tallies.get(bound.subject, NOTHING).used.of(bound.measure)
        if used >= bound.most:
            return Overdraft(bound=bound, taken=used)
    return None


def counts_money(bounds: Iterable[Bound]) -> bool:
    """Say whether a price has to be known."""
    return any(bound.measure is Measure.COST_MICROS for bound in bounds)


def day_of(instant: datetime) -> str:
    """Return the day that an instant is charged to, such as `2026-01-31`."""
    return instant.astimezone(UTC).date().isoformat()


def renews_at(instant: datetime) -> datetime:
    """Return when the budgets of an instant's day renew."""
    midnight = instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1)


def _bounds(use: ModelUse, subjects: tuple[str, str, str]) -> list[Bound]:
    limits = (
        (use.daily_tokens, use.daily_cost_micros),
        (use.member_daily_tokens, use.member_daily_cost_micros),
        (use.model_daily_tokens, use.model_daily_cost_micros),
    )
    return [
        Bound(subject=subject, measure=measure, most=most)
        for subject, pair in zip(subjects, limits, strict=True)
        for measure, most in zip(Measure, pair, strict=True)
        if most is not None
    ]
