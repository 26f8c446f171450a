"""Workers are processes: jobs reach the outside through them, and none is lost with one."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.yard import Yard

LONG_S = 60.0


async def test_an_effect_reaches_its_receiver_once(yard: Yard) -> None:
    """From a commit through the outbox, the broker and a worker to the outside."""
    jobs = await yard.post(3)
    await yard.started()

    await yard.becomes({"done": 3})
    assert yard.received == dict.fromkeys(jobs, 1)


async def test_jobs_of_a_worker_that_is_killed_are_run_by_another(yard: Yard) -> None:
    """They are counted as what a process died with, and end well all the same."""
    jobs = [await yard.put("wait", seconds=0.5, url=yard.url) for _ in range(3)]
    killed = await yard.started()
    await yard.becomes({"running": 3})
    killed.kill()
    assert (await yard.job(jobs[0]))["status"] == "running"

    await yard.started()

    await yard.becomes({"done": 3})
    assert set(yard.received) == set(jobs)
    assert [(await yard.job(named))["attempt"] for named in jobs] == [2, 2, 2]


async def test_a_job_that_takes_ten_leases_is_run_once(yard: Yard) -> None:
    """Its worker beats: that it takes long is nobody's reason to take it away."""
    job = await yard.put("wait", seconds=20.0, url=yard.url)
    for _ in range(2):
        await yard.started(PLANGATE_JOB_LEASE_S="2")

    await yard.becomes({"done": 1})

    found = await yard.job(job)
    assert (found["attempt"], found["crashes"]) == (1, 0)
    assert yard.received == {job: 1}


async def test_a_worker_that_is_told_to_end_lets_end_what_runs(yard: Yard) -> None:
    """It takes nothing more, and what it does is done before it is gone."""
    job = await yard.put("wait", seconds=1.5, url=yard.url)
    worker = await yard.started()
    await yard.becomes({"running": 1})

    worker.send(signal.SIGTERM)
    code = await asyncio.to_thread(worker.exit_code)

    assert (code, await yard.status(job)) == (0, "done")
    assert worker.events[-1]["event"] == "worker.stopped"


async def test_what_does_not_end_in_time_is_given_to_others_at_once(yard: Yard) -> None:
    """A release that is rolled out counts no death against anybody's job."""
    job = await yard.put("wait", seconds=LONG_S)
    worker = await yard.started("--grace-s", "0.2", PLANGATE_JOB_LEASE_S="300")
    await yard.becomes({"running": 1})

    worker.send(signal.SIGTERM)
    code = await asyncio.to_thread(worker.exit_code)

    found = await yard.job(job)
    assert (code, found["status"], found["crashes"]) == (0, "waiting", 0)
    await yard.started()
    await yard.becomes({"running": 1})


async def test_who_is_told_twice_waits_no_longer(yard: Yard) -> None:
    """Impatience loses no job either: what runs is given back."""
    job = await yard.put("wait", seconds=LONG_S)
    worker = await yard.started("--grace-s", "600")
    await yard.becomes({"running": 1})

    worker.send(signal.SIGINT)
    await asyncio.to_thread(worker.await_line, "worker.stopping")
    worker.send(signal.SIGINT)
    code = await asyncio.to_thread(worker.exit_code)

    found = await yard.job(job)
    assert (code, found["status"], found["crashes"]) == (0, "waiting", 0)


async def test_a_worker_ends_with_who_started_it(yard: Yard) -> None:
    """However its parent ended: what runs is given back, and nothing is left behind."""
    job = await yard.put("wait", seconds=LONG_S)
    worker = await yard.started("--with-parent", "--grace-s", "0.2")
    await yard.becomes({"running": 1})

    worker.end_input()
    code = await asyncio.to_thread(worker.exit_code)

    assert (code, await yard.status(job)) == (0, "waiting")


async def test_a_worker_that_drains_ends_when_nothing_is_left(yard: Yard) -> None:
    """Neither before the last job is over, nor with anything undone."""
    await yard.post(5)
    await yard.put("wait", seconds=2.0)
    worker = await yard.started("--drain")

    code = await asyncio.to_thread(worker.exit_code)

    assert (code, await yard.statuses()) == (0, {"done": 6})


async def test_a_worker_that_drains_waits_for_the_jobs_of_others(yard: Yard) -> None:
    """Nobody's work is left: that of a worker that was killed comes to it as well."""
    await yard.put("wait", seconds=1.0, url=yard.url)
    killed = await yard.started()
    await yard.becomes({"running": 1})
    killed.kill()

    draining = yard.worker("--drain")
    code = await asyncio.to_thread(draining.exit_code)

    assert (code, await yard.statuses()) == (0, {"done": 1})


async def test_long_jobs_keep_nobody_else_waiting(yard: Yard) -> None:
    """A message costs a worker nothing but memory: others are taken beside it."""
    for _ in range(20):
        await yard.put("wait", seconds=LONG_S)
    await yard.started()
    await yard.becomes({"running": 20})

    job = await yard.put(url=yard.url)

    await yard.becomes({"running": 20, "done": 1})
    assert yard.received == {job: 1}


async def test_what_nobody_here_knows_waits_for_a_newer_release(yard: Yard) -> None:
    """It is no crash and no loss; the reason is told."""
    job = await yard.put(action="strange")
    await yard.started()

    async def tried() -> bool:
        return bool((await yard.job(job))["errors"])

    await yard.until(tried)
    found = await yard.job(job)
    assert (found["status"], found["crashes"]) == ("waiting", 0)
    assert "nothing here is called 'yard.unknown'" in found["reason"]


@pytest.mark.parametrize(
    ("variable", "value", "code", "told"),
    [
        pytest.param("PLANGATE_TOKEN_KEYS", "", 5, "PLANGATE_TOKEN_KEYS is not", id="no key"),
        pytest.param("PLANGATE_BROKER_URL", "ftp://x", 5, "PLANGATE_BROKER_URL", id="no broker"),
        pytest.param("PLANGATE_SMTP_URL", "http://x", 5, "PLANGATE_SMTP_URL", id="no mail server"),
        pytest.param(
            "PLANGATE_DATABASE_URL", "postgresql://a:b@127.0.0.1:1/x", 4, "database", id="no answer"
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    yard: Yard, variable: str, value: str, code: int, told: str
) -> None:
    """A worker that can't work says why and ends, without a traceback."""
    worker = yard.worker(**{variable: value})

    assert worker.exit_code() == code
    worker.await_line(told)
    assert "Traceback" not in worker.text
