"""Deliveries of an endpoint begin evenly, as many a minute as it wants; time passes at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from runtime.services.webhooks.rate import MINUTE_S, Rate

NOTHING_S: Final = 1e-6


class SkippingSelector(selectors.SelectSelector):
    """Let time that a loop would sleep pass at once."""

    now_s = 100.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now_s += timeout or 0.0
        return super().select(0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """Be a loop whose time passes only while it sleeps."""

    def __init__(self) -> None:
        self.skipping = SkippingSelector()
        super().__init__(self.skipping)

    @override
    def time(self) -> float:
        return self.skipping.now_s


def played(begun: Callable[[list[float]], Coroutine[None, None, None]]) -> list[float]:
    """Return after how many seconds each turn began."""
    starts: list[float] = []
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        began_s = runner.get_loop().time()
        runner.run(begun(starts))
    return [start - began_s for start in starts]


async def turn(rate: Rate, per_minute: int | None, starts: list[float]) -> None:
    """Take a turn, and note when it began."""
    await rate.turn(per_minute, unless=asyncio.Event())
    starts.append(asyncio.get_running_loop().time())


def test_turns_are_given_out_evenly_to_all_who_ask_at_once() -> None:
    """In the order in which they asked."""

    async def begun(starts: list[float]) -> None:
        rate = Rate()
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(turn(rate, 30, starts))

    assert played(begun) == pytest.approx([0.0, 2.0, 4.0, 6.0, 8.0])


def test_without_a_rate_nobody_waits() -> None:
    """However many ask."""

    async def begun(starts: list[float]) -> None:
        rate = Rate()
        for _ in range(100):
            await turn(rate, None, starts)

    assert played(begun) == [0.0] * 100


def test_turns_that_nobody_took_are_not_saved_up() -> None:
    """After a long silence the second one waits as ever."""

    async def begun(starts: list[float]) -> None:
        rate = Rate()
        await turn(rate, 60, starts)
        await asyncio.sleep(30.0)
        for _ in range(3):
            await turn(rate, 60, starts)

    assert played(begun) == pytest.approx([0.0, 30.0, 31.0, 32.0])


def test_who_is_told_to_end_waits_no_longer() -> None:
    """Though its turn is an hour away."""

    async def begun(starts: list[float]) -> None:
        rate, ended = Rate(), asyncio.Event()
        for _ in range(60):
            await rate.turn(1, unless=asyncio.Event())
        asyncio.get_running_loop().call_later(3.0, ended.set)
        before_s = asyncio.get_running_loop().time()
        await rate.turn(1, unless=ended)
        starts.append(before_s)
        starts.append(asyncio.get_running_loop().time())

    before_s, after_s = played(begun)
    assert after_s - before_s == pytest.approx(3.0)


def test_a_rate_that_changes_counts_from_the_next_turn_on() -> None:
    """The one that is waited for was given out before."""

    async def begun(starts: list[float]) -> None:
        rate = Rate()
        for per_minute in (6, 60, 60, 6, 6):
            await turn(rate, per_minute, starts)

    assert played(begun) == pytest.approx([0.0, 10.0, 11.0, 12.0, 22.0])


@given(
    per_minute=st.integers(1, 600),
    pauses_s=st.lists(st.floats(0.0, 90.0), min_size=1, max_size=20),
)
def test_no_minute_has_more_turns_than_are_wanted(per_minute: int, pauses_s: list[float]) -> None:
    """Whenever they are asked for, two are never nearer than the rate lets them be."""

    async def begun(starts: list[float]) -> None:
        rate = Rate()
        async with asyncio.TaskGroup() as group:
            for pause_s in pauses_s:
                await asyncio.sleep(pause_s)
                group.create_task(turn(rate, per_minute, starts))

    starts = played(begun)
    assert len(starts) == len(pauses_s)
    nearest_s = min((later - earlier for earlier, later in pairwise(starts)), default=MINUTE_S)
    assert nearest_s >= MINUTE_S / per_minute - NOTHING_S
