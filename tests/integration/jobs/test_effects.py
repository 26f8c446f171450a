"""An action's effect runs after the commit, as its principal, and what comes of it is kept."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from runtime.domain.job import JobStatus
from runtime.domain.plan import Plan, Step
from runtime.domain.retry import RetryPolicy
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.ports.effect import EffectCall, EffectResult
from runtime.ports.effect_failure import PermanentError, RetryableError
from tests.jobs import Shop

ONE_TRY: Final = RetryPolicy(errors=1)


async def test_an_effect_is_called_with_what_was_executed(shop: Shop) -> None:
    """The handler gets the step, its change and its declaration, for the principal as they are."""
    outcome = await shop.put(value=7)

    assert await shop.deliver(shop.worker()) == 1

    (call,) = shop.receiver.calls
    assert (call.outcome_id, call.step, call.action) == (outcome, 0, "box.put@1")
    assert call.inputs == {"value": 7}
    assert call.diff == ({"op": "replace", "path": "/box/value", "value": 7},)
    assert call.payload == {"printer": "p-1"}
    assert call.attempt == 1
    assert call.idempotency_key == call.job_id
    assert call.principal == shop.world.principal
    job = await shop.job()
    assert (job.status, parse(job.result or "")) == (JobStatus.DONE, {"printed": 7})


async def test_no_effect_runs_before_it_is_handed_over(shop: Shop) -> None:
    """An execution only puts a row: nothing is called in the request."""
    await shop.put(value=1)

    assert shop.receiver.calls == []
    assert (await shop.job()).status is JobStatus.WAITING


async def test_each_effect_of_each_step_that_was_done_follows(shop: Shop) -> None:
    """Two steps with two effects each make four jobs; the more urgent ones go first."""
    await shop.put("box.twice@1", times=2, value=1)

    await shop.deliver(shop.worker())

    jobs = await shop.jobs()
    assert [job.step for job in jobs] == [0, 0, 1, 1]
    assert [job.priority for job in jobs] == [4, 9, 4, 9]
    urgent = {job.id for job in jobs if job.priority == 9}
    assert {call.job_id for call in shop.receiver.calls[:2]} == urgent


async def test_nothing_follows_a_step_that_was_refused(shop: Shop) -> None:
    """A refusal, and what an atomic plan took back, has no effect."""
    steps = (Step(action="box.put", inputs={"value": 1}), Step(action="box.put", inputs={"x": 1}))

    await shop.world.execute(Plan(steps=steps), atomic=True)

    assert await shop.jobs() == ()


async def test_what_was_done_before_a_refusal_has_its_effect(shop: Shop) -> None:
    """A plan that is not atomic keeps its first step, and so does the world outside."""
    steps = (Step(action="box.put", inputs={"value": 1}), Step(action="box.put", inputs={"x": 1}))

    await shop.world.execute(Plan(steps=steps))

    assert (await shop.job()).step == 0


async def test_a_repeated_request_puts_no_second_job(shop: Shop) -> None:
    """A key that was used finds the outcome, and its jobs are there already."""
    plan = Plan(steps=(Step(action="box.put", inputs={"value": 1}),))

    await shop.world.execute(plan, key="k")
    await shop.world.execute(plan, key="k")

    assert len(await shop.jobs()) == 1


async def test_equal_work_that_waits_is_not_put_twice(shop: Shop) -> None:
    """While one with the same unique values waits no other is put; once it ended, one is."""
    await shop.put("box.once@1", times=2, value=1)
    await shop.put("box.once@1", value=2)
    assert len(await shop.jobs()) == 2

    await shop.deliver(shop.worker())
    await shop.put("box.once@1", value=1)

    assert await shop.statuses() == {JobStatus.DONE: 2, JobStatus.WAITING: 1}


async def test_jobs_of_one_serial_name_run_one_at_a_time_in_order(shop: Shop) -> None:
    """The second starts when the first has ended, whoever asks for it earlier."""
    first = await shop.put("box.stack@1", value=1)
    second = await shop.put("box.stack@1", value=2)
    ids = [job.id for job in await shop.jobs()]
    worker = shop.worker()

    begun = [await worker.run(shop.organization, ids), await shop.deliver(worker)]

    assert begun == [1, 1]
    assert [call.outcome_id for call in shop.receiver.calls] == [first, second]


async def test_a_failure_is_tried_again_with_the_same_key(shop: Shop) -> None:
    """The other side may know the key, so that a repetition does nothing twice."""
    keys = []

    async def fail_once(call: EffectCall) -> EffectResult:
        keys.append((call.idempotency_key, call.attempt))
        if len(keys) == 1:
            raise RetryableError("the printer is off", after_s=3.0)
        return EffectResult()

    shop.does = fail_once
    await shop.put(value=1)
    await shop.deliver(shop.worker())
    waiting = await shop.job()
    await shop.let_waits_end()
    await shop.deliver(shop.worker())

    assert (waiting.status, waiting.errors, waiting.reason) == (
        JobStatus.WAITING,
        1,
        "the printer is off",
    )
    assert (await shop.job()).status is JobStatus.DONE
    assert keys == [(waiting.id, 1), (waiting.id, 2)]


async def test_a_job_that_is_tried_again_is_not_handed_over_before_its_time(shop: Shop) -> None:
    """A wait is kept, also when an old message names the job once more."""

    async def fail(call: EffectCall) -> EffectResult:
        raise RetryableError(f"no {call.job_id[:3]}", after_s=60.0)

    shop.does = fail
    await shop.put(value=1)
    worker = shop.worker()
    await shop.deliver(worker)
    job = await shop.job()

    assert await shop.relay.look() == 0
    assert await worker.run(shop.organization, [job.id]) == 0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(PermanentError("no such printer"), "no such printer", id="permanent"),
        pytest.param(
            RetryableError("it is off"), "failed 1 times, at last: it is off", id="last failure"
        ),
        pytest.param(
            ValueError("a secret"),
            "failed 1 times, at last: its handler raised ValueError",
            id="whatever else, without its text",
        ),
        pytest.param(
            asyncio.CancelledError(),
            "failed 1 times, at last: its handler cancelled itself",
            id="cancels itself",
        ),
    ],
)
async def test_what_can_not_succeed_is_a_dead_letter_with_its_reason(
    shop: Shop, error: BaseException, reason: str
) -> None:
    """Nothing is tried for ever, and nothing ends without a word."""

    async def fail(_: EffectCall) -> EffectResult:
        raise error

    shop.does, shop.retries = fail, ONE_TRY
    await shop.put(value=1)

    await shop.deliver(shop.worker())

    job = await shop.job()
    assert (job.status, job.reason, job.errors) == (JobStatus.DEAD, reason, 1)
    assert await shop.relay.look() == 0


async def test_an_effect_that_takes_too_long_is_stopped(shop: Shop) -> None:
    """Each attempt has an end, whatever the other side does."""

    async def hang(_: EffectCall) -> EffectResult:
        await asyncio.Event().wait()
        return EffectResult()

    shop.does, shop.retries, shop.start_to_close_s = hang, ONE_TRY, 0.05
    await shop.put(value=1)

    await shop.deliver(shop.worker())

    assert (await shop.job()).reason == "failed 1 times, at last: not over within 0.05 s"


async def test_an_effect_that_would_start_too_late_is_dead(shop: Shop) -> None:
    """Some things are worse late than never."""
    shop.schedule_to_start_s = 0.5
    await shop.put(value=1)
    await shop.let_waits_end()

    await shop.deliver(shop.worker())

    job = await shop.job()
    assert job.status is JobStatus.DEAD
    assert "were allowed" in (job.reason or "")
    assert shop.receiver.calls == []


async def test_a_name_that_nobody_knows_waits_for_a_newer_release(shop: Shop) -> None:
    """A worker of an older release leaves it for long, and it is not dead at once."""
    await shop.put("box.strange@1", value=1)

    await shop.deliver(shop.worker())

    job = await shop.job()
    assert (job.status, job.errors) == (JobStatus.WAITING, 1)
    assert "box.fly" in (job.reason or "")
    assert (job.not_before - job.created_at).total_seconds() > 10


@pytest.mark.parametrize(
    "gives_back",
    [
        pytest.param({"text": "x" * 70_000}, id="too large"),
        pytest.param({"value": object()}, id="no JSON"),
        pytest.param({"text": "\udc00"}, id="no text"),
    ],
)
async def test_a_result_that_can_not_be_kept_does_not_repeat_the_effect(
    shop: Shop, gives_back: JsonObject
) -> None:
    """The effect took place, so the job is done, and says that it kept nothing."""

    async def do(_: EffectCall) -> EffectResult:
        return EffectResult(document=gives_back)

    shop.does = do
    await shop.put(value=1)

    await shop.deliver(shop.worker())

    job = await shop.job()
    assert (job.status, job.result) == (JobStatus.DONE, "{}")
    assert "kept" in (job.reason or "")


async def test_a_nul_in_a_reason_does_not_keep_an_end_from_being_stored(shop: Shop) -> None:
    """What handlers say is shown on one line, whatever they say."""

    async def fail(_: EffectCall) -> EffectResult:
        raise PermanentError("nul \x00 and\nline")

    shop.does = fail
    await shop.put(value=1)

    await shop.deliver(shop.worker())

    assert (await shop.job()).reason == "nul   and line"


async def test_a_result_enters_the_state_as_an_action_once(shop: Shop) -> None:
    """It is executed as the principal; a repetition of the job finds it done, whatever it says."""
    said = iter(["first", "second"])

    async def read(_: EffectCall) -> EffectResult:
        return EffectResult(write_back={"note": next(said)})

    shop.does = read
    await shop.put("box.read@1", value=1)
    worker = shop.worker()
    await shop.deliver(worker)
    job = await shop.job()
    await shop.superuser.execute(
        "update jobs set status = 'waiting', ended_at = null, not_before = now()"
    )
    await worker.run(shop.organization, [job.id])

    state = await shop.world.states.current(shop.world.context, shop.world.project_id)
    assert state.components["box"]["note"] == "first"
    assert parse(job.result or "") == parse((await shop.job()).result or "")
    assert parse(job.result or "")["written_back"]["status"] == "done"
    assert await shop.world.count("outcomes") == 2


async def test_a_result_that_the_engine_refuses_is_told(shop: Shop) -> None:
    """Writing back passes every guard; that it was refused is an outcome, and in the result."""

    async def read(_: EffectCall) -> EffectResult:
        return EffectResult(write_back={"note": 5})

    shop.does = read
    await shop.put("box.read@1", value=1)

    await shop.deliver(shop.worker())

    job = await shop.job()
    assert job.status is JobStatus.DONE
    assert parse(job.result or "")["written_back"]["status"] == "refused"


async def test_a_result_to_write_needs_an_action_that_is_declared(shop: Shop) -> None:
    """A handler can't choose what is executed for somebody."""

    async def read(_: EffectCall) -> EffectResult:
        return EffectResult(write_back={"note": "x"})

    shop.does = read
    await shop.put(value=1)

    await shop.deliver(shop.worker())

    job = await shop.job()
    assert job.status is JobStatus.DEAD
    assert "names the action that takes it" in (job.reason or "")
    assert await shop.world.count("outcomes") == 1
