"""Execute what comes due, once, whatever dies and whoever does it."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from typing_extensions import override

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import (
    AuditUnavailableError,
    DeadlineError,
    DomainError,
    LeaseUnavailableError,
    NameTakenError,
)
from runtime.domain.limits import Limits
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.schedule import MOST_TRIES, CatchUp, FiringStatus
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import parse
from runtime.services.context import Context
from runtime.services.execution.changes import Executed
from runtime.services.execution.plans import PlanRequest, Plans
from runtime.services.schedules.firings import KEPT_FIRINGS
from tests.database import FreshDatabase
from tests.schedules import (
    Clockwork,
    a_plan_that_is_refused,
    a_wish,
    opened_clockwork,
)


class DiedError(BaseException):
    """Stand for the end of a process."""


class Dying(Plans):
    """Execute a plan, and die before anybody hears of it."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans

    @override
    async def execute(self, context: Context, project_id: str, *, asked: PlanRequest) -> Executed:
        await self._plans.execute(context, project_id, asked=asked)
        raise DiedError


class Failing(Plans):
    """Execute nothing, and say why."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @override
    async def execute(self, context: Context, project_id: str, *, asked: PlanRequest) -> Executed:
        raise self._error


async def test_the_schedules_own_service_executes_its_plan(clockwork: Clockwork) -> None:
    """What comes of it is an outcome like any other: whose, and under what, is on record."""
    schedule = await clockwork.due()

    assert await clockwork.serve(schedule) == 1

    (fired,) = await clockwork.fired(schedule)
    outcome = parse(
        await clockwork.one("select document from outcomes where id = :id", id=fired.outcome_id)
    )
    credential = await clockwork.one("select credential_id from outcomes")
    assert await clockwork.world.counter() == 1
    assert (fired.status, fired.tries, fired.reason) == (FiringStatus.DONE, 1, None)
    assert (outcome["principal"], credential) == (schedule["principal"], fired.id)


async def test_who_executes_may_do_that_and_nothing_else(clockwork: Clockwork) -> None:
    """A service, with a credential that is the firing, in its own organization, and no more."""
    contexts: list[Context] = []

    class Looking(Plans):
        @override
        def __init__(self) -> None:
            pass

        @override
        async def execute(
            self, context: Context, project_id: str, *, asked: PlanRequest
        ) -> Executed:
            contexts.append(context)
            return await clockwork.world.plans.execute(context, project_id, asked=asked)

    schedule = await clockwork.due()
    await clockwork.executing(Looking()).serve(clockwork.alarm(schedule))

    (caller,) = (context.caller for context in contexts)
    (fired,) = await clockwork.fired(schedule)
    assert caller == Caller(
        member_id=str(schedule["principal"]),
        organization_id=clockwork.organization,
        organization_role=OrganizationRole.MEMBER,
        member_kind=MemberKind.SERVICE,
        scopes=frozenset({Scope.PLANS_EXECUTE}),
        credential_id=fired.id,
        credential_kind=CredentialKind.SCHEDULE,
    )


async def test_nothing_is_executed_before_its_time(clockwork: Clockwork) -> None:
    """An alarm that rings too early finds nothing to do, and rings when there is."""
    schedule = await clockwork.made(a_wish(cron="0 0 1 1 *"))

    assert await clockwork.serve(schedule) == 0

    rings = await clockwork.one("select rings_at from schedule_alarms")
    assert rings == await clockwork.one("select next_at from schedules")
    assert rings > await clockwork.one("select now()")


async def test_an_instant_is_executed_once_however_often_one_looks(clockwork: Clockwork) -> None:
    """What was seen to is not due again."""
    schedule = await clockwork.due()

    first = await clockwork.serve(schedule)
    await clockwork.end_leases()

    assert (first, await clockwork.serve(schedule)) == (1, 0)
    assert await clockwork.world.counter() == 1


async def test_an_instant_that_is_found_due_twice_is_one(clockwork: Clockwork) -> None:
    """Should a schedule forget what it saw to, the row of the instant is there still."""
    schedule = await clockwork.due()
    await clockwork.serve(schedule)
    (fired,) = await clockwork.fired(schedule)

    await clockwork.run(
        "update schedules set seen_until = cast(:at as timestamptz) - interval '1 s'",
        at=fired.instant,
    )
    await clockwork.serve(schedule)

    assert fired in await clockwork.fired(schedule)
    assert await clockwork.world.counter() == len(await clockwork.fired(schedule))


async def test_a_death_after_the_commit_executes_nothing_twice(clockwork: Clockwork) -> None:
    """Who comes next repeats the request, and is answered with what the dead one did."""
    schedule = await clockwork.due()
    with pytest.raises(DiedError):
        await clockwork.executing(Dying(clockwork.world.plans)).serve(clockwork.alarm(schedule))
    (left,) = await clockwork.fired(schedule)
    busy = await clockwork.serve(schedule)  # its lease is not over yet

    await clockwork.end_leases()
    tried = await (await clockwork.replica()).serve(schedule)

    (fired,) = await clockwork.fired(schedule)
    assert (left.status, busy, tried) == (FiringStatus.WAITING, 0, 1)
    assert (fired.status, fired.tries) == (FiringStatus.DONE, 2)
    assert fired.outcome_id == await clockwork.one("select id from outcomes")
    assert await clockwork.world.counter() == 1


async def test_a_plan_that_was_changed_meanwhile_is_not_executed_as_well(
    clockwork: Clockwork,
) -> None:
    """One instant, one execution: of the plan that was first."""
    schedule = await clockwork.due()
    with pytest.raises(DiedError):
        await clockwork.executing(Dying(clockwork.world.plans)).serve(clockwork.alarm(schedule))

    await clockwork.run(
        "update schedules set plan = :plan",
        plan='{"steps": [{"action": "counter.increment", "inputs": {"by": 7}}]}',
    )
    await clockwork.end_leases()
    await clockwork.serve(schedule)

    (fired,) = await clockwork.fired(schedule)
    assert (fired.status, fired.tries) == (FiringStatus.DONE, 2)
    assert await clockwork.world.counter() == 1


@pytest.mark.parametrize(
    "executed", [pytest.param(True, id="it was"), pytest.param(False, id="not")]
)
async def test_past_the_time_of_its_key_the_history_is_asked(
    clockwork: Clockwork, *, executed: bool
) -> None:
    """What was executed is found there; what was not is given up and told of, not executed late."""
    schedule = await clockwork.due()
    plans = Dying(clockwork.world.plans) if executed else Failing(LeaseUnavailableError(reason="x"))
    try:
        await clockwork.executing(plans).serve(clockwork.alarm(schedule))
    except DiedError:
        assert executed
    await clockwork.run("update firings set first_tried_at = now() - interval '21 hours'")
    await clockwork.run("delete from idempotency_keys where route = 'SCHEDULE'")
    await clockwork.end_leases()

    await clockwork.serve(schedule)

    (fired,) = await clockwork.fired(schedule)
    told = await clockwork.one("select count(*) from events where type = 'firing.abandoned'")
    assert await clockwork.world.counter() == int(executed)
    if executed:
        assert (fired.status, told) == (FiringStatus.DONE, 0)
    else:
        assert (fired.status, fired.reason, told) == (FiringStatus.ABANDONED, "too_late", 1)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(LeaseUnavailableError(reason="away"), "lease_unavailable", id="expected"),
        pytest.param(AuditUnavailableError(reason="away"), "audit_unavailable", id="no copies"),
        pytest.param(ZeroDivisionError(), "ZeroDivisionError", id="a fault of a plugin"),
        pytest.param(TimeoutError(), DeadlineError.code, id="it took too long"),
    ],
)
async def test_what_fails_is_tried_again_later(
    clockwork: Clockwork, error: Exception, reason: str
) -> None:
    """It waits, its alarm rings when it may be tried, and then it is executed."""
    schedule = await clockwork.due()
    await clockwork.executing(Failing(error)).serve(clockwork.alarm(schedule))
    (waiting,) = await clockwork.fired(schedule)
    rings = await clockwork.one("select rings_at from schedule_alarms")
    next_try = await clockwork.one("select min(next_try_at) from firings")

    await clockwork.end_leases()
    await clockwork.serve(schedule)

    (fired,) = await clockwork.fired(schedule)
    assert (waiting.status, waiting.reason) == (FiringStatus.WAITING, reason)
    assert rings == next_try
    assert (fired.status, fired.reason, fired.tries) == (FiringStatus.DONE, None, 2)
    assert await clockwork.world.counter() == 1


async def test_tries_have_an_end(clockwork: Clockwork) -> None:
    """What failed as often as anything may is given up, with an event that says so."""
    schedule = await clockwork.due()
    failing = clockwork.executing(Failing(LeaseUnavailableError(reason="away")))
    await failing.serve(clockwork.alarm(schedule))
    await clockwork.run("update firings set tries = :most", most=MOST_TRIES)
    await clockwork.end_leases()

    await clockwork.serve(schedule)

    (fired,) = await clockwork.fired(schedule)
    event = parse(
        await clockwork.one("select document from events where type = 'firing.abandoned'")
    )
    assert (fired.status, fired.reason) == (FiringStatus.ABANDONED, "tried_too_often")
    assert event == {"schedule": schedule["id"], "firing": fired.id, "reason": "tried_too_often"}
    assert await clockwork.world.counter() == 0


async def test_what_can_never_be_is_given_up_at_once(clockwork: Clockwork) -> None:
    """An error that no wait mends is the reason for good."""
    schedule = await clockwork.due()
    error: DomainError = NameTakenError(kind="thing", name="x")

    await clockwork.executing(Failing(error)).serve(clockwork.alarm(schedule))

    (fired,) = await clockwork.fired(schedule)
    assert (fired.status, fired.reason) == (FiringStatus.ABANDONED, "name_taken")


async def test_a_refusal_is_an_outcome(clockwork: Clockwork) -> None:
    """What the engine refuses is not tried again."""
    schedule = await clockwork.due(a_wish(plan=a_plan_that_is_refused()))

    await clockwork.serve(schedule)

    (fired,) = await clockwork.fired(schedule)
    assert fired.status is FiringStatus.REFUSED
    assert fired.outcome_id is not None


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("delete from memberships where member_id = :id", id="its role was taken"),
        pytest.param("update members set removed_at = now() where id = :id", id="it was removed"),
    ],
)
async def test_rights_are_asked_for_when_it_is_executed(
    clockwork: Clockwork, statement: str
) -> None:
    """A service that may nothing any more does nothing any more."""
    schedule = await clockwork.due()
    await clockwork.run(statement, id=schedule["principal"])

    await clockwork.serve(schedule)

    (fired,) = await clockwork.fired(schedule)
    assert (fired.status, fired.reason) == (FiringStatus.ABANDONED, "not_found")
    assert await clockwork.world.counter() == 0


async def test_limits_bind_schedules_too(database: FreshDatabase, redis_url: str) -> None:
    """Of three instants in a project that allows one action an hour, two are refused."""
    async with AsyncExitStack() as stack:
        clockwork = await opened_clockwork(stack, database, redis_url, limits=Limits(per_hour=1))
        schedule = await clockwork.due(a_wish(catch_up=CatchUp.ALL), times=3)

        await clockwork.serve(schedule)

        found = sorted(fired.status for fired in await clockwork.fired(schedule))
        assert found == [FiringStatus.DONE, FiringStatus.REFUSED, FiringStatus.REFUSED]
        assert await clockwork.world.counter() == 1


@pytest.mark.parametrize(
    ("catch_up", "executed"),
    [
        pytest.param(CatchUp.LAST, 1, id="the last"),
        pytest.param(CatchUp.ALL, 5, id="all"),
    ],
)
async def test_what_was_missed_is_caught_up_or_told_of(
    clockwork: Clockwork, catch_up: CatchUp, executed: int
) -> None:
    """Nothing gets lost unsaid."""
    schedule = await clockwork.due(a_wish(catch_up=catch_up), times=5)

    await clockwork.serve(schedule)

    told = await clockwork.one("select count(*) from events where type = 'schedule.missed'")
    assert len(await clockwork.fired(schedule)) == executed
    assert await clockwork.world.counter() == executed
    assert told == int(catch_up is CatchUp.LAST)


async def test_instants_are_executed_in_their_order(clockwork: Clockwork) -> None:
    """The oldest comes first."""
    schedule = await clockwork.due(a_wish(catch_up=CatchUp.ALL), times=4)

    await clockwork.serve(schedule)

    fired = await clockwork.fired(schedule)
    ends = [item.ended_at for item in fired if item.ended_at is not None]
    assert len(ends) == 4
    assert ends == sorted(ends, reverse=True)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("update projects set archived_at = now()", id="project"),
        pytest.param("update organizations set archived_at = now()", id="organization"),
    ],
)
async def test_nothing_comes_due_where_all_is_archived(
    clockwork: Clockwork, statement: str
) -> None:
    """What passes meanwhile is left out, not kept for later."""
    schedule = await clockwork.due(a_wish(catch_up=CatchUp.ALL), times=5)
    await clockwork.run(statement)

    served = await clockwork.serve(schedule)

    await clockwork.run(statement.replace("now()", "null"))
    assert (served, await clockwork.serve(schedule)) == (0, 0)
    assert await clockwork.fired(schedule) == ()


async def test_an_alarm_of_nothing_rings_no_more(clockwork: Clockwork) -> None:
    """A schedule that went away with its project leaves no alarm for ever."""
    schedule = await clockwork.due()
    await clockwork.run("delete from schedules")

    assert await clockwork.serve(schedule) == 0

    assert await clockwork.one("select count(*) from schedule_alarms") == 0


async def test_a_schedule_that_somebody_changes_just_now_is_left_alone(
    clockwork: Clockwork,
) -> None:
    """Nobody waits for a lock, and the alarm stays."""
    schedule = await clockwork.due()
    world = clockwork.world
    async with world.database.transaction(clockwork.organization) as connection:
        await connection.exec_driver_sql("select id from schedules for update")
        served = await clockwork.serve(schedule)

    assert served == 0
    assert await clockwork.one("select count(*) from schedule_alarms") == 1
    assert await clockwork.serve(schedule) == 1


async def test_a_schedule_that_goes_meanwhile_is_not_missed(clockwork: Clockwork) -> None:
    """What its last try did stays in the history; there is nowhere to note it any more."""

    class Deleting(Plans):
        @override
        def __init__(self) -> None:
            pass

        @override
        async def execute(
            self, context: Context, project_id: str, *, asked: PlanRequest
        ) -> Executed:
            done = await clockwork.world.plans.execute(context, project_id, asked=asked)
            await clockwork.run("delete from schedules")
            return done

    schedule = await clockwork.due()

    await clockwork.executing(Deleting()).serve(clockwork.alarm(schedule))

    assert await clockwork.world.counter() == 1


async def test_a_pause_ends_what_waits_but_not_what_was_done(clockwork: Clockwork) -> None:
    """An outcome that arrives after the pause is noted all the same; nothing else is begun."""

    class Pausing(Plans):
        @override
        def __init__(self) -> None:
            pass

        @override
        async def execute(
            self, context: Context, project_id: str, *, asked: PlanRequest
        ) -> Executed:
            world = clockwork.world
            await clockwork.schedules.pause(clockwork.context, world.project_id, schedule["id"])
            return await world.plans.execute(context, project_id, asked=asked)

    schedule = await clockwork.due(a_wish(catch_up=CatchUp.ALL), times=3)

    await clockwork.executing(Pausing()).serve(clockwork.alarm(schedule))

    found = [(fired.status, fired.reason) for fired in await clockwork.fired(schedule)]
    paused = (FiringStatus.ABANDONED, "paused")
    assert found == [paused, paused, (FiringStatus.DONE, None)]
    assert await clockwork.one("select count(*) from schedule_alarms") == 0
    assert await clockwork.serve(schedule) == 0
    assert await clockwork.world.counter() == 1


async def test_the_newest_firings_are_kept(clockwork: Clockwork) -> None:
    """What ended long ago is forgotten, so that a schedule of each minute can go on for years."""
    schedule = await clockwork.due()
    await clockwork.run(
        "insert into firings (organization_id, id, schedule_id, project_id, instant, status, "
        "created_at, tries, next_try_at, ended_at, reason) select organization_id, "
        "'fir_' || n, id, project_id, now() - n * interval '1 day', 'abandoned', now(), 1, now(), "
        "now(), 'paused' from schedules, generate_series(1, 600) as n"
    )

    await clockwork.serve(schedule)

    assert await clockwork.one("select count(*) from firings") == KEPT_FIRINGS
    newest = await clockwork.one("select status from firings order by instant desc limit 1")
    assert newest == "done"
