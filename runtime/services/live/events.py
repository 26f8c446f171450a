"""Let callers follow the events of a project as they happen, and page through those that did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.domain.caller import Caller
from runtime.domain.errors import CursorExpiredError, CursorUnknownError, StreamsBusyError
from runtime.domain.event_catalogue import EVENTS_KEPT
from runtime.kit.clock import Clock
from runtime.kit.cursors import CursorError, decode_cursor
from runtime.kit.json_value import JsonValue
from runtime.services.identity.access import Access
from runtime.services.live.feed import MOST_READ, Feed
from runtime.services.live.rights import Sight, sight_of
from runtime.services.live.stream import (
    Again,
    LiveEvent,
    LivePace,
    LiveStream,
    Opened,
    cursor_of,
)
from runtime.store.live_events import EventPlace, StoredEvent, events_after, horizon
from runtime.store.session import Database

MOST_STREAMS: Final = 200
"""Of one process."""
MOST_OF_CREDENTIAL: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Say what of a project a caller wants to hear.

    Attributes:
        types: of events, exactly or with a trailing `.*`; empty: all that they may see.
        after: a cursor; None: from now on.
    """

    types: tuple[str, ...] = ()
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Hold a part of a project's events, and the cursor behind it; `more` were there to read."""

    events: tuple[LiveEvent, ...]
    cursor: str
    more: bool


class LiveEvents:
    """Open streams; belongs to one event loop."""

    def __init__(
        self, *, database: Database, access: Access, clock: Clock, pace: LivePace | None = None
    ) -> None:
        self._database = database
        self._access = access
        self._clock = clock
        self._pace = pace or LivePace()
        self._feeds: dict[str, Feed] = {}
        self._streams: set[LiveStream] = set()
        self._of_credential = Counter[str]()
        self._ending = False

    async def page(
        self, caller: Caller, project_id: str, *, wanted: Wanted, limit: int
    ) -> EventPage:
        """Return events after a cursor, or the oldest that are kept.

        A page may be empty though there are more: of those that were read, none is to be shown.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the credential was not made for a type that is asked for, or for any.
            CursorUnknownError, CursorExpiredError: of the cursor.
            StorageUnavailableError: the database can't be asked.
        """
        sight = await self._sight(caller, project_id, types=wanted.types)
        begin = EventPlace(position=0)
        if wanted.after is not None:
            begin = self._place(wanted.after, project_id, now=await horizon(self._database))
        found = await self._read(
            caller.organization_id, {project_id: begin}, most=min(limit, MOST_READ) + 1
        )
        kept = found[:limit]
        last = cursor_of(project_id, begin, at=self._clock.now())
        if kept:
            last = cursor_of(project_id, kept[-1].place, at=kept[-1].created_at)
        return EventPage(
            events=tuple(LiveEvent.of(event) for event in kept if sight.shows(event.type)),
            cursor=last,
            more=len(found) > limit,
        )

    async def open(
        self, caller: Caller, project_id: str, *, wanted: Wanted, again: Again
    ) -> LiveStream:
        """Begin a stream; whoever asks for it has to close it.

        Raises:
            NotFoundError, NotAllowedError, CursorUnknownError, CursorExpiredError,
                StorageUnavailableError: as `page` does.
            StreamsBusyError: the credential has as many as it may, or the process.
        """
        sight = await self._sight(caller, project_id, types=wanted.types)
        now = await horizon(self._database)
        place = now if wanted.after is None else self._place(wanted.after, project_id, now=now)
        self._refuse_more(caller.credential_id)
        organization_id = caller.organization_id
        feed = self._feed(organization_id)

        async def seen_again() -> Sight:
            return await self._sight(await again(), project_id, types=wanted.types)

        stream = LiveStream(
            Opened(
                project_id=project_id,
                place=place,
                horizon=now,
                sight=sight,
                again=seen_again,
                feed=feed,
                closed=self._closed(caller),
            ),
            clock=self._clock,
            pace=self._pace,
        )
        self._streams.add(stream)
        self._of_credential[caller.credential_id] += 1
        return stream

    def wake(self, organization_id: str) -> None:
        """Look at once for what an organization's projects have to tell."""
        feed = self._feeds.get(organization_id)
        if feed is not None:
            feed.wake()

    def end(self) -> None:
        """Let every stream end, and none begin."""
        self._ending = True
        for stream in self._streams:
            stream.end()

    async def close(self) -> None:
        """End, and stop reading."""
        self.end()
        for feed in tuple(self._feeds.values()):
            await feed.close()

    async def _sight(self, caller: Caller, project_id: str, *, types: tuple[str, ...]) -> Sight:
        return sight_of(caller, await self._access.principal(caller, project_id), types=types)

    def _feed(self, organization_id: str) -> Feed:
        """Return who reads for an organization, and forget those whom nobody needs."""
        self._feeds = {key: feed for key, feed in self._feeds.items() if feed.needed}
        feed = self._feeds.get(organization_id)
        if feed is None:
            feed = self._feeds[organization_id] = self._new_feed(organization_id)
        return feed

    def _new_feed(self, organization_id: str) -> Feed:
        async def read(places: Mapping[str, EventPlace]) -> Sequence[StoredEvent]:
            return await self._read(organization_id, places, most=MOST_READ)

        return Feed(read, pace=self._pace.feed)

    async def _read(
        self, organization_id: str, places: Mapping[str, EventPlace], *, most: int
    ) -> Sequence[StoredEvent]:
        async with self._database.transaction(organization_id, read_only=True) as connection:
            return await events_after(
                connection, places, organization_id=organization_id, most=most
            )

    def _refuse_more(self, credential_id: str) -> None:
        if self._ending:
            raise StreamsBusyError(found="this server ends")
        if len(self._streams) >= MOST_STREAMS:
            raise StreamsBusyError(found=f"{MOST_STREAMS} are open here, as many as may be")
        if self._of_credential[credential_id] >= MOST_OF_CREDENTIAL:
            found = f"{MOST_OF_CREDENTIAL} of this credential are open, as many as may be"
            raise StreamsBusyError(found=found)

    def _closed(self, caller: Caller) -> Callable[[LiveStream], None]:
        def closed(stream: LiveStream) -> None:
            self._streams.discard(stream)
            self._of_credential -= Counter({caller.credential_id: 1})

        return closed

    def _place(self, cursor: str, project_id: str, *, now: EventPlace) -> EventPlace:
        """Read a cursor.

        Raises:
            CursorUnknownError, CursorExpiredError: it can't be gone on from.
        """
        try:
            project, position, event_id, at_s = _parts(decode_cursor(cursor))
        except CursorError as error:
            raise CursorUnknownError(found=str(error)) from None
        if project != project_id:
            raise CursorUnknownError(found="it is of another project")
        if position > now.position:
            raise CursorUnknownError(found="it is of another database")
        if at_s < (self._clock.now() - EVENTS_KEPT).timestamp():
            raise CursorExpiredError(kept_days=EVENTS_KEPT.days)
        return EventPlace(position=position, id=event_id)


def _parts(key: JsonValue) -> tuple[str, int, str, int]:
    match key:
        case [str(project), int(position), str(event_id), int(at_s)]:
            return project, position, event_id, at_s
        case _:
            raise CursorError("it is of another list")
