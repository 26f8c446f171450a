"""Tell callers which types of events there are, and what each of them says."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from runtime.domain.errors import NotFoundError
from runtime.domain.event_catalogue import EVENT_TYPES, read_with
from runtime.domain.event_type import EventType, Reach
from runtime.domain.scope import Scope
from runtime.entrypoints.rest.context import Reading
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.kit.json_value import JsonObject

router = APIRouter(
    prefix="/v1/event-types", tags=["events"], route_class=PlatformRoute, responses=PROBLEMS
)


class EventTypeOut(BaseModel):
    """Describe a type of event.

    Attributes:
        tells: what happened, in a sentence.
        reach: what such events belong to.
        scope: what a credential needs to follow them live.
        data_schema: the JSON Schema (2020-12) of what they say; fields may be added to a version.
        example: of what they say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int
    tells: str
    reach: Reach
    scope: Scope | None
    data_schema: JsonObject
    example: JsonObject


class EventTypesOut(BaseModel):
    """List all types of events, in alphabetical order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[EventTypeOut, ...]


@router.get("")
async def list_event_types(_: Reading) -> EventTypesOut:
    """Return what can be subscribed to; any credential may ask."""
    return EventTypesOut(items=tuple(_shown(name) for name in EVENT_TYPES))


@router.get("/{name}")
async def read_event_type(name: Annotated[str, Path(max_length=100)], _: Reading) -> EventTypeOut:
    """Return what events of a type say."""
    if name not in EVENT_TYPES:
        raise NotFoundError(kind="type of event", id=name)
    return _shown(name)


@cache
def _shown(name: str) -> EventTypeOut:
    item: EventType = EVENT_TYPES[name]
    return EventTypeOut(
        name=name,
        version=item.version,
        tells=item.tells,
        reach=item.reach,
        scope=read_with(name),
        data_schema=item.schema(),
        example=item.example,
    )
