"""Describe events of inbound hooks."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import EventData, EventType, HookId, MemberId, example_id
from runtime.domain.hook_signature import HookStyle
from runtime.kit.json_value import JsonObject

_HOOK: Final[JsonObject] = {
    "hook": example_id("hok"),
    "name": "shop",
    "style": "standard-webhooks",
    "service": example_id("mem"),
    "enabled": True,
    "mapping": {"steps": [{"action": "ticket.open@1", "inputs": {"title": {"at": "/title"}}}]},
}


class HookDescribed(EventData):
    """Say how a hook is."""

    hook: HookId
    name: str
    style: Annotated[HookStyle, Field(description="How deliveries are signed.")]
    service: Annotated[MemberId, Field(description="The service that acts for it.")]
    enabled: Annotated[bool, Field(description="Whether deliveries act.")]
    mapping: Annotated[JsonObject, Field(description="How a body becomes a plan.")]


class HookSecretRotated(HookDescribed):
    """Say that a hook has a new secret."""

    secret: Annotated[str, Field(description="Its id, never its text.")]
    overlap_s: Annotated[int, Field(ge=0, description="How long the old one fits yet.")]


TYPES: Final = (
    EventType(
        name="hook.created",
        tells="An inbound hook was made.",
        data=HookDescribed,
        example=_HOOK,
    ),
    EventType(
        name="hook.changed",
        tells="An inbound hook was changed, enabled or disabled.",
        data=HookDescribed,
        example={**_HOOK, "enabled": False},
    ),
    EventType(
        name="hook.secret_rotated",
        tells="An inbound hook got a new secret.",
        data=HookSecretRotated,
        example={**_HOOK, "secret": example_id("hks"), "overlap_s": 3600},
    ),
    EventType(
        name="hook.removed",
        tells="An inbound hook was removed; its address opens nothing any more.",
        data=HookDescribed,
        example=_HOOK,
    ),
)
