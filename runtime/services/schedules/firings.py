"""Execute what has come due, each instant of a schedule once, whoever of many does it.

Which instants come due is written under the schedule's lock, one row each. A row is executed like
anybody's request, under a key of its own: whoever dies between that commit and the note of it
leaves a row that is tried again, and the second try is answered with what the first one did. Past
the time for which keys are kept, the project's history is asked instead, and nothing is executed.

Times are the database's: the clocks of those who execute don't matter.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import (
    AuditUnavailableError,
    DeadlineError,
    DomainError,
    EnvironmentNotInstalledError,
    LeaseBusyError,
    LeaseLostError,
    LeaseUnavailableError,
    NotFoundError,
    RatesUnavailableError,
    StaleFenceError,
    StaleHeadError,
    StorageUnavailableError,
)
from runtime.domain.member import Member
from runtime.domain.schedule import (
    Due,
    Firing,
    FiringStatus,
    Schedule,
    due_now,
    firing_id,
    retry_delay,
)
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids, RequestKey
from runtime.services.documents import spelled_instant
from runtime.services.execution.plans import PlanRequest, Plans
from runtime.services.schedules.notes import Notes
from runtime.store import firings, schedules
from runtime.store.members import find_member
from runtime.store.organizations import find_organization
from runtime.store.projects import find_project
from runtime.store.schedule_alarms import Alarm, drop_orphan, set_alarm, silence_alarm
from runtime.store.session import Database

LEASE: Final = timedelta(seconds=30)
"""How long a firing that is being executed is left to whoever began it."""
TRY_S: Final = 25.0
PATIENCE_S: Final = 15.0
KEPT_FIRINGS: Final = 500
ROUTE: Final = "SCHEDULE"
"""What the keys of firings are used for; no request has such a method."""
_JITTER_STEPS: Final = 1 << 30
_LATER: Final = (
    AuditUnavailableError,
    DeadlineError,
    EnvironmentNotInstalledError,  # another process may know it
    LeaseBusyError,
    LeaseLostError,
    LeaseUnavailableError,
    RatesUnavailableError,
    StaleFenceError,
    StaleHeadError,
    StorageUnavailableError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """Hold a firing that is this process's to execute for the length of a lease."""

    schedule: Schedule
    firing: Firing
    principal: Member | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """Say what came of a try; `WAITING` means that it will be tried again."""

    status: FiringStatus
    outcome_id: str | None = None
    reason: str | None = None


class Firings:
    """Look after schedules whose alarm rang."""

    def __init__(self, *, database: Database, ids: Ids, plans: Plans) -> None:
        self._database = database
        self._ids = ids
        self._plans = plans

    async def serve(self, alarm: Alarm) -> int:
        """Execute whatever a schedule has to be executed now, one after the other.

        Returns:
            How many executions were tried.

        Raises:
            StorageUnavailableError: the database can't be asked; the alarm rings again.
        """
        tried = 0
        while (begun := await self._begin(alarm)) is not None:
            ended = await self._tried(begun)
            await self._end(alarm, begun, ended)
            tried += 1
        return tried

    async def _begin(self, alarm: Alarm) -> _Begun | None:
        """Write down what has come due, and take the oldest that may be tried."""
        async with self._database.transaction(alarm.organization_id) as connection:
            schedule = await schedules.free_schedule(connection, alarm.schedule_id)
            if schedule is None:
                await drop_orphan(connection, alarm)
                return None
            if schedule.paused_at is not None:
                await silence_alarm(connection, alarm)
                return None
            now = await schedules.database_now(connection)
            next_at = await self._see(connection, schedule, now)
            firing = await firings.begin_firing(connection, schedule.id, now=now, lease=LEASE)
            if firing is None:
                await _ring_again(connection, alarm, next_at=next_at)
                return None
            await set_alarm(connection, alarm, rings_at=now + LEASE)
            principal = await find_member(connection, schedule.principal_id)
        return _Begun(schedule=schedule, firing=firing, principal=principal, now=now)

    async def _see(
        self, connection: AsyncConnection, schedule: Schedule, now: datetime
    ) -> datetime:
        """Write down what has come due, and return when something does next."""
        due = due_now(schedule, now)
        if not due.instants and due.missed is None:
            return schedule.next_at
        if await _idle(connection, schedule):
            due = Due(instants=(), missed=None, seen_until=due.seen_until)
        await firings.add_firings(
            connection,
            [_firing(schedule, at, now=now) for at in due.instants],
            organization_id=schedule.organization_id,
        )
        if due.missed is not None:
            first, last = due.missed.first, due.missed.last
            document = {"first": spelled_instant(first), "last": spelled_instant(last)}
            await self._notes(connection, now).write("schedule.missed", schedule, document)
        next_at = schedule.due_after(due.seen_until)
        await schedules.saw_schedule(connection, schedule.id, until=due.seen_until, next_at=next_at)
        await firings.forget_firings(connection, schedule.id, keep=KEPT_FIRINGS)
        return next_at

    async def _tried(self, begun: _Begun) -> _Ended:
        """Execute a firing's plan, unless it was tried too long or too often already."""
        given_up = begun.firing.given_up(begun.now)
        if given_up is not None:
            return await self._found(begun, reason=given_up.value)
        try:
            async with asyncio.timeout(TRY_S):
                return await self._executed(begun)
        except _LATER as error:
            return _Ended(status=FiringStatus.WAITING, reason=error.code)
        except TimeoutError:
            return _Ended(status=FiringStatus.WAITING, reason=DeadlineError.code)
        except DomainError as error:
            return _Ended(status=FiringStatus.ABANDONED, reason=error.code)
        except Exception as error:  # noqa: BLE001  # plugins run there: it becomes data, and an end
            return _Ended(status=FiringStatus.WAITING, reason=type(error).__name__)

    async def _executed(self, begun: _Begun) -> _Ended:
        schedule, firing = begun.schedule, begun.firing
        context = Context(
            caller=_caller(begun),
            key=RequestKey(route=ROUTE, key=firing.id, body_digest=firing.id),
        )
        asked = PlanRequest(plan=schedule.plan, atomic=schedule.atomic, patience_s=PATIENCE_S)
        executed = await self._plans.execute(context, schedule.project_id, asked=asked)
        outcome: JsonObject = parse(executed.document)
        return _Ended(status=FiringStatus(outcome["status"]), outcome_id=str(outcome["id"]))

    async def _found(self, begun: _Begun, *, reason: str) -> _Ended:
        """Ask the history what came of a firing that is not tried any more."""
        organization = begun.schedule.organization_id
        async with self._database.transaction(organization, read_only=True) as connection:
            found = await firings.outcome_of(connection, begun.firing)
        if found is None:
            return _Ended(status=FiringStatus.ABANDONED, reason=reason)
        return _Ended(status=found.status, outcome_id=found.id)

    async def _end(self, alarm: Alarm, begun: _Begun, ended: _Ended) -> None:
        """Write down what came of a try, and when to look again."""
        firing = begun.firing
        async with self._database.transaction(alarm.organization_id) as connection:
            schedule = await schedules.held_schedule(
                connection, project_id=firing.project_id, schedule_id=firing.schedule_id
            )
            if schedule is None:
                return
            now = await schedules.database_now(connection)
            if ended.status is FiringStatus.WAITING:
                delay = retry_delay(firing.tries, jitter=_drawn())
                await firings.put_firing_off(
                    connection, firing.id, until=now + delay, reason=str(ended.reason)
                )
            else:
                await self._note_end(connection, begun, ended, now=now)
            if schedule.paused_at is None:
                await _ring_again(connection, alarm, next_at=schedule.next_at)

    async def _note_end(
        self, connection: AsyncConnection, begun: _Begun, ended: _Ended, *, now: datetime
    ) -> None:
        """Store what came of a firing, and tell of it once."""
        firing, schedule, notes = begun.firing, begun.schedule, self._notes(connection, now)
        first = await firings.end_firing(
            connection,
            firing.id,
            status=ended.status,
            now=now,
            outcome_id=ended.outcome_id,
            reason=ended.reason,
        )
        if ended.status is FiringStatus.ABANDONED:
            document = {"firing": firing.id, "reason": ended.reason}
            await notes.write("firing.abandoned", schedule, document)
        elif first:
            fired = {
                "firing": firing.id,
                "instant": spelled_instant(firing.instant),
                "outcome": ended.outcome_id,
                "status": ended.status.value,
            }
            await notes.tell("schedule.fired", schedule, fired)

    def _notes(self, connection: AsyncConnection, now: datetime) -> Notes:
        return Notes(connection=connection, ids=self._ids, now=now)


def _caller(begun: _Begun) -> Caller:
    """Return the schedule's principal as somebody who may execute plans and do nothing else.

    Raises:
        NotFoundError: it is no member any more.
    """
    member = begun.principal
    if member is None or member.removed_at is not None:
        raise NotFoundError(kind="member", id=begun.schedule.principal_id)
    return Caller(
        member_id=member.id,
        organization_id=member.organization_id,
        organization_role=member.organization_role,
        member_kind=member.kind,
        scopes=frozenset({Scope.PLANS_EXECUTE}),
        credential_id=begun.firing.id,
        credential_kind=CredentialKind.SCHEDULE,
    )


async def _idle(connection: AsyncConnection, schedule: Schedule) -> bool:
    """Say whether nothing is executed: what comes due in an archived project is left out."""
    project = await find_project(connection, schedule.project_id)
    organization = await find_organization(connection, schedule.organization_id)
    return any(item is None or item.archived_at is not None for item in (project, organization))


async def _ring_again(connection: AsyncConnection, alarm: Alarm, *, next_at: datetime) -> None:
    waiting = await firings.next_try(connection, alarm.schedule_id)
    rings_at = next_at if waiting is None else min(next_at, waiting)
    await set_alarm(connection, alarm, rings_at=rings_at)


def _firing(schedule: Schedule, instant: datetime, *, now: datetime) -> Firing:
    return Firing(
        id=firing_id(schedule.id, instant),
        schedule_id=schedule.id,
        project_id=schedule.project_id,
        instant=instant,
        status=FiringStatus.WAITING,
        created_at=now,
    )


def _drawn() -> float:
    return secrets.randbelow(_JITTER_STEPS) / _JITTER_STEPS
