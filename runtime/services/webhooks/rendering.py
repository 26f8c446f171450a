"""Spell an event as an endpoint wants it; the same event gives the same bytes in every attempt.

The lanes call it for each attempt. What an event says goes in as it is stored; a THIN one keeps
its ids only. What would be too large is sent without its outcome, or else thin, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from types import MappingProxyType
from typing import Final

import orjson

from runtime.domain.event_catalogue import EVENT_TYPES
from runtime.domain.webhook import Endpoint, EventToSend, PayloadForm, WebhookFormat
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.webhooks.chat_messages import slack_message, teams_message

LARGEST_BODY_BYTES: Final = 1_000_000
"""Below what the way out takes."""
JSON_TYPE: Final = "application/json"
CLOUDEVENTS_TYPE: Final = "application/cloudevents+json; charset=utf-8"
OUTCOME_KEY: Final = "outcome_document"
"""Under it stands, in the data of a full event, the outcome that the event names."""

_ID: Final = re.compile(r"[a-z]{2,8}_[0-9A-HJKMNP-TV-Z]{26}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Hold what is sent and signed."""

    body: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """Hold an event with as much of its data as is sent.

    Attributes:
        data: a JSON object, spelled.
        reduced: whether there is less than the endpoint wants, because it would be too large.
    """

    event: EventToSend
    data: bytes
    reduced: bool = False

    @property
    def time(self) -> str:
        """Return when it happened (Source: RFC 3339)."""
        return self.event.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def rendered(event: EventToSend, endpoint: Endpoint) -> Rendered:
    """Return what an endpoint is sent of an event."""
    spell = _SPELLERS[endpoint.format]
    full = endpoint.form is PayloadForm.FULL
    first = _whole(event) if full else _ids_only(event)
    made = spell(first)
    if len(made.body) > LARGEST_BODY_BYTES and event.outcome is not None:
        made = spell(_Said(event=event, data=event.document.encode(), reduced=True))
    if len(made.body) > LARGEST_BODY_BYTES:
        made = spell(_ids_only(event, reduced=True))
    return made


def _whole(event: EventToSend) -> _Said:
    data = event.document.encode()
    if event.outcome is None:
        return _Said(event=event, data=data)
    start = data[:-1] + (b"," if len(data) > len(b"{}") else b"")
    member = b'"%s":%s}' % (OUTCOME_KEY.encode(), event.outcome.encode())
    return _Said(event=event, data=start + member)


def _ids_only(event: EventToSend, *, reduced: bool = False) -> _Said:
    """Return an event whose data is what its document names by ids."""
    document: JsonObject = orjson.loads(event.document)
    kept = {key: value for key, value in document.items() if _is_id(value)}
    return _Said(event=event, data=orjson.dumps(kept), reduced=reduced)


def _is_id(value: JsonValue) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _standard(said: _Said) -> Rendered:
    """Spell it as Standard Webhooks advise; what is beyond their three members stands between."""
    return Rendered(
        body=orjson.dumps(
            {
                "type": said.event.type,
                "timestamp": said.time,
                "id": said.event.id,
                **_place(said),
                "data": orjson.Fragment(said.data),
            }
        ),
        content_type=JSON_TYPE,
    )


def _cloudevent(said: _Said) -> Rendered:
    """Spell it in the structured mode (Source: CloudEvents 1.0.2, JSON event format)."""
    event = said.event
    whose = (
        f"projects/{event.project_id}"
        if event.project_id is not None
        else f"organizations/{event.organization_id}"
    )
    return Rendered(
        body=orjson.dumps(
            {
                "specversion": "1.0",
                "id": event.id,
                "source": f"/v1/{whose}",
                "type": event.type,
                "time": said.time,
                "datacontenttype": JSON_TYPE,
                **_schema(event.type),
                **_place(said),
                "data": orjson.Fragment(said.data),
            }
        ),
        content_type=CLOUDEVENTS_TYPE,
    )


def _schema(event_type: str) -> Mapping[str, JsonValue]:
    """Return by which schema of the catalogue the data is read; nothing for a type without one."""
    known = EVENT_TYPES.get(event_type)
    return (
        {} if known is None else {"dataschema": f"urn:plangate:event:{known.name}:{known.version}"}
    )


def _place(said: _Said) -> Mapping[str, JsonValue]:
    """Return whose event it is, and a warning where there would be more of it."""
    place: dict[str, JsonValue] = {"organization": said.event.organization_id}
    if said.event.project_id is not None:
        place["project"] = said.event.project_id
    if said.reduced:
        place["reduced"] = True
    return place


def _slack(said: _Said) -> Rendered:
    return Rendered(
        body=orjson.dumps(slack_message(said.event, _members(said), time=said.time)),
        content_type=JSON_TYPE,
    )


def _teams(said: _Said) -> Rendered:
    return Rendered(
        body=orjson.dumps(teams_message(said.event, _members(said), time=said.time)),
        content_type=JSON_TYPE,
    )


def _members(said: _Said) -> JsonObject:
    members: JsonObject = orjson.loads(said.data)
    return members


_SPELLERS: Final[Mapping[WebhookFormat, Callable[[_Said], Rendered]]] = MappingProxyType(
    {
        WebhookFormat.STANDARD: _standard,
        WebhookFormat.CLOUDEVENTS: _cloudevent,
        WebhookFormat.SLACK: _slack,
        WebhookFormat.TEAMS: _teams,
    }
)
