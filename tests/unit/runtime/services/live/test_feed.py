"""A feed asks once for all who listen, passes nothing over, and leaves behind who is too slow."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runtime.domain.errors import StorageUnavailableError
from runtime.services.live.feed import Feed, FeedPace, Listener
from runtime.store.live_events import EventPlace, StoredEvent

AT = datetime(2026, 1, 1, tzinfo=UTC)
BEGIN = EventPlace(position=1)


def an_event(position: int, project_id: str = "prj_1") -> StoredEvent:
    """Build an event at a place of its own."""
    return StoredEvent(
        place=EventPlace(position=position, id=f"evt_{position}"),
        project_id=project_id,
        type="plan.executed",
        document="{}",
        created_at=AT,
    )


@dataclass(slots=True)
class Stored:
    """Answer as storage would, and count how often it is asked."""

    events: list[StoredEvent] = field(default_factory=list)
    asked: int = 0
    down: int = 0
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, places: Mapping[str, EventPlace]) -> Sequence[StoredEvent]:
        """Return what comes behind places."""
        self.asked += 1
        self.told.set()
        if self.down:
            self.down -= 1
            raise StorageUnavailableError(reason="test")
        return [
            event
            for event in self.events
            if event.project_id in places and event.place > places[event.project_id]
        ]


PACE = FeedPace(busy_s=0.005, idle_s=0.01)


async def _arrived(listener: Listener) -> list[int]:
    async with asyncio.timeout(5):
        await listener.arrived.wait()
    return [event.place.position for event in listener.fetched()]


async def test_each_listener_of_a_project_gets_its_events() -> None:
    """Listeners share a query, and hear of their own project alone."""
    stored = Stored()
    feed = Feed(stored.read, pace=PACE)
    one, two, other = Listener("prj_1"), Listener("prj_1"), Listener("prj_2")
    for listener in (one, two, other):
        feed.add(listener, horizon=BEGIN)

    stored.events += [an_event(2), an_event(3), an_event(4, "prj_2")]
    heard = [await _arrived(listener) for listener in (one, two, other)]
    await feed.close()

    assert heard == [[2, 3], [2, 3], [4]]


async def test_a_feed_goes_on_after_storage_was_away() -> None:
    """What happened meanwhile is told once storage answers."""
    stored = Stored(events=[an_event(2)], down=2)
    feed, listener = Feed(stored.read, pace=PACE), Listener("prj_1")
    feed.add(listener, horizon=BEGIN)

    heard = await _arrived(listener)
    await feed.close()

    assert heard == [2]
    assert stored.asked >= 3


async def test_a_feed_that_is_woken_looks_at_once() -> None:
    """What this process writes does not wait for the next look."""
    stored = Stored()
    feed, listener = Feed(stored.read, pace=FeedPace(busy_s=60, idle_s=60)), Listener("prj_1")
    feed.add(listener, horizon=BEGIN)
    await stored.told.wait()
    stored.events.append(an_event(2))

    feed.wake()

    assert await _arrived(listener) == [2]
    await feed.close()


async def test_a_feed_that_nobody_listens_to_ends() -> None:
    """Who left costs nothing any more, and leaving twice does no harm."""
    stored = Stored()
    feed, listener = Feed(stored.read, pace=PACE), Listener("prj_1")
    feed.add(listener, horizon=BEGIN)
    await stored.told.wait()

    feed.remove(listener)
    feed.remove(listener)
    async with asyncio.timeout(5):
        while feed.needed:  # noqa: ASYNC110  # its task ends by itself
            await asyncio.sleep(0.001)

    assert not feed.needed
    await feed.close()


def test_who_is_too_slow_is_left_behind() -> None:
    """A queue that is full is emptied, and takes nothing until its reader begins again."""
    listener = Listener("prj_1", most_waiting=2)
    for position in (2, 3, 4, 5):
        listener.take(an_event(position))

    assert listener.overrun
    assert listener.fetched() == ()
    listener.begin_again()
    listener.take(an_event(6))
    assert [event.place.position for event in listener.fetched()] == [6]
