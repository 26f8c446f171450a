"""An answer is asked for once, kept for its time, and forgotten on demand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from runtime.domain.errors import StorageUnavailableError
from runtime.kit.clock import FixedClock
from runtime.services.remembered import Remembered, Told


class Asked:
    """Answer questions when told to, and count them."""

    def __init__(self, value: str | None = "yes", *, fresh_s: float = 3.0) -> None:
        self.value = value
        self.fresh_s = fresh_s
        self.count = 0
        self.open = asyncio.Event()
        self.open.set()
        self.begun = asyncio.Event()

    async def __call__(self) -> Told[str]:
        """Wait until it is time to answer; a value that is "fail" fails."""
        self.count += 1
        self.begun.set()
        value, fresh_s = self.value, self.fresh_s
        await self.open.wait()
        if value == "fail":
            raise StorageUnavailableError(reason="Lost")
        return Told(value=value, fresh_s=fresh_s)


@pytest.fixture
def clock() -> FixedClock:
    """Stand still."""
    return FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def remembered(clock: FixedClock) -> Remembered[str]:
    """Remember nothing yet, and little at once."""
    return Remembered(monotonic_s=clock.monotonic_s, most_kept=2, most_refused=1)


async def test_an_answer_is_repeated_until_it_is_too_old(
    remembered: Remembered[str], clock: FixedClock
) -> None:
    """To the moment, however often it is repeated."""
    ask = Asked()
    for _ in range(3):
        assert await remembered.told("key", ask) == "yes"
        clock.advance(timedelta(seconds=1))

    assert ask.count == 1
    assert await remembered.told("key", ask) == "yes"
    assert ask.count == 2


async def test_that_there_is_no_answer_is_remembered_too(remembered: Remembered[str]) -> None:
    """For its own time."""
    ask = Asked(None)

    assert [await remembered.told("key", ask) for _ in range(2)] == [None, None]
    assert ask.count == 1


async def test_an_answer_that_must_not_be_repeated_is_not(remembered: Remembered[str]) -> None:
    """Such as a token that ends now."""
    ask = Asked(fresh_s=0)

    assert [await remembered.told("key", ask) for _ in range(2)] == ["yes", "yes"]
    assert ask.count == 2


async def test_a_hundred_who_ask_at_once_ask_once(remembered: Remembered[str]) -> None:
    """The others wait for the same answer."""
    ask = Asked()
    ask.open.clear()

    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(remembered.told("key", ask)) for _ in range(100)]
        await ask.begun.wait()
        ask.open.set()

    assert ask.count == 1
    assert {task.result() for task in waiting} == {"yes"}


async def test_who_gives_up_takes_nothing_from_the_others(remembered: Remembered[str]) -> None:
    """Not even the one who asked first."""
    ask = Asked()
    ask.open.clear()
    first = asyncio.create_task(remembered.told("key", ask))
    await ask.begun.wait()
    second = asyncio.create_task(remembered.told("key", ask))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    ask.open.set()

    assert await second == "yes"
    assert ask.count == 1


async def test_a_failure_is_told_to_all_who_wait_and_not_remembered(
    remembered: Remembered[str],
) -> None:
    """The next one asks again."""
    ask = Asked("fail")
    ask.open.clear()
    waiting = [asyncio.create_task(remembered.told("key", ask)) for _ in range(3)]
    await ask.begun.wait()
    ask.open.set()

    found = await asyncio.wait(waiting)
    ask.value = "yes"

    assert {type(task.exception()) for task in found[0]} == {StorageUnavailableError}
    assert await remembered.told("key", ask) == "yes"
    assert ask.count == 2


async def test_what_is_forgotten_is_asked_again(remembered: Remembered[str]) -> None:
    """And nothing else is."""
    kept, dropped = Asked("kept"), Asked("dropped")
    await remembered.told("a", kept)
    await remembered.told("b", dropped)

    remembered.forget(lambda value: value == "dropped")
    await remembered.told("a", kept)
    await remembered.told("b", dropped)

    assert (kept.count, dropped.count) == (1, 2)


async def test_refusals_are_forgotten_too(remembered: Remembered[str]) -> None:
    """Whoever changed something may have opened what was shut."""
    ask = Asked(None)
    await remembered.told("key", ask)

    remembered.forget(lambda _: False)
    await remembered.told("key", ask)

    assert ask.count == 2


async def test_an_answer_that_was_on_its_way_is_not_believed_afterwards(
    remembered: Remembered[str],
) -> None:
    """It may be of the time before; those who asked before get it, nobody else does."""
    ask = Asked("old")
    ask.open.clear()
    before = asyncio.create_task(remembered.told("key", ask))
    await ask.begun.wait()
    ask.begun.clear()
    ask.value = "new"

    remembered.forget(lambda _: True)
    during = asyncio.create_task(remembered.told("key", ask))
    await ask.begun.wait()
    ask.open.set()

    assert (await before, await during) == ("old", "new")
    assert await remembered.told("key", ask) == "new"
    assert ask.count == 2


async def test_the_oldest_answers_make_room(remembered: Remembered[str]) -> None:
    """Memory is bounded, for answers and for refusals apart."""
    asks = {name: Asked(name) for name in "abc"}
    nothing = Asked(None)
    for name, ask in asks.items():
        await remembered.told(name, ask)
    for name in "xy":
        await remembered.told(name, nothing)

    kept = [name for name in "abcxy" if remembered.fresh(name) is not None]

    assert kept == ["b", "c", "y"]


async def test_a_refusal_takes_the_place_of_an_answer(
    remembered: Remembered[str], clock: FixedClock
) -> None:
    """And an answer that of a refusal."""
    ask = Asked("yes")
    await remembered.told("key", ask)
    clock.advance(timedelta(seconds=3))
    ask.value = None
    assert await remembered.told("key", ask) is None
    clock.advance(timedelta(seconds=3))
    ask.value = "again"

    assert await remembered.told("key", ask) == "again"
    assert await remembered.told("key", ask) == "again"
    assert ask.count == 3


async def test_closing_waits_for_what_is_being_asked(remembered: Remembered[str]) -> None:
    """So that no question outlives what it asks."""
    ask = Asked()
    ask.open.clear()
    waiting = asyncio.create_task(remembered.told("key", ask))
    await ask.begun.wait()
    closing = asyncio.create_task(remembered.close())
    ask.open.set()
    await closing

    assert await waiting == "yes"
    await remembered.close()
