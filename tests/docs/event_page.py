"""Spell the page about events from the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import orjson

from runtime.domain.event_catalogue import EVENT_TYPES, EVENTS_KEPT, read_with
from runtime.domain.event_type import EventType, Reach
from runtime.kit.json_value import JsonObject, JsonValue

_REACH: Final[Mapping[Reach, str]] = {
    Reach.PROJECT: "a project",
    Reach.ORGANIZATION: "the organization",
    Reach.EITHER: "a project or the organization",
}
_HEAD: Final = """# Events

Written by `python -m tests.docs.renew_events` from the catalogue; don't edit it.

An event is a fact that is stored in the commit that makes it so. [Webhooks](webhooks.md) deliver
events to other systems, and `GET /v1/projects/{{project}}/events` streams those of a project. `GET
/v1/event-types` returns this page for programs, with the JSON Schema (2020-12) of each type.

- Names stay. A version of a type may get further fields: ignore those that you don't know. What is
  taken away, or means something else, makes the next version.
- Events are kept for {kept} days.
- An event happens once and may arrive more often: its id tells. Those of one commit are ordered by
  their ids.
- Filters take names, or all of a group: `plan.*`.

## Following a project live

`GET /v1/projects/{{project}}/events` answers `text/event-stream`: `id` is a cursor, `event` the
type, `data` the event:

```json
{live}
```

The stream begins now. A reader who comes back sends the last `id` as `Last-Event-ID` (browsers do
by themselves) or `?after=`, and misses nothing. `?types=plan.*,limit.reached` chooses. A comment
every 15 s is a sign of life. An event called `error` says why the stream ends: `token_refused`,
`not_found` or `not_allowed` (the reader may see it no more, which is looked at every few seconds),
`too_slow` and `closing` (connect again). A credential has 10 streams, a process 200; the next one
is answered 429. A cursor from before what is kept is answered 410. Who accepts `application/json`
alone gets pages of up to 200 events, the oldest first: `items`, `cursor` for the next page, `more`.

What is shown takes the scope of its kind, which stands at each type below; events of webhook
endpoints are for the project's admins. Events of the organization alone are in no stream.

## Types

| Type | Tells | Belongs to |
|---|---|---|
"""
_LIVE: Final[JsonObject] = {
    "id": "evt_01KDVDNA00ADB7E3Q4XN5M6WZT",
    "type": "plan.executed",
    "version": 1,
    "timestamp": "2026-01-01T00:00:00Z",
    "project": "prj_01KDVDNA00ADB7E3Q4XN5M6WZT",
    "data": EVENT_TYPES["plan.executed"].example,
}


def event_page() -> str:
    """Return the page."""
    head = _HEAD.format(kept=EVENTS_KEPT.days, live=_spelled(_LIVE))
    rows = [f"| [`{item.name}`](#{_anchor(item.name)}) | {item.tells} | {_REACH[item.reach]} |"
            for item in EVENT_TYPES.values()]  # fmt: skip
    parts = ["\n".join(_described(item)) for item in EVENT_TYPES.values()]
    return head + "\n".join(rows) + "\n\n" + "\n\n".join(parts) + "\n"


def _described(item: EventType) -> Iterator[str]:
    scope = read_with(item.name)
    yield f"### {item.name}"
    yield ""
    yield f"{item.tells} Version {item.version}; live with the scope `{scope}`."
    yield ""
    schema = item.schema()
    properties: JsonObject = schema.get("properties", {})
    if properties:
        yield "| Field | Type | |"
        yield "|---|---|---|"
        for name, told in properties.items():
            yield f"| `{name}` | {_type(told)} | {told.get('description', '')} |"
        yield ""
    yield "```json"
    yield _spelled(item.example)
    yield "```"


def _type(told: JsonObject) -> str:
    if "anyOf" in told:
        return " or ".join(_type(item) for item in told["anyOf"])
    if "$ref" in told:
        return f"`{str(told['$ref']).rpartition('/')[2]}`"
    if "const" in told:
        return f"`{told['const']}`"
    if "enum" in told:
        return ", ".join(f"`{item}`" for item in told["enum"])
    if told.get("format") == "date-time":
        return "instant"
    return str(told.get("type", "any"))


def _spelled(value: JsonValue) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _anchor(name: str) -> str:
    return name.replace(".", "")
