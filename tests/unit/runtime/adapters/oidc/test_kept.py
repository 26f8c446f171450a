"""A copy is fetched once for all, used while it is young, and kept for a while in an outage."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from runtime.adapters.oidc.kept import RETRY_S, Copy, Kept, Terms
from runtime.adapters.oidc.refusal import unavailable
from runtime.domain.identity import IdentityRefusal
from runtime.kit.clock import FixedClock
from tests.unit.runtime.adapters.oidc.refusing import refuses

UNAVAILABLE = IdentityRefusal.UNAVAILABLE
TERMS = Terms(max_age_s=600, kept_s=3_600, fetch_s=0.05)


@dataclass(kw_only=True)
class Source:
    """Publish numbered documents; be down, or slow, when told."""

    clock: FixedClock = field(default_factory=lambda: FixedClock(datetime(2026, 1, 1, tzinfo=UTC)))
    down: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    def __post_init__(self) -> None:
        """Open the gate."""
        self.gate.set()

    async def fetch(self) -> int:
        """Return how often the source was asked."""
        self.asked += 1
        asked = self.asked
        self.entered.set()
        await self.gate.wait()
        if self.down:
            raise unavailable("down")
        return asked

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(seconds=seconds))

    def kept(self) -> Kept[int]:
        """Return the copy under test."""
        return Kept(self.fetch, terms=TERMS, clock=self.clock)


async def test_a_young_copy_is_used_without_asking() -> None:
    """Until the very second of its greatest age."""
    source = Source()
    kept = source.kept()
    values = []
    for seconds in (0, 599, 1, 0):
        source.pass_s(seconds)
        values.append((await kept.current()).value)

    assert values == [1, 1, 2, 2]


async def test_all_who_wait_share_one_fetch() -> None:
    """A burst of tokens asks the issuer once."""
    source = Source()
    source.gate.clear()
    kept = source.kept()
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(kept.current()) for _ in range(50)]
        await asyncio.wait_for(source.entered.wait(), timeout=20)
        source.gate.set()

    assert [task.result().value for task in waiting] == [1] * 50
    assert source.asked == 1


async def test_the_last_good_copy_is_used_in_an_outage_up_to_its_bound() -> None:
    """Then everything is refused, until the issuer is back."""
    source = Source()
    kept = source.kept()
    await kept.current()
    source.down = True
    source.pass_s(600)
    assert (await kept.current()).value == 1
    source.pass_s(2_999)
    assert (await kept.current()).value == 1
    source.pass_s(1)
    with refuses(UNAVAILABLE):
        await kept.current()
    source.down = False
    source.pass_s(RETRY_S)

    assert (await kept.current()).value == source.asked


async def test_an_issuer_that_is_down_is_left_alone_for_a_while() -> None:
    """Requests do not queue up behind its timeouts."""
    source = Source(down=True)
    kept = source.kept()
    for _ in range(5):
        with refuses(UNAVAILABLE):
            await kept.current()
    assert source.asked == 1
    source.pass_s(RETRY_S)
    with refuses(UNAVAILABLE, "down"):
        await kept.current()

    assert source.asked == 2


async def test_a_fetch_that_takes_too_long_is_an_outage() -> None:
    """However many requests it consists of."""
    source = Source()
    source.gate.clear()

    with refuses(UNAVAILABLE, "no answer within 0.05 s"):
        await source.kept().current()


async def test_a_waiter_that_gives_up_takes_nobody_with_it() -> None:
    """The next one in line fetches; an abandoned fetch is no outage."""
    source = Source()
    source.gate.clear()
    kept = source.kept()
    first = asyncio.create_task(kept.current())
    second = asyncio.create_task(kept.current())
    await asyncio.wait_for(source.entered.wait(), timeout=20)
    first.cancel()
    source.gate.set()

    assert (await second).value == 2
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_newer_copy_is_fetched_once_for_all_who_saw_the_same() -> None:
    """Who comes second takes what the first one got."""
    source = Source()
    kept = source.kept()
    seen = await kept.current()
    async with asyncio.TaskGroup() as group:
        newer = [group.create_task(kept.newer(seen)) for _ in range(10)]

    assert {task.result().value for task in newer} == {2}
    assert source.asked == 2


async def test_no_newer_copy_is_an_outage_not_an_answer() -> None:
    """The old copy did not do, so returning it would be a lie."""
    source = Source()
    kept = source.kept()
    seen = await kept.current()
    source.down = True

    with refuses(UNAVAILABLE, "can't be read at the moment"):
        await kept.newer(seen)
    assert await kept.current() == Copy(value=1, fetched_s=0.0)


async def test_the_age_counts_from_the_question_not_the_answer() -> None:
    """What an issuer said while it was slow may have changed meanwhile."""
    source = Source()
    source.gate.clear()
    kept = source.kept()
    waiting = asyncio.create_task(kept.current())
    await asyncio.wait_for(source.entered.wait(), timeout=20)
    source.pass_s(3)
    source.gate.set()

    assert (await waiting).fetched_s == 0.0
