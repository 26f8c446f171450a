"""The route stands whether the library is there or not, and says which."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute

from runtime.domain.caller import Caller
from runtime.entrypoints.graphql.router import Surroundings, graphql_router
from runtime.settings.graphql import GraphqlSettings
from tests.api.app_builder import asked


def never(request: Request) -> Caller:
    """Be asked by nobody."""
    raise AssertionError(request)


async def test_without_its_extra_the_platform_says_so() -> None:
    """And what to do."""
    app = FastAPI()
    around = Surroundings(
        route_class=APIRoute,
        caller_of=never,
        credential_of=lambda _: "",
        settings=GraphqlSettings(),
        library="a_library_that_nobody_has",
    )
    app.include_router(graphql_router(around))

    answered = await asked(app, "POST", "/graphql", headers=[], body=b"{}")

    assert answered.status == 501
    assert answered.header("content-type") == "application/problem+json"
    assert answered.code == "graphql_not_installed"
    assert "plangate[graphql]" in str(answered.json["detail"])
