"""Effects that take their process with them are put aside, and nobody else's jobs with them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.yard import Yard

NEIGHBOURS = 5


@pytest.mark.parametrize("how", ["segfault", "exit", "eat", "loop", "hold"])
async def test_a_job_that_kills_processes_is_put_aside_after_three(yard: Yard, how: str) -> None:
    """Those that ran beside it run elsewhere and end well, each under its one key."""
    neighbours = [
        await yard.put("wait", seconds=1.0, url=yard.url, mark="n") for _ in range(NEIGHBOURS)
    ]
    hostile = await yard.put(how)

    async with _kept_running(yard, PLANGATE_WATCHDOG_S="1.5"):
        await yard.becomes({"done": NEIGHBOURS, "quarantined": 1})

    job = await yard.job(hostile)
    assert (job["crashes"], job["reason"]) == (3, "processes died while they ran it")
    assert set(yard.received) == set(neighbours)
    assert all([(await yard.job(named))["crashes"] == 0 for named in neighbours])


async def test_a_job_that_a_process_died_with_runs_in_one_of_its_own(yard: Yard) -> None:
    """Its worker lives on, whatever it does; and so does the process, for the next such job."""
    suspects = [await yard.put("wait", seconds=0.2) for _ in range(2)]
    await yard.superuser.execute("update jobs set crashes = 1")
    await yard.superuser.execute("update outbox set alone = true")
    worker = await yard.started("--alone", "1")

    await yard.becomes({"done": 2})

    pids = {orjson.loads((await yard.job(named))["result"])["pid"] for named in suspects}
    assert len(pids) == 1
    assert worker.process.pid not in pids
    worker.send(signal.SIGTERM)
    assert worker.exit_code() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pids.pop(), 0)


async def test_suspects_keep_nobody_else_waiting(yard: Yard) -> None:
    """They have processes of their own, and what these do is nobody else's trouble."""
    suspects = [await yard.put("loop") for _ in range(2)]
    await yard.superuser.execute("update jobs set crashes = 1")
    await yard.superuser.execute("update outbox set alone = true")
    worker = await yard.started("--grace-s", "0.2", PLANGATE_JOB_LEASE_S="30")
    await yard.becomes({"running": len(suspects)})

    jobs = await yard.post(5)

    await yard.becomes({"running": len(suspects), "done": len(jobs)})
    worker.send(signal.SIGTERM)  # its processes hear nothing, and are killed
    assert await asyncio.to_thread(worker.exit_code) == 0


async def test_the_processes_of_a_worker_that_is_killed_end_in_order(yard: Yard) -> None:
    """What they run is given back, and no further death is counted against it."""
    job = await yard.put("wait", seconds=60.0)
    await yard.superuser.execute("update jobs set crashes = 1")
    await yard.superuser.execute("update outbox set alone = true")
    worker = await yard.started(PLANGATE_JOB_LEASE_S="300")
    await yard.becomes({"running": 1})

    worker.kill()

    await yard.becomes({"waiting": 1})
    assert (await yard.job(job))["crashes"] == 1


async def test_a_worker_that_takes_too_much_memory_ends_in_order(yard: Yard) -> None:
    """Another one begins anew; the job that grew is done and counted once."""
    worker = await yard.started("--most-memory-mb", "350")
    grown = [await yard.put("grow") for _ in range(3)]

    code = await asyncio.to_thread(worker.exit_code)

    assert code == 0
    assert "it takes more than 350 MB" in worker.text
    await yard.started("--drain")
    await yard.becomes({"done": len(grown)})


@asynccontextmanager
async def _kept_running(yard: Yard, **variables: str) -> AsyncIterator[None]:
    """Start a worker whenever there is none, as a supervisor does."""

    async def keep() -> None:
        while True:
            worker = yard.worker(**variables)
            await asyncio.to_thread(worker.process.wait)

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        for worker in yard.workers:
            worker.close()
        await asyncio.wait({keeping})
