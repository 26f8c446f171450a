"""Show over HTTP what a project's environment declares."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from runtime.entrypoints.rest.context import Reading, ServicesOf
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.kit.json_value import JsonObject

router = APIRouter(
    prefix="/v1/projects/{project_id}/registry", tags=["registry"], route_class=PlatformRoute,
    responses=PROBLEMS,
)  # fmt: skip


class WidgetOut(BaseModel):
    """Say how a console may show a place of the state; `path` is a JSON Pointer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    kind: str
    path: str


class RegistryOut(BaseModel):
    """Show components and actions as they are declared.

    Attributes:
        digest: of the whole registry, hidden actions included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str
    plugin: str
    digest: str
    components: tuple[JsonObject, ...]
    actions: tuple[JsonObject, ...]
    widgets: tuple[WidgetOut, ...] = ()


@router.get("")
async def read_registry(project_id: str, context: Reading, services: ServicesOf) -> RegistryOut:
    """Return the components and actions of a project, those that the caller may see."""
    found = await services.registries.read(context, project_id)
    return RegistryOut(
        environment=found.environment,
        plugin=found.plugin,
        digest=found.digest,
        components=tuple(item.document() for item in found.components),
        actions=tuple(item.document() for item in found.actions),
        widgets=tuple(WidgetOut.model_validate(item) for item in found.widgets),
    )
