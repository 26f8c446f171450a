"""A job that is not done says why in one word, and lists find it by that."""

from __future__ import annotations

import asyncio

import pytest

from runtime.domain.job import EndCause, Job, JobKind, JobStatus
from runtime.domain.job_filter import JobFilter
from runtime.domain.retry import RetryPolicy
from runtime.ports.effect import EffectCall, EffectResult
from runtime.ports.effect_failure import PermanentError
from runtime.services.jobs.reading import Jobs
from runtime.services.jobs.redriving import Redriving
from runtime.store.job_pages import jobs_before
from tests.gates import Gate
from tests.jobs import Shop


async def fail(_: EffectCall) -> EffectResult:
    """Be a handler that fails."""
    raise ValueError


async def refuse(_: EffectCall) -> EffectResult:
    """Be a handler that never will."""
    raise PermanentError("no such printer")


async def hang(_: EffectCall) -> EffectResult:
    """Be a handler that does not come back."""
    await asyncio.Event().wait()
    return EffectResult()


async def listed(shop: Shop, **wanted: object) -> tuple[Job, ...]:
    """Return the jobs of the shop's project that are wanted, the newest first."""
    return await Jobs(database=shop.world.database).before(
        shop.world.context,
        shop.world.project_id,
        before=None,
        limit=10,
        wanted=JobFilter(**wanted),  # type: ignore[arg-type]  # each test names its own
    )


async def only_by(shop: Shop, cause: EndCause) -> Job:
    """Return the shop's only job, which has to be listed by this cause and by no other."""
    for other in EndCause:
        found = await listed(shop, cause=other)
        assert len(found) == (other is cause), other
    job = await shop.job()
    assert job.cause is cause
    return job


async def test_one_that_failed_too_often_died_of_errors(shop: Shop) -> None:
    """While it is tried again, its cause is that of the last failure."""
    shop.does, shop.retries = fail, RetryPolicy(errors=2)
    await shop.put(value=1)
    await shop.deliver(shop.worker())
    waiting = await only_by(shop, EndCause.ERROR)
    await shop.let_waits_end()

    await shop.deliver(shop.worker())

    dead = await only_by(shop, EndCause.ERROR)
    assert (waiting.status, dead.status) == (JobStatus.WAITING, JobStatus.DEAD)


async def test_one_that_took_too_long_died_of_that(shop: Shop) -> None:
    """Its time was bounded."""
    shop.does, shop.retries, shop.start_to_close_s = hang, RetryPolicy(errors=1), 0.05
    await shop.put(value=1)

    await shop.deliver(shop.worker())

    assert (await only_by(shop, EndCause.TIMEOUT)).status is JobStatus.DEAD


async def test_one_that_waited_too_long_is_expired(shop: Shop) -> None:
    """Its start was bounded."""
    shop.schedule_to_start_s = 1.0
    await shop.put(value=1)
    await shop.superuser.execute("update jobs set not_before = now() - interval '5 s'")

    await shop.deliver(shop.worker())

    assert (await only_by(shop, EndCause.EXPIRED)).status is JobStatus.DEAD


async def test_one_whose_principal_left_is_denied(shop: Shop) -> None:
    """It is cancelled, by nobody's word."""
    await shop.put(value=1)
    await shop.superuser.execute("delete from memberships")

    await shop.deliver(shop.worker())

    await shop.superuser.execute(
        "insert into memberships (organization_id, project_id, member_id, role, mode, created_at) "
        "select organization_id, id, created_by, 'operator', 'assisted', now() from projects"
    )
    assert (await only_by(shop, EndCause.DENIED)).status is JobStatus.CANCELLED


async def test_one_that_was_denied_and_is_not_wanted_later_was_cancelled(shop: Shop) -> None:
    """What is told is how it ended last."""
    await shop.put(value=1)
    job_id = (await shop.job()).id
    await shop.superuser.execute(
        "update jobs set status = 'waiting', cause = 'denied', reason = 'long ago'"
    )

    await Redriving(database=shop.world.database, ids=shop.world.ids, wake=shop.relay.wake).cancel(
        shop.world.context, shop.world.project_id, job_id, reason=""
    )

    await only_by(shop, EndCause.CANCELLED)


async def test_one_that_nobody_knows_says_so(shop: Shop) -> None:
    """It waits for a release that knows it."""
    await shop.put("box.strange@1", value=1)

    await shop.deliver(shop.worker())

    assert (await only_by(shop, EndCause.UNKNOWN_EFFECT)).status is JobStatus.WAITING


async def test_one_that_took_processes_with_it_crashed(shop: Shop) -> None:
    """Whatever the attempt before had failed of."""
    gate = Gate()
    shop.does, shop.crashes = fail, 1
    await shop.put(value=1)
    await shop.deliver(shop.worker())
    await shop.let_waits_end()
    shop.does = gate.pass_through
    dying = asyncio.create_task(shop.deliver(shop.worker()))
    await gate.begun.wait()
    await shop.let_leases_end()

    await shop.rescue()

    assert (await only_by(shop, EndCause.CRASHED)).status is JobStatus.QUARANTINED
    gate.open.set()
    await dying


async def test_one_that_says_that_it_never_will_is_permanent(shop: Shop) -> None:
    """No further attempt is made."""
    shop.does = refuse
    await shop.put(value=1)

    await shop.deliver(shop.worker())

    assert (await only_by(shop, EndCause.PERMANENT)).attempt == 1


async def test_one_that_is_done_after_all_has_no_cause(shop: Shop) -> None:
    """What its attempts before failed of is over."""
    shop.does = fail
    await shop.put(value=1)
    await shop.deliver(shop.worker())
    shop.does = shop.receiver.label
    await shop.let_waits_end()

    await shop.deliver(shop.worker())

    assert (await shop.job()).cause is None
    assert await listed(shop, cause=EndCause.ERROR) == ()


async def test_a_list_is_of_what_is_wanted_and_the_newest_first(shop: Shop) -> None:
    """By status, kind, name and outcome, each on its own; results are left out."""
    first = await shop.put(times=2, value=1)
    await shop.deliver(shop.worker())
    second = await shop.put(value=2)

    ids = [job.id for job in await shop.jobs()]

    assert [job.id for job in await listed(shop)] == ids[::-1]
    assert [job.id for job in await listed(shop, outcome_id=first)] == ids[1::-1]
    assert [job.outcome_id for job in await listed(shop, outcome_id=second)] == [second]
    assert [job.id for job in await listed(shop, statuses=frozenset({JobStatus.WAITING}))] == (
        ids[2:]
    )
    assert len(await listed(shop, statuses=frozenset({JobStatus.WAITING, JobStatus.DONE}))) == 3
    assert len(await listed(shop, kind=JobKind.EFFECT)) == 3
    assert await listed(shop, kind=JobKind.PLAN) == ()
    assert await listed(shop, name="box.fly") == ()
    assert all(job.result is None for job in await listed(shop))
    assert all(job.result is not None for job in (await shop.jobs())[:2])


async def test_pages_follow_each_other(shop: Shop) -> None:
    """Each begins after the last one of the page before."""
    await shop.put(times=3, value=1)
    ids = [job.id for job in await shop.jobs()]

    async with shop.world.database.transaction(shop.organization) as connection:
        found = await jobs_before(
            connection,
            ids[2],
            limit=1,
            project_id=shop.world.project_id,
            wanted=JobFilter(),
        )

    assert [job.id for job in found] == [ids[1]]


@pytest.mark.parametrize("cause", ["", "because"])
async def test_storage_knows_the_causes_that_there_are(shop: Shop, cause: str) -> None:
    """No other one is kept."""
    await shop.put(value=1)

    with pytest.raises(Exception, match="jobs_cause_check"):
        await shop.superuser.execute("update jobs set cause = $1", cause)
    for known in EndCause:
        await shop.superuser.execute("update jobs set cause = $1", known.value)
