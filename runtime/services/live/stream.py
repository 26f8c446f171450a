"""Follow the events of one project for one reader, from a place on.

A stream first reads by itself what its reader missed; then a feed that others share tells it what
comes. Every few seconds it is asked anew what its reader may see.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from runtime.domain.caller import Caller
from runtime.domain.errors import DomainError
from runtime.kit.clock import Clock
from runtime.kit.cursors import encode_cursor
from runtime.services.live.feed import MOST_READ, Feed, FeedPace, Listener
from runtime.services.live.rights import Sight
from runtime.store.live_events import EventPlace, StoredEvent

Again: TypeAlias = Callable[[], Awaitable[Caller]]
"""Return whose credential it is by now, or raise as `Authentication.caller_of` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePace:
    """Say how often a stream does what, in seconds.

    What is asked about readers may be three seconds old; so who may see no more sees no more
    within five.
    """

    feed: FeedPace = field(default_factory=FeedPace)
    checked_s: float = 2.0
    heartbeat_s: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """Hold an event, and the cursor behind it."""

    event: StoredEvent
    cursor: str

    @classmethod
    def of(cls, event: StoredEvent) -> LiveEvent:
        """Return an event with its cursor."""
        return cls(
            event=event, cursor=cursor_of(event.project_id, event.place, at=event.created_at)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Say that the stream is there, though nothing happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Say why a stream ends."""

    code: str
    reason: str


Item: TypeAlias = LiveEvent | Heartbeat | Ended

TOO_SLOW: Final = Ended(
    code="too_slow",
    reason="events came faster than they were read: connect again with the last event's id",
)
CLOSING: Final = Ended(
    code="closing", reason="this server ends: connect again with the last event's id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Hold what a stream is made of.

    Attributes:
        place: behind which its reader wants to hear.
        horizon: the place of now, before the stream listened.
        sight: what the reader may see.
        again: says what they may see by now.
        feed: tells what comes.
        closed: is told of the end, once.
    """

    project_id: str
    place: EventPlace
    horizon: EventPlace
    sight: Sight
    again: Callable[[], Awaitable[Sight]]
    feed: Feed
    closed: Callable[[LiveStream], None]


class LiveStream:
    """Yield items until the reader goes, or may see no more; belongs to one event loop."""

    def __init__(self, opened: Opened, *, clock: Clock, pace: LivePace) -> None:
        self._opened = opened
        self._monotonic_s = clock.monotonic_s
        self._pace = pace
        self._place = opened.place
        self._sight = opened.sight
        self._listener = Listener(opened.project_id)
        self._ending = False
        self._over = False
        self._checked_s = self._told_s = clock.monotonic_s()
        opened.feed.add(self._listener, horizon=opened.horizon)

    @property
    def overrun(self) -> bool:
        """Say whether more came than is kept for its reader."""
        return self._listener.overrun

    def end(self) -> None:
        """Let the stream end soon, and say why."""
        self._ending = True
        self._listener.arrived.set()

    def close(self) -> None:
        """Listen no more; again if that was done."""
        if not self._over:
            self._over = True
            self._opened.feed.remove(self._listener)
            self._opened.closed(self)

    async def items(self) -> AsyncGenerator[Item]:
        """Yield events, signs of life, and in the end why it is the end."""
        try:
            behind = True
            while True:
                ended = await self._ended(behind=behind)
                if ended is not None:
                    yield ended
                    return
                try:
                    found = await self._missed() if behind else self._listener.fetched()
                except DomainError as error:
                    yield _ended_by(error)
                    return
                behind = behind and (len(found) >= MOST_READ or self._listener.overrun)
                for event in self._shown(found):
                    self._told_s = self._monotonic_s()
                    yield LiveEvent.of(event)
                if not behind and not await self._something():
                    yield Heartbeat()
        finally:
            self.close()

    async def _ended(self, *, behind: bool) -> Ended | None:
        """Say why the stream ends now, if it does."""
        if self._ending:
            return CLOSING
        if self._listener.overrun and not behind:
            return TOO_SLOW
        if self._monotonic_s() - self._checked_s < self._pace.checked_s:
            return None
        try:
            self._sight = await self._opened.again()
        except DomainError as error:
            return _ended_by(error)
        self._checked_s = self._monotonic_s()
        return None

    async def _missed(self) -> Sequence[StoredEvent]:
        """Read what comes next; what the feed told before is among it, or behind it."""
        self._listener.begin_again()
        return await self._opened.feed.read(self._opened.project_id, self._place)

    def _shown(self, found: Sequence[StoredEvent]) -> Iterator[StoredEvent]:
        """Go on behind events, and yield those that the reader sees."""
        for event in found:
            if event.place <= self._place:
                continue
            self._place = event.place
            if self._sight.shows(event.type):
                yield event

    async def _something(self) -> bool:
        """Wait for something to do; say False where a sign of life is due instead."""
        now_s = self._monotonic_s()
        quiet_until_s = self._told_s + self._pace.heartbeat_s
        until_s = min(quiet_until_s, self._checked_s + self._pace.checked_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until_s - now_s)):
                await self._listener.arrived.wait()
            return True
        if self._monotonic_s() < quiet_until_s:
            return True
        self._told_s = self._monotonic_s()
        return False


def _ended_by(error: DomainError) -> Ended:
    return Ended(code=error.code, reason=str(error))


def cursor_of(project_id: str, place: EventPlace, *, at: datetime) -> str:
    """Spell a place of a project as callers keep it."""
    return encode_cursor([project_id, place.position, place.id, int(at.timestamp())])
