"""Show over HTTP which plugins there are, and turn one off or on for an organization."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict

from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.kit.json_value import JsonObject

router = APIRouter(
    prefix="/v1/organizations/{organization_id}/plugins",
    tags=["plugins"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)

PluginName = Annotated[str, Path(max_length=128, description="The plugin's id.")]


class PluginStanding(StrEnum):
    """Say what became of a plugin in the process that answers."""

    SERVED = "served"
    QUARANTINED = "quarantined"


class PluginOut(BaseModel):
    """Describe a plugin, and whether the organization lets it act.

    Attributes:
        distribution: who offers it.
        standing: whether it is served at all.
        reason: that it is not, and who knows why; empty if it is.
        enabled: it is served, and the organization did not turn it off.
        warnings: what its declarations were warned of, if it is served.
        digest: of its declarations.
        capabilities: what its effects are given.
        widgets: what a console may show of its state.
        policies: rules that it offers; they hold only where somebody uploads and activates them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    distribution: str
    version: str
    built_in: bool
    standing: PluginStanding
    reason: str
    enabled: bool
    warnings: tuple[str, ...]
    digest: str
    environments: tuple[str, ...]
    actions: tuple[str, ...]
    effects: tuple[str, ...]
    capabilities: JsonObject
    widgets: tuple[JsonObject, ...]
    policies: tuple[JsonObject, ...]


class PluginPage(BaseModel):
    """Hold plugins, all of them: there are as many as are served or quarantined."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[PluginOut, ...]
    next_cursor: str | None = None


@router.get("")
async def list_plugins(organization_id: str, context: Reading, services: ServicesOf) -> PluginPage:
    """Return the plugins that are served, and those that were to be and are quarantined."""
    found = await services.plugins.list(context, organization_id)
    return PluginPage(items=tuple(PluginOut.model_validate(item) for item in found))


@router.post("/{name}:enable", response_model=PluginOut)
async def enable_plugin(
    organization_id: str, name: PluginName, context: Writing, services: ServicesOf
) -> Response:
    """Let a plugin act in the organization again; takes an owner."""
    return answered(
        await services.plugins.switch(context, organization_id, name=name, enabled=True)
    )


@router.post("/{name}:disable", response_model=PluginOut)
async def disable_plugin(
    organization_id: str, name: PluginName, context: Writing, services: ServicesOf
) -> Response:
    """Refuse a plugin's actions and effects in the organization from now on; takes an owner."""
    return answered(
        await services.plugins.switch(context, organization_id, name=name, enabled=False)
    )
