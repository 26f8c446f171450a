"""Describe events of plugins."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import EventData, EventType, OrganizationId, Reach, example_id
from runtime.kit.json_value import JsonObject


class PluginSwitched(EventData):
    """Say which plugin an organization turned off or on."""

    organization: OrganizationId
    plugin: Annotated[str, Field(description="The plugin's id.", examples=["zoo"])]
    version: Annotated[str, Field(description="Of the plugin, where it was asked for.")]


_EXAMPLE: Final[JsonObject] = {
    "organization": example_id("org"),
    "plugin": "zoo",
    "version": "1.2.0",
}

TYPES: Final = (
    EventType(
        name="plugin.disabled",
        tells="An organization turned a plugin off: nothing of it runs there.",
        data=PluginSwitched,
        reach=Reach.ORGANIZATION,
        example=_EXAMPLE,
    ),
    EventType(
        name="plugin.enabled",
        tells="An organization turned a plugin on again.",
        data=PluginSwitched,
        reach=Reach.ORGANIZATION,
        example=_EXAMPLE,
    ),
)
