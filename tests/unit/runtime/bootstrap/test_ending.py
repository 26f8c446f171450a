"""Whoever waits learns that the process is told to end, and those who took note of it do still."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from runtime.bootstrap.ending import TOLD_BY, when_told_to_end


@pytest.fixture
def noted() -> Iterator[list[int]]:
    """Take note of signals as a server does."""
    told = list[int]()

    def note(number: int, _: FrameType | None) -> None:
        told.append(number)

    before = {number: signal.signal(number, note) for number in TOLD_BY}
    yield told
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", TOLD_BY)
async def test_a_signal_is_told_to_both(noted: list[int], number: signal.Signals) -> None:
    """To the server at once, and to those who wait in their event loop."""
    ended = asyncio.Event()
    with when_told_to_end(ended.set):
        signal.raise_signal(number)
        async with asyncio.timeout(5):
            await ended.wait()

    assert noted == [number]


async def test_after_the_block_the_server_alone_is_told(noted: list[int]) -> None:
    """Its handlers are there again."""
    ended = asyncio.Event()
    with when_told_to_end(ended.set):
        pass
    signal.raise_signal(signal.SIGTERM)
    await asyncio.sleep(0)

    assert noted == [signal.SIGTERM]
    assert not ended.is_set()


async def test_a_handler_that_somebody_set_meanwhile_stays(noted: list[int]) -> None:
    """It is theirs to take away."""

    def other(_number: int, _frame: FrameType | None) -> None: ...

    with when_told_to_end(lambda: None):
        signal.signal(signal.SIGTERM, other)

    assert signal.getsignal(signal.SIGTERM) is other
    assert noted == []


async def test_where_nobody_takes_note_a_signal_ends_the_process_as_ever(noted: list[int]) -> None:
    """A program without a handler is not kept from ending by one of ours."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with when_told_to_end(lambda: None):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    assert noted == []


async def test_another_thread_sets_no_handler(noted: list[int]) -> None:
    """Python lets only the main one."""
    before = signal.getsignal(signal.SIGTERM)

    async def block() -> object:
        with when_told_to_end(lambda: None):
            return signal.getsignal(signal.SIGTERM)

    assert await asyncio.to_thread(lambda: asyncio.run(block())) is before
    assert noted == []
