"""Keep the latest news in order, so that a page that was cut off can catch up.

An id is `EPOCH-NUMBER`; another epoch is another process, whose news nobody here knows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

import orjson

from runtime.public import JsonObject

KEPT: Final = 512
MOST_DIGITS: Final = 18
CHANGED: Final = "changed"
PROGRESS: Final = "progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Tell one thing: that the list changed, or how far a run is."""

    id: str
    name: str
    told: JsonObject

    def document(self) -> JsonObject:
        """Return the event for a page that polls."""
        return {"id": self.id, "name": self.name, "told": self.told}

    def lines(self) -> bytes:
        """Return the event as one message of a stream of server-sent events."""
        data = orjson.dumps(self.told).decode()
        return f"id: {self.id}\nevent: {self.name}\ndata: {data}\n\n".encode()


class EventLog:
    """Number the news and wake whoever waits for some; used from one event loop."""

    def __init__(self, epoch: str, *, kept: int = KEPT) -> None:
        self._epoch = epoch
        self._events: deque[Event] = deque(maxlen=kept)
        self._number = 0
        self._news = asyncio.Event()
        self.closed = False

    @property
    def latest(self) -> str:
        """Return the id of the last event."""
        return self._id(self._number)

    def add(self, name: str, told: JsonObject) -> None:
        """Tell something."""
        self._number += 1
        self._events.append(Event(id=self._id(self._number), name=name, told=told))
        self._wake()

    def after(self, seen: str) -> list[Event]:
        """Return what was told since; one `changed` where that is not known any more."""
        epoch, _, number = seen.rpartition("-")
        oldest = self._number - len(self._events)
        is_known = epoch == self._epoch and number.isdecimal() and len(number) <= MOST_DIGITS
        if not is_known or not oldest <= int(number) <= self._number:
            return [Event(id=self.latest, name=CHANGED, told={})]
        return list(self._events)[int(number) - oldest :]

    async def news(self, *, timeout_s: float) -> bool:
        """Wait until something is told or the log is closed; say false when the time is over."""
        waited = self._news
        try:
            async with asyncio.timeout(timeout_s):
                await waited.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """End every stream."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _id(self, number: int) -> str:
        return f"{self._epoch}-{number}"
