"""Say what an organization has used of what its projects share, and what each of them used.

Owners see all of it. Others see what everybody shares, their own part, and the projects that they
are members of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller
from runtime.domain.forecast import MOST_SUBJECTS, LimitUse, forecast
from runtime.domain.limits import BudgetScope
from runtime.domain.scope import Scope
from runtime.domain.shared_forecast import budget_use, shared_rate_use
from runtime.domain.shared_limits import BudgetBound, SharedLimits
from runtime.domain.shared_rates import RateWindow, windows_of
from runtime.domain.shared_use import Payer, Periods, counter_key
from runtime.kit.clock import Clock
from runtime.services.context import Context
from runtime.services.execution.shared_rates import Rates
from runtime.services.standing import refuse_others
from runtime.store.limit_counters import counters_used, most_used
from runtime.store.memberships import projects_of_member
from runtime.store.organization_limits import newest_limits
from runtime.store.session import Database
from runtime.store.usages import ProjectBook, books_after, books_since

MOST_PROJECTS: Final = 200
"""Of how many of their projects a member who is no owner is told budgets and rates."""
_LATELY: Final = timedelta(hours=1)
_PROJECT: Final = BudgetScope.PROJECT
_PRINCIPAL: Final = BudgetScope.PRINCIPAL


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationUse:
    """Describe what an organization has used of what its projects share.

    Attributes:
        as_of: the instant that it is told of.
        limits: what it may; None: it set no limits.
        budgets: the use of each budget: of those for each subject, the ones that used the most.
        rates: the use of each rate; None: it can't be told at the moment.
    """

    as_of: datetime
    limits: SharedLimits | None
    budgets: tuple[LimitUse, ...]
    rates: tuple[LimitUse, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRollUp:
    """Describe what a project has used of its own limits, beside others of the organization.

    Attributes:
        day: the day that its budgets and quotas count.
        limits: the use of each of its own limits.
    """

    project_id: str
    name: str
    archived: bool
    day: str
    day_zone: str
    limits: tuple[LimitUse, ...]


class OrganizationUsages:
    """Tell what organizations have used."""

    def __init__(self, *, database: Database, clock: Clock, rates: Rates) -> None:
        self._database = database
        self._clock = clock
        self._rates = rates

    async def read(self, context: Context, organization_id: str) -> OrganizationUse:
        """Return what the projects of an organization have used together.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the credential was not made for this.
        """
        caller, now = context.caller, self._clock.now()
        caller.require(Scope.ORGANIZATION_READ)
        refuse_others(caller, organization_id)
        async with self._database.transaction(organization_id, read_only=True) as connection:
            stored = await newest_limits(connection, organization_id)
            if stored is None:
                return OrganizationUse(as_of=now, limits=None, budgets=(), rates=())
            limits = stored.limits
            projects = await _projects_of(connection, caller)
            busiest = await _busiest(connection, projects, now=now)
            budgets = [
                use
                for bound in limits.bounds
                for use in await _budget_uses(
                    connection,
                    bound,
                    visible=_visible(bound.scope, caller, projects),
                    zone=limits.document.zone,
                    now=now,
                )
            ]
        return OrganizationUse(
            as_of=now,
            limits=limits,
            budgets=tuple(budgets),
            rates=await self._rate_uses(caller, limits, projects=busiest, now=now),
        )

    async def projects(
        self, context: Context, organization_id: str, *, after: str | None, limit: int
    ) -> tuple[ProjectRollUp, ...]:
        """Return what each project that the caller may see has used, in the order of their ids.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.PROJECTS_READ)
        refuse_others(caller, organization_id)
        async with self._database.transaction(organization_id, read_only=True) as connection:
            found = await books_after(
                connection,
                after,
                limit=limit,
                member_id=None if caller.owner else caller.member_id,
            )
        now = self._clock.now()
        return tuple(_rolled_up(item, caller, now=max(now, item.updated_at)) for item in found)

    async def _rate_uses(
        self,
        caller: Caller,
        limits: SharedLimits,
        *,
        projects: Sequence[str],
        now: datetime,
    ) -> tuple[LimitUse, ...] | None:
        windows = _windows(caller, limits, projects=projects)
        found = await self._rates.uses(caller.organization_id, windows)
        if found is None:
            return None
        return tuple(
            shared_rate_use(use, organization_id=caller.organization_id, now=now) for use in found
        )


async def _projects_of(connection: AsyncConnection, caller: Caller) -> frozenset[str] | None:
    """Return the projects that a caller may see; None: all of them."""
    if caller.owner:
        return None
    return frozenset(await projects_of_member(connection, caller.member_id, limit=MOST_PROJECTS))


async def _busiest(
    connection: AsyncConnection, visible: frozenset[str] | None, *, now: datetime
) -> Sequence[str]:
    """Return the projects that did the most lately, of those that a caller may see."""
    found = await books_since(connection, now - _LATELY, after="", limit=MOST_PROJECTS)
    did = {
        project: sum(book.minutes.values())
        for project, book in found
        if visible is None or project in visible
    }
    return sorted(did, key=lambda project: (-did[project], project))[:MOST_SUBJECTS]


def _visible(
    scope: BudgetScope, caller: Caller, projects: frozenset[str] | None
) -> frozenset[str] | None:
    """Return whose use of a scope a caller may see; None: everybody's."""
    if projects is None:
        return None
    if scope is _PRINCIPAL:
        return frozenset({caller.member_id})
    return projects if scope is _PROJECT else None


async def _budget_uses(
    connection: AsyncConnection,
    bound: BudgetBound,
    *,
    visible: frozenset[str] | None,
    zone: str,
    now: datetime,
) -> list[LimitUse]:
    """Return the use of budgets of one kind, the most used first."""
    used = await _used(
        connection, bound, visible=visible, period=Periods.at(now, zone).of(bound.per)
    )
    return [
        budget_use(bound, subject, used=amount, zone=zone, now=now)
        for subject, amount in sorted(used.items(), key=lambda item: (-item[1], item[0] or ""))
        if bound.most(subject) is not None
    ]


async def _used(
    connection: AsyncConnection,
    bound: BudgetBound,
    *,
    visible: frozenset[str] | None,
    period: str,
) -> Mapping[str | None, int]:
    """Return what is used of budgets of one kind: by those that are named, and by who used most."""
    if bound.scope is BudgetScope.ORGANIZATION:
        return await _named(connection, bound, (None,), period=period)
    if visible is not None:
        return await _named(connection, bound, sorted(visible), period=period)
    begins = counter_key(bound.named, bound.scope, "")
    used = await _named(connection, bound, bound.by_subject, period=period)
    used.update(await most_used(connection, begins=begins, period=period, limit=MOST_SUBJECTS))
    return used


async def _named(
    connection: AsyncConnection,
    bound: BudgetBound,
    subjects: Iterable[str | None],
    *,
    period: str,
) -> dict[str | None, int]:
    keys = {
        subject: (counter_key(bound.named, bound.scope, subject), period) for subject in subjects
    }
    if not keys:
        return {}
    used = await counters_used(connection, tuple(keys.values()))
    return {subject: used[key] for subject, key in keys.items()}


def _windows(
    caller: Caller, limits: SharedLimits, *, projects: Sequence[str]
) -> tuple[RateWindow, ...]:
    """Return the windows of the organization, of the one who asks, and of some projects.

    Owners are told of whoever is named as well.
    """
    named = {
        scope: [
            rate.subject
            for rate in limits.document.rates
            if caller.owner and rate.scope is scope and rate.subject is not None
        ]
        for scope in (_PROJECT, _PRINCIPAL)
    }
    visible, others = (*projects, *named[_PROJECT]), named[_PRINCIPAL]
    payers = [Payer(project=project, principal=caller.member_id) for project in ("", *visible)] + [
        Payer(project="", principal=principal) for principal in others
    ]
    found = (
        window
        for payer in payers
        for window in windows_of(
            limits.document, organization_id=caller.organization_id, payer=payer
        )
    )
    return tuple(dict.fromkeys(window for window in found if window.subject))


def _rolled_up(item: ProjectBook, caller: Caller, *, now: datetime) -> ProjectRollUp:
    zone = item.limits.day_zone
    return ProjectRollUp(
        project_id=item.project_id,
        name=item.name,
        archived=item.archived,
        day=item.book.day_at(now, zone),
        day_zone=zone,
        limits=forecast(item.limits, item.book, now=now, principal_id=caller.member_id),
    )
