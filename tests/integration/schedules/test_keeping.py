"""Keep schedules: who may, what a schedule's service may, and what each change does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from runtime.domain.cron import parse_cron
from runtime.domain.errors import (
    NameTakenError,
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    RoleReservedError,
    WrongTimeError,
)
from runtime.domain.member import ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.domain.schedule import CatchUp
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.schedules.schedules import MOST_SCHEDULES
from runtime.services.schedules.wishes import ScheduleChange
from runtime.services.tenancy.memberships import Grant
from tests.schedules import HOUR, Clockwork, a_plan_that_is_refused, a_wish

WITHIN_S: Final = 20.0
SOMEBODY_WAITS: Final = (
    "select exists (select from pg_stat_activity where datname = current_database() "
    "and wait_event_type = 'Lock')"
)


def within(clockwork: Clockwork, *scopes: Scope) -> Context:
    """Return the context of a request whose credential was made for these scopes alone."""
    return Context(caller=replace(clockwork.world.caller, scopes=frozenset(scopes)))


async def become(clockwork: Clockwork, role: str) -> None:
    """Let the caller be something else in the project."""
    await clockwork.run(
        "update memberships set role = :role where member_id = :id",
        role=role,
        id=clockwork.world.caller.member_id,
    )


async def own(clockwork: Clockwork) -> Clockwork:
    """Return the same as an owner of the organization."""
    await clockwork.run(
        "update members set organization_role = 'owner' where id = :id",
        id=clockwork.world.caller.member_id,
    )
    caller = replace(clockwork.world.caller, organization_role=OrganizationRole.OWNER)
    return replace(clockwork, world=replace(clockwork.world, caller=caller))


async def act(clockwork: Clockwork, verb: str, schedule: JsonObject) -> JsonObject:
    """Do something with a schedule."""
    place = (clockwork.context, clockwork.world.project_id, str(schedule["id"]))
    if verb == "change":
        wish = ScheduleChange(jitter_s=5)
        return (await clockwork.schedules.change(*place, change=wish)).document
    answer = await getattr(clockwork.schedules, verb)(*place)
    found: JsonObject = answer.document
    return found


VERBS = [pytest.param(verb, id=verb) for verb in ("change", "pause", "resume", "delete")]


async def test_a_schedule_has_a_service_of_its_own(clockwork: Clockwork) -> None:
    """It is no person, owns nothing, has no token, and is in the project what was granted."""
    grant = Grant(role=ProjectRole.VIEWER, extra_roles=("finance", "audit"), mode=Mode.INTERACTIVE)
    first = await clockwork.made(a_wish("first", grant=grant))
    second = await clockwork.made(a_wish("second"))

    kind = await clockwork.one(
        "select kind || ' ' || organization_role || ' ' || display_name from members "
        "where id = :id",
        id=first["principal"],
    )
    membership = await clockwork.one(
        "select role || ' ' || mode || ' ' || extra_roles::text from memberships "
        "where member_id = :id",
        id=first["principal"],
    )
    assert kind == "service member first"
    assert membership == "viewer interactive {audit,finance}"
    assert await clockwork.one("select count(*) from tokens") == 0
    assert first["principal"] != second["principal"]


async def test_what_is_made_is_on_record(clockwork: Clockwork) -> None:
    """A schedule, its service and its role: each by who made them."""
    schedule = await clockwork.made()

    kinds = await clockwork.one("select string_agg(kind, ' ' order by id) from audit_records")
    by = await clockwork.one("select min(principal_id) || max(principal_id) from audit_records")
    record = parse(
        await clockwork.one("select document from events where type = 'schedule.created'")
    )
    assert kinds == "member.created membership.granted schedule.created"
    assert by == 2 * clockwork.world.caller.member_id
    assert (record["id"], record["role"], record["mode"]) == (
        schedule["id"], "operator", "assisted",
    )  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_who_does_not_administer_keeps_no_schedules(clockwork: Clockwork, role: str) -> None:
    """Making, changing and ending takes an admin; reading does not."""
    schedule = await clockwork.made()
    await become(clockwork, role)

    with pytest.raises(NotAllowedError, match="admin"):
        await clockwork.made(a_wish("another"))
    for verb in ("change", "pause", "resume", "delete"):
        with pytest.raises(NotAllowedError, match="admin"):
            await act(clockwork, verb, schedule)
    found = await clockwork.schedules.read(
        clockwork.context, clockwork.world.project_id, str(schedule["id"])
    )
    assert found.id == schedule["id"]


async def test_a_credential_needs_both_what_keeps_and_what_executes(clockwork: Clockwork) -> None:
    """Else a token that may execute nothing could have it executed by the clock."""
    made = await clockwork.made()
    project, schedule = clockwork.world.project_id, str(made["id"])
    kept = clockwork.schedules
    for scopes in ((Scope.SCHEDULES_MANAGE,), (Scope.PLANS_EXECUTE, Scope.SCHEDULES_READ)):
        context = within(clockwork, *scopes)
        with pytest.raises(NotAllowedError, match="scope"):
            await kept.create(context, project, wish=a_wish("another"))
        with pytest.raises(NotAllowedError, match="scope"):
            await kept.change(context, project, schedule, change=ScheduleChange(jitter_s=1))
        with pytest.raises(NotAllowedError, match="scope"):
            await kept.resume(context, project, schedule)


async def test_a_credential_that_executes_alone_neither_reads_nor_ends(
    clockwork: Clockwork,
) -> None:
    """Each route asks for its scope; managing covers reading."""
    made = await clockwork.made()
    project, schedule, kept = clockwork.world.project_id, str(made["id"]), clockwork.schedules
    context = within(clockwork, Scope.PLANS_EXECUTE, Scope.STATE_READ)

    with pytest.raises(NotAllowedError, match="schedules:read"):
        await kept.after(context, project, None, limit=9)
    with pytest.raises(NotAllowedError, match="schedules:read"):
        await kept.read(context, project, schedule)
    with pytest.raises(NotAllowedError, match="schedules:read"):
        await kept.firings_before(context, project, schedule, before=None, limit=9)
    with pytest.raises(NotAllowedError, match="schedules:manage"):
        await kept.pause(context, project, schedule)
    with pytest.raises(NotAllowedError, match="schedules:manage"):
        await kept.delete(context, project, schedule)
    managing = within(clockwork, Scope.SCHEDULES_MANAGE)
    assert len(await kept.after(managing, project, None, limit=9)) == 1
    assert (await kept.pause(managing, project, schedule)).document["paused_at"] is not None


async def test_nobody_grants_a_schedule_what_they_could_grant_nobody(clockwork: Clockwork) -> None:
    """A role of the platform is none of the environment's; autonomous is for owners to give."""
    reserved = Grant(role=ProjectRole.OPERATOR, extra_roles=("owner",))
    autonomous = Grant(role=ProjectRole.OPERATOR, mode=Mode.AUTONOMOUS)

    with pytest.raises(RoleReservedError):
        await clockwork.made(a_wish(grant=reserved))
    with pytest.raises(NotAllowedError, match="autonomous"):
        await clockwork.made(a_wish(grant=autonomous))
    assert await clockwork.one("select count(*) from members where kind = 'service'") == 0
    assert (await (await own(clockwork)).made(a_wish(grant=autonomous)))["id"]


async def test_what_an_owner_made_autonomous_no_admin_gives_other_plans(
    clockwork: Clockwork,
) -> None:
    """They may pause it and end it, for that takes rights away only."""
    autonomous = Grant(role=ProjectRole.OPERATOR, mode=Mode.AUTONOMOUS)
    owner = await own(clockwork)
    schedule = await owner.made(a_wish(grant=autonomous))
    await clockwork.run(
        "update members set organization_role = 'member' where id = :id",
        id=clockwork.world.caller.member_id,
    )

    with pytest.raises(NotAllowedError, match="autonomous"):
        await act(clockwork, "change", schedule)

    assert (await act(clockwork, "pause", schedule))["paused_at"] is not None
    assert (await act(clockwork, "delete", schedule))["id"] == schedule["id"]


@pytest.mark.parametrize("verb", VERBS)
async def test_a_schedule_that_is_not_there_is_not_found(clockwork: Clockwork, verb: str) -> None:
    """An id of another shape, of another project and of nothing are answered alike."""
    schedule = await clockwork.made()
    elsewhere = replace(clockwork, world=replace(clockwork.world, project_id="prj_nowhere"))

    for named in ("sch_01KDVDNA000000000000000000", "sch_", "mem_01KDVDNA000000000000000000"):
        with pytest.raises(NotFoundError, match="schedule"):
            await act(clockwork, verb, {"id": named})
    with pytest.raises(NotFoundError, match="project"):
        await act(elsewhere, verb, schedule)


async def test_a_name_is_one_schedules(clockwork: Clockwork) -> None:
    """Two of one name can't be told apart."""
    await clockwork.made(a_wish("nightly"))
    other = await clockwork.made(a_wish("weekly"))

    with pytest.raises(NameTakenError, match="nightly"):
        await clockwork.made(a_wish("nightly"))
    with pytest.raises(NameTakenError, match="nightly"):
        await clockwork.schedules.change(
            clockwork.context,
            clockwork.world.project_id,
            str(other["id"]),
            change=ScheduleChange(name="nightly"),
        )
    assert await clockwork.one("select count(*) from members where kind = 'service'") == 2


async def test_a_project_has_so_many_schedules_and_no_more(clockwork: Clockwork) -> None:
    """The bound keeps what one project asks of all in proportion."""
    await clockwork.made(a_wish("first"))
    await clockwork.run(
        "insert into schedules select (s).* from (select jsonb_populate_record(schedules, "
        "jsonb_build_object('id', 'sch_' || n, 'name', n)) as s from schedules, "
        "generate_series(1, :more) as n) as made",
        more=MOST_SCHEDULES - 1,
    )

    with pytest.raises(WrongTimeError, match="full, with 100 schedules"):
        await clockwork.made(a_wish("one too many"))


async def test_nothing_is_scheduled_in_what_is_archived(clockwork: Clockwork) -> None:
    """Pausing and ending work there too, for they take away only."""
    schedule = await clockwork.made()
    await clockwork.run("update projects set archived_at = now()")

    with pytest.raises(ProjectArchivedError):
        await clockwork.made(a_wish("another"))
    for verb in ("change", "resume"):
        with pytest.raises(ProjectArchivedError):
            await act(clockwork, verb, schedule)
    await act(clockwork, "pause", schedule)
    await act(clockwork, "delete", schedule)

    await clockwork.run("update projects set archived_at = null")
    await clockwork.run("update organizations set archived_at = now()")
    with pytest.raises(WrongTimeError, match="archived"):
        await clockwork.made(a_wish("another"))


async def test_a_change_changes_what_it_names(clockwork: Clockwork) -> None:
    """What is left out stays."""
    before = await clockwork.made()
    place = (clockwork.context, clockwork.world.project_id, str(before["id"]))

    plan = a_plan_that_is_refused()
    named = await clockwork.schedules.change(*place, change=ScheduleChange(name="renamed"))
    other = await clockwork.schedules.change(
        *place,
        change=ScheduleChange(
            cron=parse_cron("0 0 1 1 *"),
            zone="Europe/Berlin",
            jitter_s=0,
            catch_up=CatchUp.NONE,
            plan=plan,
            atomic=True,
        ),
    )

    assert named.document == {**before, "name": "renamed"}
    assert other.document == {
        **before,
        "name": "renamed",
        "cron": "0 0 1 1 *",
        "zone": "Europe/Berlin",
        "catch_up": "none",
        "plan": plan.document(),
        "atomic": True,
        "next_at": other.document["next_at"],
    }
    assert other.document["next_at"].endswith("-12-31T23:00:00Z")
    rings = await clockwork.one("select rings_at = next_at from schedule_alarms, schedules")
    assert rings is True


async def test_other_times_leave_out_what_the_old_ones_missed(clockwork: Clockwork) -> None:
    """And other plans do not: what has come due comes due all the same."""
    kept = await clockwork.due(a_wish("kept"))
    moved = await clockwork.due(a_wish("moved"))
    project = clockwork.world.project_id
    await clockwork.schedules.change(
        clockwork.context, project, str(kept["id"]), change=ScheduleChange(atomic=True)
    )
    await clockwork.schedules.change(
        clockwork.context, project, str(moved["id"]), change=ScheduleChange(zone="Asia/Kathmandu")
    )

    assert (await clockwork.serve(kept), await clockwork.serve(moved)) == (1, 0)


async def test_a_change_lets_what_waits_be_tried_again(clockwork: Clockwork) -> None:
    """The alarm rings for a firing that waits, not only for what comes next."""
    schedule = await clockwork.due()
    await clockwork.run(
        "insert into firings (organization_id, id, schedule_id, project_id, instant, status, "
        "created_at, tries, next_try_at) select organization_id, 'fir_1', id, project_id, now(), "
        "'waiting', now(), 1, now() - interval '2 days' from schedules"
    )

    await act(clockwork, "change", schedule)

    assert await clockwork.one("select rings_at < now() from schedule_alarms") is True


async def test_a_paused_schedule_stays_silent_until_it_is_resumed(clockwork: Clockwork) -> None:
    """What passes meanwhile is left out, and both are said once, however often they are asked."""
    schedule = await clockwork.due(times=3)

    paused = await act(clockwork, "pause", schedule)
    again = await act(clockwork, "pause", schedule)
    served = await clockwork.serve(schedule)
    alarms = await clockwork.one("select count(*) from schedule_alarms")
    await clockwork.pass_time(schedule, 3 * HOUR)
    changed = await act(clockwork, "change", schedule)
    silent = await clockwork.one("select count(*) from schedule_alarms")
    resumed = await act(clockwork, "resume", schedule)
    once_more = await act(clockwork, "resume", schedule)

    assert (paused["next_at"], paused) == (None, again)
    assert (served, alarms, silent, changed["next_at"]) == (0, 0, 0, None)
    assert (resumed["paused_at"], resumed) == (None, once_more)
    assert await clockwork.serve(schedule) == 0
    told = "select string_agg(type, ' ' order by id) from events where type like 'schedule.%ed'"
    assert (await clockwork.one(told)).split() == [
        "schedule.created", "schedule.paused", "schedule.changed", "schedule.resumed",
    ]  # fmt: skip


async def test_a_schedule_goes_with_its_service(clockwork: Clockwork) -> None:
    """Neither role nor token of it stays, and what it did stays in the history."""
    schedule = await clockwork.due()
    await clockwork.serve(schedule)
    forgotten: list[str] = []
    kept = type(clockwork.schedules)(
        database=clockwork.world.database, ids=clockwork.world.ids, forget=forgotten.append
    )

    await act(replace(clockwork, schedules=kept), "delete", schedule)

    gone = "select count(*) from members where id = :id and removed_at is not null"
    assert await clockwork.one(gone, id=schedule["principal"]) == 1
    assert await clockwork.one(
        "select count(*) from memberships where member_id = :id", id=schedule["principal"]
    ) == 0  # fmt: skip
    assert forgotten == [schedule["principal"]]
    for question in (
        "select count(*) from schedules",
        "select count(*) from firings",
        "select count(*) from schedule_alarms",
    ):
        assert await clockwork.one(question) == 0
    assert await clockwork.one("select count(*) from outcomes") == 1


async def test_a_service_that_an_owner_removed_is_removed_once(clockwork: Clockwork) -> None:
    """Its schedule can be deleted all the same."""
    schedule = await clockwork.made()
    await clockwork.run(
        "update members set removed_at = now() where id = :id", id=schedule["principal"]
    )

    await act(clockwork, "delete", schedule)

    assert await clockwork.one("select count(*) from events where type = 'member.removed'") == 0


async def test_jitter_counts_in_what_is_next(clockwork: Clockwork) -> None:
    """A schedule says when it comes due, not what its clock says then."""
    schedule = await clockwork.made(a_wish(jitter_s=3_600))

    seconds = await clockwork.one(
        "select extract(epoch from next_at)::bigint % 3600 from schedules"
    )
    found = await clockwork.schedules.read(
        clockwork.context, clockwork.world.project_id, str(schedule["id"])
    )
    assert timedelta(seconds=int(seconds)) == found.jitter % HOUR


async def test_firings_are_read_page_by_page(clockwork: Clockwork) -> None:
    """The newest first, each on one page."""
    schedule = await clockwork.due(a_wish(catch_up=CatchUp.ALL), times=3)
    await clockwork.serve(schedule)
    project, named = clockwork.world.project_id, str(schedule["id"])

    pages = []
    before = None
    for _ in range(4):
        page = await clockwork.schedules.firings_before(
            clockwork.context, project, named, before=before, limit=1
        )
        pages.append(page)
        before = page[-1].id if page else before

    found = [firing for page in pages for firing in page]
    assert found == list(await clockwork.fired(schedule))
    assert [len(page) for page in pages] == [1, 1, 1, 0]


@pytest.mark.parametrize("verb", VERBS)
async def test_who_is_demoted_meanwhile_changes_nothing(clockwork: Clockwork, verb: str) -> None:
    """What somebody was as their request began is asked again, and held, before it counts."""
    schedule = await clockwork.made()
    database = clockwork.world.database
    async with database.transaction(clockwork.organization) as connection:
        await connection.exec_driver_sql(
            "update memberships set role = 'operator' where role = 'admin'"
        )
        acting = asyncio.create_task(act(clockwork, verb, schedule))
        async with asyncio.timeout(WITHIN_S):
            while not await clockwork.one(SOMEBODY_WAITS):
                assert not acting.done()

    with pytest.raises(NotAllowedError, match="admin"):
        await acting
