"""Give tests schedules in a world: who keeps them, who executes them, and a way to let time pass.

Time is the database's, and is not moved: what is stored is moved into the past instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest_asyncio
from sqlalchemy import text

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.cron import parse_cron
from runtime.domain.limits import Limits
from runtime.domain.member import ProjectRole
from runtime.domain.plan import Plan
from runtime.domain.schedule import CatchUp, Firing
from runtime.domain.schedule_timing import Timing
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.execution.plans import Plans
from runtime.services.schedules.firings import Firings
from runtime.services.schedules.schedules import Schedules
from runtime.services.schedules.wishes import ScheduleWish
from runtime.services.tenancy.memberships import Grant
from runtime.store.firings import firings_before
from runtime.store.schedule_alarms import Alarm
from tests.database import FreshDatabase
from tests.execution import World, a_caller, a_project, an_increment, opened

HOUR = timedelta(hours=1)


def a_wish(name: str = "each hour", *, cron: str = "0 * * * *", **given: Any) -> ScheduleWish:  # noqa: ANN401  # whatever matters
    """Build a wish for a plan that moves the counter each hour."""
    wish = ScheduleWish(
        name=name,
        timing=Timing(cron=parse_cron(cron), zone="UTC"),
        jitter_s=0,
        catch_up=CatchUp.LAST,
        plan=an_increment(),
        atomic=False,
        grant=Grant(role=ProjectRole.OPERATOR),
    )
    return replace(wish, **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clockwork:
    """Hold a world whose caller administers the project, and its schedules."""

    world: World
    schedules: Schedules
    firings: Firings

    @property
    def context(self) -> Context:
        """Return the context of a request of the project's admin."""
        return self.world.context

    def executing(self, plans: Plans) -> Firings:
        """Return who executes schedules with other plans than the world's."""
        return Firings(database=self.world.database, ids=self.world.ids, plans=plans)

    async def made(self, wish: ScheduleWish | None = None) -> JsonObject:
        """Make a schedule that never came due yet."""
        answer = await self.schedules.create(
            self.context, self.world.project_id, wish=wish or a_wish()
        )
        return answer.document

    async def due(self, wish: ScheduleWish | None = None, *, times: int = 1) -> JsonObject:
        """Make a schedule that came due a number of times, and was not seen to since."""
        made = await self.made(wish)
        await self.pass_time(made, times * HOUR)
        return made

    async def pass_time(self, schedule: JsonObject, span: timedelta) -> None:
        """Let a schedule be as it would be, had it been seen to last so long ago."""
        await self.run(
            "update schedules set next_at = now() - cast(:span as interval), "
            "seen_until = date_trunc('hour', now()) - cast(:span as interval) where id = :id",
            span=span,
            id=schedule["id"],
        )
        await self.run(
            "update schedule_alarms set rings_at = now() - cast(:span as interval) "
            "where schedule_id = :id",
            span=span,
            id=schedule["id"],
        )

    async def end_leases(self) -> None:
        """Let every lease be over, as if whoever held it had died long ago."""
        await self.run(
            "update firings set next_try_at = now() - interval '1 s' where status = 'waiting'"
        )
        await self.run("update schedule_alarms set rings_at = now() - interval '1 s'")

    async def run(self, statement: str, **values: object) -> None:
        """Change what is stored."""
        async with self.world.database.transaction(self.organization) as connection:
            await connection.execute(text(statement), values)

    async def one(self, question: str, **values: object) -> Any:  # noqa: ANN401  # what is stored
        """Return one stored value."""
        async with self.world.database.transaction(self.organization) as connection:
            return (await connection.execute(text(question), values)).scalar_one()

    async def fired(self, schedule: JsonObject) -> tuple[Firing, ...]:
        """Return what a schedule executed, the newest first."""
        async with self.world.database.transaction(self.organization) as connection:
            return await firings_before(connection, None, limit=500, schedule_id=schedule["id"])

    def alarm(self, schedule: JsonObject) -> Alarm:
        """Return a schedule's alarm."""
        return Alarm(organization_id=self.organization, schedule_id=schedule["id"])

    async def serve(self, schedule: JsonObject) -> int:
        """Look after a schedule, as if its alarm had rung."""
        return await self.firings.serve(self.alarm(schedule))

    @property
    def organization(self) -> str:
        """Return the organization's id."""
        return self.world.caller.organization_id

    async def replica(self) -> Clockwork:
        """Open another process of the platform."""
        return clockwork_in(await self.world.replica())


def clockwork_in(world: World) -> Clockwork:
    """Wire the use cases of schedules in a world."""
    return Clockwork(
        world=world,
        schedules=Schedules(database=world.database, ids=world.ids, forget=_forget_nobody),
        firings=Firings(database=world.database, ids=world.ids, plans=world.plans),
    )


def an_admin(ids: Ids) -> Caller:
    """Build a person whom an identity provider vouches for."""
    return replace(a_caller(ids), credential_kind=CredentialKind.OIDC)


async def opened_clockwork(
    stack: AsyncExitStack,
    database: FreshDatabase,
    redis_url: str,
    *,
    limits: Limits | None = None,
) -> Clockwork:
    """Open a world whose caller administers a counter project with these limits."""
    caller = an_admin(Ids(SystemClock()))
    project_id = await a_project(database, caller, role="admin", limits=limits)
    return clockwork_in(
        await opened(stack, database, redis_url, caller=caller, project_id=project_id)
    )


@pytest_asyncio.fixture
async def clockwork(database: FreshDatabase, redis_url: str) -> AsyncIterator[Clockwork]:
    """Give a world with schedules, and an admin of its counter project."""
    async with AsyncExitStack() as stack:
        yield await opened_clockwork(stack, database, redis_url)


def _forget_nobody(_: str) -> None:
    """Leave what is remembered of members: each test looks at it with a replica of its own."""


def a_plan_that_is_refused() -> Plan:
    """Build a plan whose action nobody knows."""
    return Plan.model_validate({"steps": [{"action": "counter.explode"}]})
