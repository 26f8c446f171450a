"""Tell what organizations and projects used of models today, by budget.

Who owns the organization, or administers the project, is told what each member used; others what
everybody shares, and their own part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller
from runtime.domain.member import ProjectRole
from runtime.domain.model_budget import (
    NOTHING,
    ORGANIZATION,
    Measure,
    Tally,
    day_of,
    renews_at,
)
from runtime.domain.model_use import ModelUse
from runtime.domain.scope import Scope
from runtime.kit.clock import Clock
from runtime.services.context import Context
from runtime.services.standing import refuse_others, seen
from runtime.store.model_spends import most_taken, tallies_of
from runtime.store.model_uses import newest_use
from runtime.store.session import Database

MOST_SUBJECTS: Final = 50
"""Of how many members, and of how many models, it is told: those that used the most."""
_ADMINS: Final = frozenset({ProjectRole.ADMIN.value, "owner"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """Describe the use of one budget, or what was used where there is no limit.

    Attributes:
        scope: organization, project, member or model.
        subject: the project's or member's id, or the model's name; None for an organization.
        limit: None for no limit.
    """

    scope: str
    subject: str | None
    measure: Measure
    used: int
    reserved: int
    limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """Describe what was used of models on one day of UTC.

    Attributes:
        as_of: the instant that it is told of.
        resets_at: when all of it is free again.
    """

    as_of: datetime
    resets_at: datetime
    budgets: tuple[BudgetUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Say whose usage is told: how its subjects are named, and what it says of budgets."""

    subject: str
    below: str
    scope: str
    shown: str | None
    use: ModelUse


class ModelUsages:
    """Tell what was used of models."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of_organization(self, context: Context, organization_id: str) -> ModelUsage:
        """Return what an organization used today.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.MODELS_READ)
        refuse_others(caller, organization_id)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            stored = await newest_use(connection, organization_id)
            place = _Place(
                subject=ORGANIZATION,
                below="",
                scope=ORGANIZATION,
                shown=None,
                use=ModelUse() if stored is None else stored.use,
            )
            return await self._read(connection, caller, place, everybody=caller.owner)

    async def of_project(self, context: Context, project_id: str) -> ModelUsage:
        """Return what a project used today.

        Raises:
            NotFoundError: there is none that the caller may see.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.MODELS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            found = await seen(connection, caller, project_id)
            stored = await newest_use(connection, project_id)
            place = _Place(
                subject=f"project:{project_id}",
                below=f"project:{project_id}/",
                scope="project",
                shown=project_id,
                use=ModelUse() if stored is None else stored.use,
            )
            everybody = not _ADMINS.isdisjoint(found.principal.roles)
            return await self._read(connection, caller, place, everybody=everybody)

    async def _read(
        self, connection: AsyncConnection, caller: Caller, place: _Place, *, everybody: bool
    ) -> ModelUsage:
        now = self._clock.now()
        day = day_of(now)
        members, models = f"{place.below}member:", f"{place.below}model:"
        own = f"{members}{caller.member_id}"
        whole = await tallies_of(connection, (place.subject, own), day=day)
        of_members = {own: whole.get(own, NOTHING)}
        if everybody:
            of_members |= await most_taken(connection, begins=members, day=day, limit=MOST_SUBJECTS)
        of_models = await most_taken(connection, begins=models, day=day, limit=MOST_SUBJECTS)
        use = place.use
        return ModelUsage(
            as_of=now,
            resets_at=renews_at(now),
            budgets=(
                *_uses(
                    place.scope,
                    place.shown,
                    whole.get(place.subject, NOTHING),
                    limits=(use.daily_tokens, use.daily_cost_micros),
                ),
                *_uses_of_each(
                    "member",
                    of_members,
                    begins=members,
                    limits=(use.member_daily_tokens, use.member_daily_cost_micros),
                ),
                *_uses_of_each(
                    "model",
                    of_models,
                    begins=models,
                    limits=(use.model_daily_tokens, use.model_daily_cost_micros),
                ),
            ),
        )


def _uses_of_each(
    scope: str,
    tallies: Mapping[str, Tally],
    *,
    begins: str,
    limits: tuple[int | None, int | None],
) -> list[BudgetUse]:
    return [
        use
        for subject, tally in tallies.items()
        for use in _uses(scope, subject.removeprefix(begins), tally, limits=limits)
    ]


def _uses(
    scope: str, subject: str | None, tally: Tally, *, limits: tuple[int | None, int | None]
) -> list[BudgetUse]:
    return [
        BudgetUse(
            scope=scope,
            subject=subject,
            measure=measure,
            used=tally.used.of(measure),
            reserved=tally.reserved.of(measure),
            limit=limit,
        )
        for measure, limit in zip(Measure, limits, strict=True)
    ]
