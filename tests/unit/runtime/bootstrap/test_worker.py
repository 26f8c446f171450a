"""A worker takes jobs from the queue and ends without losing any; here within this process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from runtime.bootstrap.worker import FINE, WorkerOptions, memory_mb, work, worker_name
from runtime.settings import ServiceSettings, SettingsError
from tests.broker import until
from tests.courier import Courier, courier
from tests.execution import redis_url

__all__ = ["courier", "redis_url"]

STARTED = "Taking jobs."


class Said(list[str]):
    """Note what a worker tells people."""

    def started(self) -> bool:
        """Say whether it takes jobs."""
        return STARTED in self


@asynccontextmanager
async def working(courier: Courier, options: WorkerOptions) -> AsyncIterator[asyncio.Task[int]]:
    """Work beside the block, from when jobs are taken."""
    said = Said()
    task = asyncio.create_task(work(_settings(courier), options, say=said.append))
    try:
        await until(lambda: said.started() or task.done())
        yield task
    finally:
        if not task.done():
            signal.raise_signal(signal.SIGTERM)
        await asyncio.wait({task})


async def test_a_note_is_carried_and_its_answer_is_recorded(courier: Courier) -> None:
    """From a commit to the outside and back into the state, through every part of a worker."""
    await courier.send()

    async with working(courier, WorkerOptions(drain=True)) as task:
        assert await task == FINE

    assert [item.method for item in courier.receiver.received] == ["POST"]
    assert await courier.statuses() == {"done": 1}
    written_back = await courier.superuser.fetchval("select count(*) from outcomes")
    assert written_back == 2


async def test_a_signal_ends_it_in_order(courier: Courier) -> None:
    """What runs may end, and is stored, before it is gone."""
    courier.receiver.hold = asyncio.Event()
    await courier.send()
    async with working(courier, WorkerOptions(grace_s=20.0)) as task:
        await until(lambda: courier.receiver.waiting == 1)
        signal.raise_signal(signal.SIGTERM)
        courier.receiver.hold.set()
        assert await task == FINE

    assert await courier.statuses() == {"done": 1}


async def test_a_second_signal_gives_back_what_runs(courier: Courier) -> None:
    """Nothing is counted against it."""
    courier.receiver.hold = asyncio.Event()
    await courier.send()
    async with working(courier, WorkerOptions(grace_s=600.0)) as task:
        await until(lambda: courier.receiver.waiting == 1)
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(0)
        signal.raise_signal(signal.SIGTERM)
        assert await task == FINE

    assert await courier.statuses() == {"waiting": 1}
    assert await courier.superuser.fetchval("select crashes from jobs") == 0


async def test_a_suspect_runs_in_a_process_of_its_own(courier: Courier) -> None:
    """And this one waits for it."""
    await courier.send()
    await courier.superuser.execute("update jobs set crashes = 1")
    await courier.superuser.execute("update outbox set alone = true")

    async with working(courier, WorkerOptions(drain=True)) as task:
        assert await task == FINE

    assert await courier.statuses() == {"done": 1}
    names = await courier.superuser.fetch("select distinct worker from job_leases")
    assert any(row["worker"].endswith("-1") for row in names)


async def test_one_that_is_too_large_ends(courier: Courier) -> None:
    """This process is, whatever it does."""
    async with working(courier, WorkerOptions(most_memory_mb=1)) as task:
        assert await task == FINE


async def test_its_figures_are_shown_to_this_machine(courier: Courier) -> None:
    """As Prometheus reads them; the figures of jobs among them."""
    port = _free_port()
    async with working(courier, WorkerOptions(metrics_port=port)):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert b"plangate_jobs_begun_total" in answer


async def test_a_port_that_is_taken_is_told(courier: Courier) -> None:
    """Before anything is opened."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = WorkerOptions(metrics_port=taken.getsockname()[1])
        with pytest.raises(SettingsError, match="--metrics-port"):
            await work(_settings(courier), options, say=_silent)


def test_no_two_workers_have_one_name() -> None:
    """A lease is a name's; the same process may begin anew."""
    assert worker_name() != worker_name()
    assert str(os.getpid()) in worker_name()


def test_memory_is_what_this_process_takes() -> None:
    """A test process takes tens of megabytes, and no gigabytes."""
    assert 20 < memory_mb() < 20_000


def _settings(courier: Courier) -> ServiceSettings:
    return ServiceSettings.read({**os.environ, **courier.variables})


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


_silent: Callable[[str], None] = lambda _: None  # noqa: E731  # says nothing
