"""Let those who have the newest rules wait for newer ones, many of them and for little.

Whoever waits holds no connection to the database. While anybody waits for an organization, what
tells its rules from others is read once a second, or twice where many wait, whichever replica
changes them; a change that this process makes ends the waiting at once. Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias, TypeVar

POLL_S: Final = 1.0
MOST_WAITING: Final = 1_000
MOST_READS: Final = 2
"""How many are read at a time: connections are there for others."""

Gone: TypeAlias = Callable[[], Awaitable[bool]]
"""Say whether whoever waits has gone away."""


class Dated(Protocol):
    """Hold what was read, for those who wait for something else."""

    @property
    def stamp(self) -> Hashable:
        """Return what is otherwise when something else is to be read."""
        ...

    @property
    def etag(self) -> str:
        """Return what tells it from another."""
        ...

    @property
    def good_for_s(self) -> float:
        """Return in how many seconds it is to be read again, whatever the stamp is."""
        ...


_Read = TypeVar("_Read", bound=Dated)


@dataclass(slots=True)
class _Place:
    """Hold what those share who wait for one organization."""

    waiting: int = 0
    told: asyncio.Event = field(default_factory=asyncio.Event)
    told_at_s: float = float("-inf")
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    read_at_s: float = float("-inf")
    stamp: Hashable = None


class _Waiter:
    """Wait for one organization."""

    def __init__(self, watch: RulesWatch, key: str, *, place: _Place) -> None:
        self._watch = watch
        self._key = key
        self._place = place
        self._told = place.told

    def look(self) -> None:
        """Take what is read from now on for new: what is told of later ends the next wait."""
        self._told = self._place.told

    async def changed(self, stamp: Hashable, *, within_s: float, gone: Gone) -> bool:
        """Wait until the rules are others than these, and say whether they are.

        Args:
            stamp: what tells them from others, read after `look`.
            within_s: how long to wait at most.
            gone: asked now and then; whoever has gone is not waited for.

        Raises:
            DomainError: what tells them can't be read.
        """
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + within_s
        seen_s = loop.time()
        while not self._watch.ended() and (left_s := ends_s - loop.time()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self._watch.poll_s, left_s)):
                    await self._told.wait()
            if self._watch.ended() or await gone():
                return False
            self.look()
            if await self._watch.read(self._key, self._place, since_s=seen_s) != stamp:
                return True
        return False


class RulesWatch:
    """Know who waits for which organization's rules.

    Args:
        stamp_of: reads what tells an organization's rules from others.
        poll_s: how often that is read.
        most_waiting: how many may wait at all.
    """

    def __init__(
        self,
        stamp_of: Callable[[str], Awaitable[Hashable]],
        *,
        poll_s: float = POLL_S,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._stamp_of = stamp_of
        self._most_waiting = most_waiting
        self._places = dict[str, _Place]()
        self._count = 0
        self._reads = asyncio.Semaphore(MOST_READS)
        self.poll_s = poll_s
        self._ended = False

    @property
    def has_room(self) -> bool:
        """Say whether one more may wait."""
        return not self._ended and self._count < self._most_waiting

    @contextmanager
    def _waiting(self, key: str) -> Iterator[_Waiter]:
        place = self._places.setdefault(key, _Place())
        place.waiting += 1
        self._count += 1
        try:
            yield _Waiter(self, key, place=place)
        finally:
            self._count -= 1
            place.waiting -= 1
            if not place.waiting:
                del self._places[key]

    async def newer(
        self,
        key: str,
        read: Callable[[], Awaitable[_Read]],
        *,
        known: str,
        within_s: float,
        gone: Gone,
    ) -> _Read | None:
        """Return what is read once it is another than the known one; None where it never is.

        Args:
            key: for whom it is read, as `tell` names it.
            read: reads it.
            known: the ETag of the one that is known.
            within_s: how long to wait at most.
            gone: says whether nobody waits any more.

        Raises:
            DomainError: as `read` does.
        """
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + within_s
        with self._waiting(key) as waiter:
            while True:
                waiter.look()
                found = await read()
                if found.etag != known:
                    return found
                left_s = ends_s - loop.time()
                wait_s = min(left_s, found.good_for_s)
                changed = await waiter.changed(found.stamp, within_s=wait_s, gone=gone)
                if self.ended() or (not changed and (wait_s == left_s or await gone())):
                    return None

    def tell(self, key: str) -> None:
        """Let those look who wait for an organization: its rules changed just now."""
        place = self._places.get(key)
        if place is not None:
            _tell(place)

    def ended(self) -> bool:
        """Say whether nobody may wait any more."""
        return self._ended

    def close(self) -> None:
        """Let nobody wait any more."""
        self._ended = True
        for place in self._places.values():
            _tell(place)

    async def read(self, key: str, place: _Place, *, since_s: float) -> Hashable:
        """Return what tells the rules from others, not read before an instant; one reads for all.

        Raises:
            DomainError: it can't be read.
        """
        loop = asyncio.get_running_loop()
        async with place.reading:
            oldest_s = max(since_s, place.told_at_s, loop.time() - self.poll_s / 2)
            if place.read_at_s <= oldest_s:
                async with self._reads:
                    began_s = loop.time()
                    place.stamp = await self._stamp_of(key)
                    place.read_at_s = began_s
            return place.stamp


def _tell(place: _Place) -> None:
    place.told_at_s = asyncio.get_running_loop().time()
    place.told.set()
    place.told = asyncio.Event()
