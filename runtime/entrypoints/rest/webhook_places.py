"""Serve every route of webhooks twice: for those of a project, and for those of an organization."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, Request

from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.services.webhooks.rights import WebhookPlace

Handler = TypeVar("Handler", bound=Callable[..., Any])


async def of_project(project_id: str) -> None:
    """Let the paths of a project's webhooks name it."""
    del project_id


async def of_organization(organization_id: str) -> None:
    """Let the paths of an organization's webhooks name it."""
    del organization_id


async def place_of(request: Request) -> WebhookPlace:
    """Return whose webhooks a path names."""
    named = request.path_params
    return WebhookPlace(
        project_id=named.get("project_id"), organization_id=named.get("organization_id")
    )


PlaceOf = Annotated[WebhookPlace, Depends(place_of)]


class BothPlaces:
    """Declare functions as routes of both."""

    def __init__(self) -> None:
        """Begin without routes."""
        self.of_project: Final = _router("/v1/projects/{project_id}/webhooks", of_project)
        self.of_organization: Final = _router(
            "/v1/organizations/{organization_id}/webhooks", of_organization
        )

    def served(self, method: str, path: str, **told: Any) -> Callable[[Handler], Handler]:  # noqa: ANN401  # FastAPI's own
        """Declare a function as a route of both, below where webhooks are."""

        def declared(handler: Handler) -> Handler:
            for each in (self.of_project, self.of_organization):
                each.add_api_route(path, handler, methods=[method], **told)
            return handler

        return declared


def _router(prefix: str, names: Callable[[str], Awaitable[None]]) -> APIRouter:
    return APIRouter(
        prefix=prefix,
        tags=["webhooks"],
        route_class=PlatformRoute,
        responses=PROBLEMS,
        dependencies=[Depends(names)],
    )
