"""An event of a stream has the bound of an answer, and the stream goes on behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import orjson

from runtime.entrypoints.graphql.refusals import MOST_ANSWER_BYTES
from runtime.entrypoints.graphql.stream import SubscriptionResponse
from runtime.entrypoints.graphql.wiring import ProjectEvent
from runtime.kit.json_value import JsonObject
from runtime.services.live.stream import LiveEvent
from runtime.store.live_events import EventPlace, StoredEvent


class Told:
    """Yield two events."""

    def __init__(self) -> None:
        """Begin with the first."""
        self._left = [1, 2]

    def __aiter__(self) -> AsyncIterator[LiveEvent]:
        """Return itself."""
        return self

    async def __anext__(self) -> LiveEvent:
        """Return the next event."""
        if not self._left:
            raise StopAsyncIteration
        place = EventPlace(position=self._left.pop(0), id="evt_1")
        event = StoredEvent(
            place=place, project_id="prj_1", type="plan.executed", document="{}",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        return LiveEvent.of(event)

    async def aclose(self) -> None:
        """Hold nothing."""


async def test_an_event_that_is_too_large_is_told_as_an_error() -> None:
    """And the next one as it is."""
    documents: list[JsonObject] = [{"data": "x" * MOST_ANSWER_BYTES}, {"data": "small"}]

    async def show(_: ProjectEvent) -> JsonObject:
        return documents.pop(0)

    response = SubscriptionResponse(Told(), show)
    parts = [part async for part in response.body_iterator if isinstance(part, bytes)]

    large, small = (
        orjson.loads(part.partition(b"data: ")[2]) for part in parts if b"data: {" in part
    )
    assert large["data"] is None
    assert large["errors"][0]["extensions"] == {"code": "answer_too_large", "status": 422}
    assert small == {"data": "small"}
