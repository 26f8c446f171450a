"""Tests of bounded threads: who waits too long is told, also where no thread is free."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from runtime.adapters.audit_sinks.bounded import BoundedThreads
from runtime.ports.audit_sink import SinkError


@pytest.fixture
def threads() -> Iterator[BoundedThreads]:
    """Open one thread."""
    opened = BoundedThreads(1, sink="s3://records")
    yield opened
    opened.close()


async def test_work_returns_what_it_returns_and_raises_what_it_raises(
    threads: BoundedThreads,
) -> None:
    """Arguments are handed on."""
    assert await threads.run(5.0, int, "12", base=3) == 5
    with pytest.raises(ValueError, match="invalid literal"):
        await threads.run(5.0, int, "x")


async def test_who_waits_for_a_thread_waits_within_his_time(threads: BoundedThreads) -> None:
    """Work that hangs holds the only thread; what never began never runs."""
    over, begun, ran = threading.Event(), threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        over.wait(30)

    hanging = asyncio.ensure_future(threads.run(30.0, hang))
    await asyncio.to_thread(begun.wait, 30)
    with pytest.raises(SinkError, match=r"no answer within 0\.05 s"):
        await threads.run(0.05, ran.set)
    over.set()
    await hanging

    assert await threads.run(5.0, str) == ""
    assert not ran.is_set()


async def test_closed_threads_run_nothing(threads: BoundedThreads) -> None:
    """It is a failure of the sink like any other."""
    threads.close()

    with pytest.raises(SinkError, match="shutting down"):
        await threads.run(5.0, str)
