"""Route /graphql with the guards of the API around it, handed in by whoever builds the app.

The library of GraphQL is an extra, and is loaded here if it is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from importlib.util import find_spec
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from runtime.domain.caller import Caller
from runtime.entrypoints.graphql.asked import AskedIn
from runtime.services.platform import Platform
from runtime.settings.graphql import GraphqlSettings

PATH: Final = "/graphql"
LIBRARY: Final = "strawberry"
PROBLEM_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Hold what stands around every route of the API.

    Attributes:
        route_class: authenticates, bounds how often and how much, refuses anything but JSON.
        caller_of: whom it found.
        credential_of: the text that proved it.
        settings: which documents may be executed.
        library: the package that has to be installed.
    """

    route_class: type[APIRoute]
    caller_of: Callable[[Request], Caller]
    credential_of: Callable[[Request], str]
    settings: GraphqlSettings
    library: str = LIBRARY


def graphql_router(around: Surroundings) -> APIRouter:
    """Return the route; where the extra is missing, it says so.

    Raises:
        SettingsError: the trusted documents can't be used.
    """
    router = APIRouter(route_class=around.route_class)
    if find_spec(around.library) is None:
        router.add_api_route(PATH, _missing, methods=["POST"], include_in_schema=False)
        return router
    from runtime.entrypoints.graphql.call import Call  # noqa: PLC0415  # of the extra
    from runtime.entrypoints.graphql.endpoint import Endpoint  # noqa: PLC0415  # of the extra

    endpoint = Endpoint(around.settings)

    async def ask(request: Request, asked: AskedIn) -> Response:
        """Execute one document."""
        services: Platform = request.app.state.services
        call = Call(
            services=services,
            caller=around.caller_of(request),
            credential=around.credential_of(request),
        )
        return await endpoint.answer(request, asked, call)

    router.add_api_route(PATH, ask, methods=["POST"], include_in_schema=False)
    return router


async def _missing() -> Response:
    """Say that the platform serves without GraphQL."""
    problem = {
        "type": "urn:plangate:problem:graphql_not_installed",
        "title": "graphql not installed",
        "status": HTTPStatus.NOT_IMPLEMENTED.value,
        "code": "graphql_not_installed",
        "detail": "the platform serves without GraphQL; install plangate[graphql] and restart it",
    }
    return Response(orjson.dumps(problem), HTTPStatus.NOT_IMPLEMENTED, media_type=PROBLEM_TYPE)
