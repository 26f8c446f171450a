"""A process learns that it is to end: by signals, once in order and twice in a hurry, or by EOF."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from runtime.bootstrap.told_to_end import AT_ONCE, end_with_parent, told_to_end

PATIENCE_S = 10.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_first_signal_ends_in_order(number: signal.Signals) -> None:
    """By a supervisor or by Ctrl-C alike."""
    with told_to_end() as told:
        signal.raise_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            await told.orderly.wait()

    assert (told.why, told.hurried.is_set()) == (number.name, False)


async def test_the_second_hurries_and_the_third_is_obeyed() -> None:
    """Who asks three times waits for nothing."""
    left: list[int] = []
    with told_to_end() as told:
        told.leave = left.append
        told.signalled(signal.SIGTERM)
        told.signalled(signal.SIGINT)
        assert (told.hurried.is_set(), left) == (True, [])

        told.signalled(signal.SIGINT)

    assert (told.why, left) == ("SIGTERM", [AT_ONCE])


async def test_a_signal_that_is_for_somebody_else_is_ignored() -> None:
    """Ctrl-C in a terminal reaches all processes; one of them acts on it."""
    with told_to_end(ignored=(signal.SIGINT,)) as told:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0)

    assert not told.orderly.is_set()


async def test_the_end_of_the_parent_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """However it ended: its end of the pipe is closed by the system. What it wrote is not read."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as standard_input, told_to_end() as told:
        monkeypatch.setattr(sys, "stdin", standard_input)
        ending = asyncio.create_task(end_with_parent(told))
        os.write(writing, b"anything\n")
        await asyncio.sleep(0)
        assert not told.orderly.is_set()

        os.close(writing)
        async with asyncio.timeout(PATIENCE_S):
            await ending

    assert told.why == "who started it is gone"
