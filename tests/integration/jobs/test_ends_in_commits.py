"""What a job writes and that it is done are one commit: never one of them without the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Final

import asyncpg
import pytest

from runtime.domain.errors import LostAttemptError
from runtime.domain.job import AttemptEnd, BegunJob, JobKind, JobStatus
from runtime.domain.plan import Plan, Step
from runtime.domain.principal import Principal
from runtime.ports.effect import EffectCall, EffectResult
from runtime.services.execution.changes import Execution, JobEnd
from runtime.services.execution.draft import Tenure
from runtime.services.execution.judges import Judges
from runtime.services.execution.plans import PlanRequest
from runtime.services.jobs.attempts import done
from runtime.services.jobs.plans import PlanRunner
from runtime.services.jobs.runner import Cleared
from runtime.services.jobs.running import Running
from runtime.store.executions import NewEnd, commit
from runtime.store.heads import read_head
from tests.database import session
from tests.gates import Gate
from tests.job_calls import begin_jobs
from tests.jobs import Shop, until
from tests.queued import a_request, plan_job, queued, result_of
from tests.rules import decided_by_table

FREEZES: Final = 50
"""So many that each job meets some; a slow machine comes to an end all the same."""
ONE_COMMIT: Final = """
select jobs.xmin = outcomes.xmin from jobs cross join outcomes
where jobs.status = 'done' and outcomes.id = any(array[$1, jobs.outcome_id])
order by outcomes.created_at desc limit 1
"""
ODD_PLANS: Final = """
select count(*) from jobs left join outcomes on outcomes.id = jobs.outcome_id
where jobs.kind = 'plan' and (jobs.status = 'done') <> (outcomes.id is not null)
"""
ODD_RESULTS: Final = """
select (select count(*) from jobs where name = 'box.label' and result like '%written_back%')
  - (select count(*) from outcomes where document like '%"box.note@1"%')
"""


async def _version(shop: Shop) -> int:
    world = shop.world
    return (await world.states.current(world.context, world.project_id)).version


async def _read(_: EffectCall) -> EffectResult:
    return EffectResult(write_back={"note": "read"})


async def _begun(shop: Shop, *ids: str, worker: str) -> Sequence[BegunJob]:
    return await begin_jobs(
        shop.world.database, ids, organization_id=shop.organization, worker=worker, lease_s=60.0
    )


def _cleared(shop: Shop) -> Cleared:
    return Cleared(caller=shop.world.caller, principal=shop.world.principal)


async def test_a_result_and_the_job_s_end_are_one_commit(shop: Shop) -> None:
    """The job's row and the outcome were written by the same transaction, and once."""
    shop.does = _read
    await shop.put("box.read@1", value=1)

    await shop.deliver(shop.worker())

    job = await shop.job()
    wrote = result_of(job)["written_back"]["outcome"]
    assert job.status is JobStatus.DONE
    assert await shop.superuser.fetchval(ONE_COMMIT, wrote) is True
    assert (shop.measures.counts["done"], shop.measures.counts["lost"]) == (1, 0)


@pytest.mark.parametrize(
    ("action", "status"),
    [pytest.param("box.put@1", "done", id="done"), pytest.param("box.no@1", "refused", id="not")],
)
async def test_a_queued_plan_and_its_job_s_end_are_one_commit(
    shop: Shop, action: str, status: str
) -> None:
    """Whether the engine lets it pass or not."""
    plan = Plan(steps=(Step(action=action, inputs={"value": 1}),))
    await queued(shop, PlanRequest(plan=plan))

    await shop.deliver(shop.worker())

    job = await plan_job(shop)
    assert (job.status, result_of(job)["status"]) == (JobStatus.DONE, status)
    assert await shop.superuser.fetchval(ONE_COMMIT, job.outcome_id) is True
    assert (shop.measures.counts["done"], shop.measures.counts["lost"]) == (1, 0)


async def test_a_worker_that_was_overtaken_writes_no_result(shop: Shop) -> None:
    """It thaws while another one has its job: neither state nor history move by its hand."""
    first, second = Gate(), Gate()

    async def through(gate: Gate, call: EffectCall) -> EffectResult:
        await gate.pass_through(call)
        return EffectResult(write_back={"note": f"attempt {call.attempt}"})

    async def by_attempt(call: EffectCall) -> EffectResult:
        return await through(first if call.attempt == 1 else second, call)

    shop.does = by_attempt
    await shop.put("box.read@1", value=1)
    frozen = asyncio.create_task(shop.deliver(shop.worker()))
    await first.begun.wait()
    await shop.let_leases_end()
    await shop.rescue()
    other = asyncio.create_task(shop.deliver(shop.worker()))
    await second.begun.wait()

    first.open.set()
    await frozen
    before = (await shop.world.count("outcomes"), await _version(shop), (await shop.job()).status)
    second.open.set()
    await other

    assert before == (1, 1, JobStatus.RUNNING)
    state = await shop.world.states.current(shop.world.context, shop.world.project_id)
    assert (state.version, state.components["box"]["note"]) == (2, "attempt 2")
    assert (await shop.job()).status is JobStatus.DONE
    assert (shop.measures.counts["done"], shop.measures.counts["lost"]) == (1, 1)


async def test_a_worker_that_was_overtaken_executes_no_plan(shop: Shop) -> None:
    """Its attempt is over, so there is no outcome, whoever comes first to the database."""
    await queued(shop)
    job_id = (await plan_job(shop)).id
    (late,) = await _begun(shop, job_id, worker="a")
    await shop.superuser.execute("update jobs set leased_until = now() - interval '1 h'")
    await shop.superuser.execute("update job_leases set until = now() - interval '1 h'")
    (later,) = await _begun(shop, job_id, worker="b")

    with pytest.raises(LostAttemptError) as lost:
        await PlanRunner(shop.world.plans).run(late, _cleared(shop))
    before = (await shop.world.count("outcomes"), await _version(shop))
    ran = await PlanRunner(shop.world.plans).run(later, _cleared(shop))

    assert lost.value.jobs == frozenset({job_id})
    assert before == (0, 0)
    assert (ran.stored, ran.document["status"], await _version(shop)) == (True, "done", 1)


async def test_those_beside_an_overtaken_one_are_executed(shop: Shop) -> None:
    """Of one group only who lost their attempt are refused."""
    for value in (1, 2, 3):
        await queued(shop, a_request(value))
    ids = [job.id for job in await shop.jobs()]
    begun = await _begun(shop, *ids, worker="a")
    await shop.superuser.execute("update jobs set attempt = 2 where id = $1", ids[1])

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_outcome_of(shop, job)) for job in begun]

    assert [task.result() for task in tasks] == ["done", "attempt_lost", "done"]
    assert await shop.world.count("outcomes") == 2
    assert await shop.superuser.fetchval(ODD_PLANS) == 0


async def _outcome_of(shop: Shop, job: BegunJob) -> str:
    """Put a job's plan in line right away, and return what came of it."""
    execution = Execution(
        outcome_id=job.outcome_id or "",
        plan=Plan(steps=(Step(action="box.put@1", inputs={"value": 1}),)),
        principal=shop.world.principal,
        credential_id="c",
        ends=JobEnd(job_id=job.id, worker=job.worker, told=lambda _: done(job, {})),
    )
    try:
        await shop.world.lines.join(
            execution,
            project_id=shop.world.project_id,
            standing=lambda: _same(shop),
            patience_s=10.0,
        )
    except LostAttemptError as error:
        return error.code
    return "done"


async def _same(shop: Shop) -> Principal:
    return shop.world.principal


async def test_each_worker_s_fence_counts_in_a_commit_of_several(shop: Shop) -> None:
    """Jobs of two workers end in one commit: who lost one is told of it, first or last."""
    for value in (1, 2):
        await queued(shop, a_request(value))
    ids = [job.id for job in await shop.jobs()]
    jobs = [
        (await _begun(shop, name, worker=worker))[0] for name, worker in zip(ids, "ab", strict=True)
    ]

    for lost in (0, 1):
        ends = [done(job, {}) for job in jobs]
        ends[lost] = replace(ends[lost], attempt=9)
        with pytest.raises(LostAttemptError) as told:
            await _commit(shop, list(zip("ab", ends, strict=True)))
        assert told.value.jobs == {ids[lost]}
    assert await shop.statuses() == {JobStatus.RUNNING: 2}
    await _commit(shop, [("a", done(jobs[0], {})), ("b", done(jobs[1], {}))])
    assert await shop.statuses() == {JobStatus.DONE: 2}


async def _commit(shop: Shop, ends: Sequence[tuple[str, AttemptEnd]]) -> None:
    """Commit what ends jobs, and nothing else."""
    world = shop.world
    head = await read_head(
        world.database, organization_id=shop.organization, project_id=world.project_id
    )
    tenure = Tenure(
        organization_id=shop.organization,
        project_id=world.project_id,
        fence=head.fence,
        now=world.ids.now(),
    )
    judge = Judges(world.environments).of("shop")
    empty = judge.group([], head, tenure, decided=decided_by_table(judge, [])).commit
    new = tuple(NewEnd(worker=worker, end=end) for worker, end in ends)
    await commit(world.database, [replace(empty, ends=new)])


async def test_what_is_done_and_not_acknowledged_is_not_begun_again(shop: Shop) -> None:
    """The process died right after the commit: the message comes again, and finds nothing to do."""
    shop.does = _read
    await shop.put("box.read@1", value=1)
    await shop.deliver(shop.worker())
    job = await shop.job()

    begun = await shop.worker().run(shop.organization, [job.id])
    await shop.let_leases_end()
    await shop.rescue()

    assert (begun, await shop.job()) == (0, job)
    assert await shop.world.count("outcomes") == 2


async def test_never_is_one_of_both_without_the_other(shop: Shop) -> None:
    """Four workers, frozen at any time: at each moment both are there, or neither is."""
    shop.crashes = 1_000
    shop.does = _read
    for value in range(25):
        await shop.put("box.read@1", value=value)
        await queued(shop, a_request(value), key=f"k{value}")
    workers = [shop.worker() for _ in range(4)]
    odd: list[int] = []

    async def all_done() -> bool:
        odd.append(await shop.superuser.fetchval(ODD_PLANS))
        odd.append(await shop.superuser.fetchval(ODD_RESULTS))
        return await _open(shop) == 0

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_serve(shop, worker)) for worker in workers]
        tasks.append(group.create_task(_freeze(shop)))
        try:
            await until(all_done)
        finally:
            for task in tasks:
                task.cancel()

    assert len(odd) > 10
    assert set(odd) == {0}
    assert await shop.superuser.fetchval("select count(*) from jobs where kind = 'plan'") == 25
    for worker in workers:
        await worker.close(grace_s=1)


async def _open(shop: Shop) -> int:
    asked = "select count(*) from jobs where status in ('waiting', 'running')"
    return int(await shop.superuser.fetchval(asked))


async def _serve(shop: Shop, worker: Running) -> None:
    """Run what is due, twice."""
    while True:
        await shop.relay.look()
        messages = shop.queue.everything()
        for message in messages:
            await worker.run(message.organization_id, message.job_ids)
        await asyncio.sleep(0.01)


async def _freeze(shop: Shop) -> None:
    """Take jobs away from workers that run them, many times, and rescue them to the end."""
    async with session(shop.superuser_url) as other:
        for number in count():
            if number < FREEZES:
                await _let_leases_end(other)
            await shop.rescue()
            await asyncio.sleep(0.03)


async def _let_leases_end(other: asyncpg.Connection[asyncpg.Record]) -> None:
    with suppress(asyncpg.DeadlockDetectedError):
        await other.execute("update job_leases set until = now() - interval '1 hour'")
        await other.execute(
            "update jobs set leased_until = now() - interval '1 hour' where status = 'running'"
        )


async def test_an_end_waits_for_nothing_that_is_not_written(shop: Shop) -> None:
    """An effect that writes nothing back ends as before."""
    await shop.put(value=1)

    await shop.deliver(shop.worker())

    assert (await shop.job()).kind is JobKind.EFFECT
    assert await shop.statuses() == {JobStatus.DONE: 1}
