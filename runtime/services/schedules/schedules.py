"""Keep the plans of projects that come due by the clock; whoever administers a project does.

Each schedule has a service of its own, which executes its plan and whose membership in the project
is all that it may do there. The API knows no other way to name who acts. What a schedule may do can
be changed as any member's is; it goes with its schedule.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from runtime.domain.errors import WrongTimeError
from runtime.domain.project import Project
from runtime.domain.schedule import SCHEDULE_PREFIX, Abandoned, Firing, Schedule
from runtime.domain.scope import Scope
from runtime.services.context import Context, Ids
from runtime.services.schedules.documents import schedule_document
from runtime.services.schedules.principals import (
    dismissed,
    hired,
    judge_grant,
    keep_autonomous_to_owners,
)
from runtime.services.schedules.rights import held, steady_admin, there
from runtime.services.schedules.wishes import (
    ScheduleChange,
    ScheduleWish,
    changed,
    from_now_on,
    wished,
)
from runtime.services.standing import (
    active,
    active_organization,
    locked,
    require_steady_admin,
    seen,
    steady_among,
    steady_caller,
)
from runtime.services.tenancy.members import Forget
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import firings, members, schedules
from runtime.store.schedule_alarms import Alarm, set_alarm, silence_alarm
from runtime.store.session import Database

MOST_SCHEDULES: Final = 100
"""How many one project may have."""


class Schedules:
    """Keep the schedules of projects."""

    def __init__(self, *, database: Database, ids: Ids, forget: Forget) -> None:
        self._database = database
        self._ids = ids
        self._forget = forget

    async def after(
        self, context: Context, project_id: str, after: str | None, *, limit: int
    ) -> tuple[Schedule, ...]:
        """Return the schedules of a project in the order of their ids.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.SCHEDULES_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            return await schedules.schedules_after(
                connection, after, limit=limit, project_id=project_id
            )

    async def read(self, context: Context, project_id: str, schedule_id: str) -> Schedule:
        """Return a schedule.

        Raises:
            NotFoundError: no such project or schedule that the caller may see.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.SCHEDULES_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            return await there(connection, project_id, schedule_id)

    async def firings_before(
        self,
        context: Context,
        project_id: str,
        schedule_id: str,
        *,
        before: str | None,
        limit: int,
    ) -> tuple[Firing, ...]:
        """Return what a schedule executed, the newest first; the oldest are forgotten.

        Raises:
            NotFoundError: no such project or schedule that the caller may see.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.SCHEDULES_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            found = await there(connection, project_id, schedule_id)
            return await firings.firings_before(
                connection, before, limit=limit, schedule_id=found.id
            )

    async def create(self, context: Context, project_id: str, *, wish: ScheduleWish) -> Answer:
        """Let a plan come due by the clock from now on, executed by a service of its own.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the caller is no admin of it, grants more than they may, or the
                credential was not made for this.
            RoleReservedError: a granted role is one of the platform.
            NameTakenError: the project has a schedule of that name.
            ProjectArchivedError: it is archived.
            WrongTimeError: the organization is archived, or the project has too many schedules.
        """
        caller = context.caller
        caller.require(Scope.SCHEDULES_MANAGE)
        caller.require(Scope.PLANS_EXECUTE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            project = active(await locked(unit.connection, caller, project_id))
            admin = await steady_caller(unit, caller)
            await require_steady_admin(unit, admin, project_id)
            judge_grant(wish.grant, by=admin)
            await _refuse_too_many(unit, project)
            principal = await hired(unit, project, name=wish.name, grant=wish.grant)
            schedule = wished(
                wish,
                principal=principal,
                project_id=project_id,
                schedule_id=unit.ids.new(SCHEDULE_PREFIX),
                created_by=caller.member_id,
                now=await schedules.database_now(unit.connection),
            )
            await schedules.add_schedule(unit.connection, schedule)
            await set_alarm(unit.connection, _alarm(schedule), rings_at=schedule.next_at)
            document = schedule_document(schedule)
            granted = {"role": wish.grant.role.value, "mode": wish.grant.mode.value}
            await unit.record("schedule.created", {**document, **granted}, project_id=project_id)
            return Answer(document=document, status=HTTPStatus.CREATED)

        return await once(self._database, self._ids, context, work=work)

    async def change(
        self, context: Context, project_id: str, schedule_id: str, *, change: ScheduleChange
    ) -> Answer:
        """Let a schedule be another from now on; what has come due is executed all the same.

        Other times hold from now on: what the old ones missed is left out.

        Raises:
            NotFoundError: no such project or schedule that the caller may see.
            NotAllowedError: the caller is no admin of it, its service may do more than they can
                grant, or the credential was not made for this.
            NameTakenError: the project has another schedule of that name.
            ProjectArchivedError: it is archived.
            WrongTimeError: the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.SCHEDULES_MANAGE)
        caller.require(Scope.PLANS_EXECUTE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            admin = await steady_admin(unit, caller, project_id)
            before = await held(unit, project_id, schedule_id)
            await keep_autonomous_to_owners(unit, before, by=admin)
            now = await schedules.database_now(unit.connection)
            after = changed(before, change, now=now)
            await schedules.change_schedule(unit.connection, after)
            if after.paused_at is None:
                await _ring(unit, after)
            document = schedule_document(after)
            await unit.record("schedule.changed", document, project_id=project_id)
            return Answer(document=document)

        return await once(self._database, self._ids, context, work=work)

    async def pause(self, context: Context, project_id: str, schedule_id: str) -> Answer:
        """Let nothing come due until it is resumed, and give up what waits to be tried again.

        Works in an archived project too.

        Raises:
            NotFoundError: no such project or schedule that the caller may see.
            NotAllowedError: the caller is no admin of it, or the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.SCHEDULES_MANAGE)

        async def work(unit: Unit) -> Answer:
            await steady_admin(unit, caller, project_id, archived_too=True)
            before = await held(unit, project_id, schedule_id)
            if before.paused_at is not None:
                return Answer(document=schedule_document(before))
            after = replace(before, paused_at=unit.now)
            await schedules.change_schedule(unit.connection, after)
            await silence_alarm(unit.connection, _alarm(after))
            abandoned = await firings.abandon_waiting(
                unit.connection,
                after.id,
                now=await schedules.database_now(unit.connection),
                reason=Abandoned.PAUSED.value,
            )
            document = schedule_document(after)
            told = {"schedule": after.id, "abandoned": abandoned}
            await unit.record("schedule.paused", told, project_id=project_id)
            return Answer(document=document)

        return await once(self._database, self._ids, context, work=work)

    async def resume(self, context: Context, project_id: str, schedule_id: str) -> Answer:
        """Let a paused schedule come due again from now on; what passed meanwhile is left out.

        Raises:
            NotFoundError: no such project or schedule that the caller may see.
            NotAllowedError: the caller is no admin of it, or the credential was not made for this.
            ProjectArchivedError: it is archived.
            WrongTimeError: the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.SCHEDULES_MANAGE)
        caller.require(Scope.PLANS_EXECUTE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            await steady_admin(unit, caller, project_id)
            before = await held(unit, project_id, schedule_id)
            if before.paused_at is None:
                return Answer(document=schedule_document(before))
            now = await schedules.database_now(unit.connection)
            after = from_now_on(replace(before, paused_at=None), now=now)
            await schedules.change_schedule(unit.connection, after)
            await _ring(unit, after)
            await unit.record("schedule.resumed", {"schedule": after.id}, project_id=project_id)
            return Answer(document=schedule_document(after))

        return await once(self._database, self._ids, context, work=work)

    async def delete(self, context: Context, project_id: str, schedule_id: str) -> Answer:
        """Delete a schedule, and remove its service; what it executed stays in the history.

        Works in an archived project too.

        Raises:
            NotFoundError: no such project or schedule that the caller may see.
            NotAllowedError: the caller is no admin of it, or the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.SCHEDULES_MANAGE)
        gone: list[str] = []

        async def work(unit: Unit) -> Answer:
            await locked(unit.connection, caller, project_id)
            found = await there(unit.connection, project_id, schedule_id)
            steady = await members.steady_members(
                unit.connection, (caller.member_id, found.principal_id)
            )
            admin = await steady_among(unit, caller, members=steady)
            await require_steady_admin(unit, admin, project_id)
            await held(unit, project_id, schedule_id)
            await dismissed(unit, found, still=found.principal_id in {item.id for item in steady})
            await schedules.delete_schedule(unit.connection, found.id)
            await silence_alarm(unit.connection, _alarm(found))
            gone.append(found.principal_id)
            document = schedule_document(found)
            await unit.record("schedule.deleted", document, project_id=project_id)
            return Answer(document=document)

        answer = await once(self._database, self._ids, context, work=work)
        for principal_id in gone:
            self._forget(principal_id)
        return answer


async def _ring(unit: Unit, schedule: Schedule) -> None:
    """Let the alarm ring when something comes due, or when something waits to be tried again."""
    waiting = await firings.next_try(unit.connection, schedule.id)
    rings_at = schedule.next_at if waiting is None else min(schedule.next_at, waiting)
    await set_alarm(unit.connection, _alarm(schedule), rings_at=rings_at)


async def _refuse_too_many(unit: Unit, project: Project) -> None:
    if await schedules.count_schedules(unit.connection, project.id) >= MOST_SCHEDULES:
        raise WrongTimeError(
            what=f"project '{project.name}'",
            found=f"full, with {MOST_SCHEDULES} schedules",
            remedy="delete one that is not needed any more first",
        )


def _alarm(schedule: Schedule) -> Alarm:
    return Alarm(organization_id=schedule.organization_id, schedule_id=schedule.id)
