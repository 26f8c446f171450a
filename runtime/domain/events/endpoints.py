"""Describe events of webhook endpoints, to which other events are delivered."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import (
    EndpointId,
    EventData,
    EventType,
    Instant,
    MemberId,
    Reach,
    example_id,
)
from runtime.domain.webhook import (
    DeliveryStatus,
    EndpointStatus,
    PayloadForm,
    SigningScheme,
    WebhookFormat,
)
from runtime.kit.json_value import JsonObject

_ENDPOINT: Final[JsonObject] = {
    "endpoint": example_id("whe"),
    "name": "alerts",
    "url": "https://hooks.example.com",
    "headers": ["x-team"],
    "types": ["plan.*"],
    "projects": [],
    "condition": "",
    "form": "full",
    "format": "standard",
    "at_once": 8,
    "per_minute": None,
    "ordered": False,
    "status": "enabled",
}
_FAILED: Final = "No delivery was taken from 2026-01-01T00:00:00Z on: the last answer was 503."


class EndpointDescribed(EventData):
    """Say how an endpoint is, without secrets and the rest of its address."""

    endpoint: EndpointId
    name: str
    url: Annotated[str, Field(description="Scheme, host and port.")]
    headers: Annotated[tuple[str, ...], Field(description="Names of what is sent along.")]
    types: Annotated[tuple[str, ...], Field(description="Of events; empty: all.")]
    projects: Annotated[tuple[str, ...], Field(description="Ids; empty: all.")]
    condition: Annotated[str, Field(description="CEL over the event; empty: none.")]
    form: PayloadForm
    format: WebhookFormat
    at_once: Annotated[int, Field(ge=1, description="Deliveries under way at a time.")]
    per_minute: Annotated[int | None, Field(description="Deliveries begun in a minute.")]
    ordered: Annotated[bool, Field(description="Whether one entity's events keep their order.")]
    status: EndpointStatus


class EndpointDisabled(EventData):
    """Say that an endpoint is not sent to any more."""

    endpoint: EndpointId
    name: str
    status: Annotated[
        EndpointStatus,
        Field(description="`disabled`: by a person; `failed`: nothing was taken for too long."),
    ]
    reason: Annotated[str | None, Field(description="In words.")]
    failing_since: Annotated[
        Instant | None, Field(description="Since when nothing was taken; null: by a person.")
    ] = None


class EndpointNamed(EventData):
    """Say which endpoint it happened to."""

    endpoint: EndpointId
    name: str


class EndpointSecretRotated(EventData):
    """Say that deliveries are signed with a new secret."""

    endpoint: EndpointId
    name: str
    secret: Annotated[str, Field(description="Its id, never its text.")]
    scheme: SigningScheme
    overlap_s: Annotated[int, Field(ge=0, description="How long the old one signs too.")]


class EndpointPinged(EventData):
    """Be sent to an endpoint as a test."""

    endpoint: EndpointId
    name: str
    principal: Annotated[MemberId, Field(description="Who asked for it.")]


class DeliveriesWanted(EventData):
    """Say which deliveries were meant; what is null or empty leaves all in."""

    statuses: tuple[DeliveryStatus, ...] = ()
    types: tuple[str, ...] = ()
    since: Instant | None = None
    until: Instant | None = None


class EndpointResent(EventData):
    """Say that deliveries are sent again."""

    endpoint: EndpointId
    deliveries: Annotated[int, Field(ge=0, description="How many.")]
    delivery: Annotated[str | None, Field(description="Its id, if it was one.")] = None
    wanted: DeliveriesWanted | None = None


TYPES: Final = (
    EventType(
        name="endpoint.created",
        tells="A webhook endpoint was made.",
        data=EndpointDescribed,
        reach=Reach.EITHER,
        example=_ENDPOINT,
    ),
    EventType(
        name="endpoint.changed",
        tells="A webhook endpoint was changed.",
        data=EndpointDescribed,
        reach=Reach.EITHER,
        example={**_ENDPOINT, "per_minute": 600},
    ),
    EventType(
        name="endpoint.enabled",
        tells="A webhook endpoint is sent to again.",
        data=EndpointNamed,
        reach=Reach.EITHER,
        example={"endpoint": example_id("whe"), "name": "alerts"},
    ),
    EventType(
        name="endpoint.disabled",
        tells="A webhook endpoint is not sent to any more: a person said so, or it failed.",
        data=EndpointDisabled,
        reach=Reach.EITHER,
        example={
            "endpoint": example_id("whe"),
            "name": "alerts",
            "status": "failed",
            "reason": _FAILED,
            "failing_since": "2026-01-01T00:00:00Z",
        },
    ),
    EventType(
        name="endpoint.removed",
        tells="A webhook endpoint was removed, with what was to be delivered to it.",
        data=EndpointNamed,
        reach=Reach.EITHER,
        example={"endpoint": example_id("whe"), "name": "alerts"},
    ),
    EventType(
        name="endpoint.secret_rotated",
        tells="A webhook endpoint got a new secret.",
        data=EndpointSecretRotated,
        reach=Reach.EITHER,
        example={
            "endpoint": example_id("whe"),
            "name": "alerts",
            "secret": example_id("whs"),
            "scheme": "v1",
            "overlap_s": 86400,
        },
    ),
    EventType(
        name="endpoint.ping",
        tells="A person asked for a test delivery.",
        data=EndpointPinged,
        reach=Reach.EITHER,
        example={
            "endpoint": example_id("whe"),
            "name": "alerts",
            "principal": example_id("mem"),
        },
    ),
    EventType(
        name="endpoint.resent",
        tells="A person has deliveries sent again.",
        data=EndpointResent,
        reach=Reach.EITHER,
        example={
            "endpoint": example_id("whe"),
            "deliveries": 12,
            "wanted": {"statuses": ["failed"], "types": [], "since": None, "until": None},
        },
    ),
)
