"""Ask the operations on events of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from runtime.client.documents.events import EventTypeOut, EventTypesOut
from runtime.client.event_lines import SentEvent, sent_events
from runtime.client.request import Request, path_of
from runtime.client.transport import Transport


class Events:
    """Ask the operations on events."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list_types(self) -> EventTypesOut:
        """Return what can be subscribed to; any credential may ask."""
        answer: EventTypesOut = self._transport.ask(
            Request(method="GET", path=path_of("event-types"))
        )
        return answer

    def read_type(self, name: str) -> EventTypeOut:
        """Return what events of a type say."""
        answer: EventTypeOut = self._transport.ask(
            Request(method="GET", path=path_of("event-types", name))
        )
        return answer

    def list(
        self,
        project_id: str,
        *,
        types: Sequence[str] | None = None,
        after: str | None = None,
        limit: int | None = None,
        last_event_id: str | None = None,
    ) -> dict[str, Any]:
        """Return the events of a project as they happen, as `text/event-stream`."""
        answer: dict[str, Any] = self._transport.ask(
            Request(
                method="GET",
                path=path_of("projects", project_id, "events"),
                query={"types": types, "after": after, "limit": limit},
                headers={"Last-Event-ID": last_event_id},
            )
        )
        return answer

    @contextmanager
    def follow(
        self,
        project_id: str,
        *,
        types: Sequence[str] | None = None,
        after: str | None = None,
        limit: int | None = None,
        last_event_id: str | None = None,
    ) -> Iterator[Iterator[SentEvent]]:
        """Return the events of a project as they happen, as `text/event-stream`."""
        with self._transport.following(
            Request(
                method="GET",
                path=path_of("projects", project_id, "events"),
                query={"types": types, "after": after, "limit": limit},
                headers={"Last-Event-ID": last_event_id},
            )
        ) as lines:
            yield sent_events(lines)
