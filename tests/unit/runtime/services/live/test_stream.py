"""A stream tells what was missed and what comes, signs of life, and why it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runtime.domain.errors import CredentialRefusedError, StorageUnavailableError
from runtime.domain.scope import Scope
from runtime.kit.clock import SystemClock
from runtime.services.live.feed import MOST_READ, MOST_WAITING, Feed, FeedPace
from runtime.services.live.rights import Sight
from runtime.services.live.stream import (
    TOO_SLOW,
    Ended,
    Heartbeat,
    Item,
    LiveEvent,
    LivePace,
    LiveStream,
    Opened,
)
from runtime.store.live_events import EventPlace, StoredEvent

QUICK = FeedPace(busy_s=0.005, idle_s=0.01)
ALL = Sight(scopes=frozenset(Scope), admin=True, types=())


def an_event(position: int, kind: str = "plan.executed") -> StoredEvent:
    """Build an event at a place of its own."""
    return StoredEvent(
        place=EventPlace(position=position, id=f"evt_{position}"),
        project_id="prj_1",
        type=kind,
        document="{}",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@dataclass(slots=True)
class Scene:
    """Hold storage, what its reader may see by now, and streams that were closed."""

    events: list[StoredEvent] = field(default_factory=list)
    down: bool = False
    refused: bool = False
    closed: list[LiveStream] = field(default_factory=list)

    async def read(self, places: Mapping[str, EventPlace]) -> Sequence[StoredEvent]:
        """Return what comes behind a place."""
        if self.down:
            raise StorageUnavailableError(reason="test")
        return [event for event in self.events if event.place > places["prj_1"]][:MOST_READ]

    async def again(self) -> Sight:
        """Say what the reader may see."""
        if self.refused:
            raise CredentialRefusedError
        return ALL

    def stream(self, *, sight: Sight = ALL, pace: LivePace | None = None) -> LiveStream:
        """Open a stream from the beginning on."""
        return LiveStream(
            Opened(
                project_id="prj_1",
                place=EventPlace(position=0),
                horizon=EventPlace(position=0),
                sight=sight,
                again=self.again,
                feed=Feed(self.read, pace=QUICK),
                closed=self.closed.append,
            ),
            clock=SystemClock(),
            pace=pace or LivePace(feed=QUICK),
        )


async def _first(stream: LiveStream, count: int) -> list[Item]:
    found: list[Item] = []
    async with asyncio.timeout(10):
        async for item in stream.items():
            found.append(item)
            if len(found) == count:
                break
    stream.close()
    return found


def _places(items: Sequence[Item]) -> list[int]:
    return [item.event.place.position for item in items if isinstance(item, LiveEvent)]


async def test_what_was_missed_comes_before_what_comes() -> None:
    """More than one read's worth is told in order, and nothing twice though the feed tells it."""
    missed = MOST_READ * 2 + 10
    scene = Scene(events=[an_event(number) for number in range(1, missed + 1)])
    stream = scene.stream()
    items = stream.items()

    async with asyncio.timeout(10):
        found = [await anext(items) for _ in range(missed)]
        scene.events.append(an_event(missed + 1))
        found.append(await anext(items))
    await items.aclose()

    assert _places(found) == list(range(1, missed + 2))


async def test_what_a_reader_may_not_see_is_left_out() -> None:
    """The place moves on behind it all the same."""
    scene = Scene(events=[an_event(1, "token.created"), an_event(2)])
    sight = Sight(scopes=frozenset({Scope.OUTCOMES_READ}), admin=False, types=())

    assert _places(await _first(scene.stream(sight=sight), 1)) == [2]


async def test_silence_has_signs_of_life() -> None:
    """A reader learns that nothing happened, rather than that nobody is there."""
    pace = LivePace(feed=QUICK, heartbeat_s=0.02, checked_s=0.005)

    found = await _first(Scene().stream(pace=pace), 3)

    assert found == [Heartbeat()] * 3


async def test_who_may_see_no_more_is_told_so() -> None:
    """The stream ends with the reason, also where nothing happens."""
    scene = Scene(refused=True)

    found = await _first(scene.stream(pace=LivePace(feed=QUICK, checked_s=0.02)), 1)

    assert isinstance(found[0], Ended)
    assert found[0].code == CredentialRefusedError.code


async def test_a_reader_who_stands_still_is_cut_off() -> None:
    """What is kept for a reader is bounded; one who comes back is told to begin again."""
    scene = Scene(events=[an_event(1)])
    stream = scene.stream()
    items = stream.items()
    await anext(items)
    waiting = asyncio.ensure_future(anext(items))
    await asyncio.sleep(0)
    scene.events.append(an_event(2))
    async with asyncio.timeout(10):
        await waiting

    scene.events += [an_event(number) for number in range(3, MOST_WAITING + 10)]
    async with asyncio.timeout(10):
        while not stream.overrun:  # noqa: ASYNC110  # the feed's task fills it
            await asyncio.sleep(0.005)
        rest = [item async for item in items]

    assert rest[-1] == TOO_SLOW
    assert len(rest) == 1
    assert scene.closed == [stream]


async def test_storage_that_is_away_ends_a_stream_that_has_to_catch_up() -> None:
    """Its reader comes back with the last event's id."""
    found = await _first(Scene(down=True).stream(), 1)

    assert isinstance(found[0], Ended)
    assert found[0].code == StorageUnavailableError.code


async def test_an_end_is_told_once_and_closes() -> None:
    """Closing again does nothing."""
    scene = Scene()
    stream = scene.stream()
    stream.end()

    found = [item async for item in stream.items()]
    stream.close()

    assert [item.code for item in found if isinstance(item, Ended)] == ["closing"]
    assert scene.closed == [stream]
