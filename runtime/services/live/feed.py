"""Read an organization's new events once for all who listen to its projects in this process.

However many listen, one query at a time asks for all their projects: at once when this process
wrote something, else a few times a second. Who does not keep up is left behind: their queue is
bounded, and once it is full they get nothing any more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

from runtime.domain.errors import StorageUnavailableError
from runtime.store.live_events import EventPlace, StoredEvent

MOST_WAITING: Final = 1_000
MOST_READ: Final = 200

Read: TypeAlias = Callable[[Mapping[str, EventPlace]], Awaitable[Sequence[StoredEvent]]]
"""Return what comes after places of projects, at most `MOST_READ` of each, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPace:
    """Say how often to look, in seconds: soon after something happened, then less often."""

    busy_s: float = 0.1
    idle_s: float = 0.5
    slower: float = 1.5


class Listener:
    """Take what a feed reads of one project, for one stream."""

    def __init__(self, project_id: str, *, most_waiting: int = MOST_WAITING) -> None:
        self.project_id = project_id
        self.overrun = False
        self.arrived = asyncio.Event()
        self._most_waiting = most_waiting
        self._waiting: deque[StoredEvent] = deque()

    def take(self, event: StoredEvent) -> None:
        """Keep an event until it is fetched; what is too much is not kept, nor what follows."""
        if self.overrun or len(self._waiting) >= self._most_waiting:
            self.overrun = True
            self._waiting.clear()
        else:
            self._waiting.append(event)
        self.arrived.set()

    def fetched(self) -> Sequence[StoredEvent]:
        """Return what arrived since the last time."""
        self.arrived.clear()
        found = tuple(self._waiting)
        self._waiting.clear()
        return found

    def begin_again(self) -> None:
        """Take events again from now on."""
        self.overrun = False
        self._waiting.clear()
        self.arrived.clear()


class Feed:
    """Serve the listeners of one organization; belongs to one event loop."""

    def __init__(self, read: Read, *, pace: FeedPace) -> None:
        self._read = read
        self._pace = pace
        self._listeners: dict[str, set[Listener]] = {}
        self._places: dict[str, EventPlace] = {}
        self._woken = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    @property
    def needed(self) -> bool:
        """Say whether somebody listens, or it still reads for who listened last."""
        return bool(self._listeners) or self._reading is not None

    def add(self, listener: Listener, *, horizon: EventPlace) -> None:
        """Give a listener what comes after the place up to which their project was read.

        That place is `horizon`, or an earlier one: what is behind `horizon` is never passed over.
        """
        self._listeners.setdefault(listener.project_id, set()).add(listener)
        self._places.setdefault(listener.project_id, horizon)
        if self._reading is None:
            self._reading = asyncio.create_task(self._run(), name="read live events")

    def remove(self, listener: Listener) -> None:
        """Give a listener nothing more; a project that nobody listens to is not read."""
        others = self._listeners.get(listener.project_id)
        if others is None:
            return
        others.discard(listener)
        if not others:
            del self._listeners[listener.project_id], self._places[listener.project_id]
        if not self._listeners:
            self._woken.set()

    async def read(self, project_id: str, place: EventPlace) -> Sequence[StoredEvent]:
        """Return what comes after a place of a project, for who missed something.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        return await self._read({project_id: place})

    def wake(self) -> None:
        """Look at once: something was written here."""
        self._woken.set()

    async def close(self) -> None:
        """Stop reading."""
        reading = self._reading
        if reading is not None:
            reading.cancel()
            await asyncio.wait({reading})

    async def _run(self) -> None:
        """Read until nobody listens any more."""
        try:
            await self._read_on()
        finally:
            self._reading = None

    async def _read_on(self) -> None:
        pause_s = self._pace.busy_s
        while self._listeners:
            self._woken.clear()
            try:
                found = await self._read(dict(self._places))
            except StorageUnavailableError:
                found = ()
            self._hand_on(found)
            if len(found) >= MOST_READ:
                continue
            pause_s = (
                self._pace.busy_s if found else min(self._pace.idle_s, pause_s * self._pace.slower)
            )
            await self._pause(pause_s)

    def _hand_on(self, found: Sequence[StoredEvent]) -> None:
        for event in found:
            if event.project_id not in self._places:
                continue  # who listened left meanwhile
            self._places[event.project_id] = event.place
            for listener in self._listeners[event.project_id]:
                listener.take(event)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
