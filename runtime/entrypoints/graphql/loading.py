"""Load what rows name: all that a request names of one kind by one question, and each thing once.

A list says beforehand what its rows may be asked for, so that its pages don't ask one by one. What
is loaded is answered at once, without anything to await: rows are many, and each await is work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar, cast

from runtime.domain.errors import NotFoundError

MOST_LOADED: Final = 1_000

T = TypeVar("T")
Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Name something of a tenant: what a loader remembers it by.

    Attributes:
        project_id: empty for what is of the organization itself.
    """

    organization_id: str
    project_id: str = ""
    id: str


Find: TypeAlias = Callable[[tuple[Place, ...]], Awaitable[Mapping[Place, T]]]
"""Return what was found of up to `MOST_LOADED` things."""


class Loader(Generic[T]):
    """Remember, for one request, what its rows name."""

    def __init__(self, kind: str, find: Find[T]) -> None:
        """Take what asks for things, and what they are called where there is none."""
        self._kind = kind
        self._find = find
        self._known: dict[Place, asyncio.Future[T]] = {}
        self._waiting: list[Place] = []
        self._expected: set[Place] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def expect(self, places: Iterable[Place]) -> None:
        """Ask for some things together with the first that is asked for; if none is, for none."""
        self._expected.update(places)

    def get(self, place: Place) -> T | asyncio.Future[T]:
        """Return something, or what to await for it.

        Raises:
            DomainError: as what asks for it does; here, or where it is awaited.
        """
        found = self._known.get(place)
        if found is None:
            found = self._asked_for(place)
        return found.result() if found.done() else found

    def _asked_for(self, place: Place) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._begin)
        expected, self._expected = self._expected, set()
        for item in (place, *expected):
            if item not in self._known:
                self._known[item] = loop.create_future()
                self._waiting.append(item)
        return self._known[place]

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), MOST_LOADED):
            task = asyncio.create_task(self._load(tuple(waiting[start : start + MOST_LOADED])))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _load(self, places: tuple[Place, ...]) -> None:
        try:
            found = await self._find(places)
        except Exception as error:  # noqa: BLE001  # told to each who waits
            for place in places:
                self._fail(place, error)
            return
        for place in places:
            if place in found:
                self._known[place].set_result(found[place])
            else:
                self._fail(place, NotFoundError(kind=self._kind, id=place.id))

    def _fail(self, place: Place, error: Exception) -> None:
        future = self._known[place]
        future.set_exception(error)
        future.exception()  # whoever was only expected is awaited by nobody


def shown_of(found: T | asyncio.Future[T], show: Callable[[T], Shown]) -> Shown:
    """Return how something reads; where it is not there yet, what the library awaits for it."""
    if isinstance(found, asyncio.Future):
        return cast("Shown", _later(found, show))
    return show(found)


async def _later(found: asyncio.Future[T], show: Callable[[T], Shown]) -> Shown:
    return show(await found)
