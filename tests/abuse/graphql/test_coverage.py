"""GraphQL says all that REST says, but for what is left out for a reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import orjson
import pytest

from tests.abuse.graphql.left_out import LEFT_OUT
from tests.abuse.graphql.pairs import operations

DOCUMENT: Final = Path(__file__).parents[3] / "docs" / "openapi.json"
METHODS: Final = {"get", "post", "put", "patch", "delete"}
NAMES: Final = re.compile(r"\{[^}]*\}")
VALUE: Final = re.compile(r"(?<=/policies/)1\b")
"""What stands in pairs where the route has a name."""

Route = tuple[str, str]


def unnamed(path: str) -> str:
    """Return a path without what its parts are called, and without a query."""
    return VALUE.sub("{}", NAMES.sub("{}", path.partition("?")[0]))


def routes_of(document: bytes) -> set[Route]:
    """Return the routes of a description of REST."""
    return {
        (method.upper(), unnamed(path))
        for path, methods in orjson.loads(document)["paths"].items()
        for method in METHODS & set(methods)
    }


def paired() -> set[Route]:
    """Return the routes that have an operation."""
    return {(operation.method, unnamed(operation.path)) for operation in operations()}


def unsaid(routes: set[Route]) -> set[Route]:
    """Return the routes that have neither an operation nor a reason."""
    return routes - paired() - set(LEFT_OUT)


def test_each_route_has_an_operation_or_a_reason() -> None:
    """A new route needs a pair in read_pairs.py or change_pairs.py, or a reason in left_out.py."""
    assert unsaid(routes_of(DOCUMENT.read_bytes())) == set()


def test_no_reason_is_left_behind() -> None:
    """A route that is gone, or has its operation by now, has none."""
    assert set(LEFT_OUT) & paired() == set()
    assert set(LEFT_OUT) <= routes_of(DOCUMENT.read_bytes())
    assert all(len(reason) > 20 for reason in LEFT_OUT.values())


def test_no_pair_is_of_a_route_that_is_gone() -> None:
    """Its decision would be that of no route."""
    assert paired() <= routes_of(DOCUMENT.read_bytes())


@pytest.mark.parametrize(
    ("route", "missing"),
    [
        pytest.param(("GET", "/v1/projects/{project_id}/news"), True, id="a new one"),
        pytest.param(("GET", "/v1/projects/{anything}/state"), False, id="one with a pair"),
        pytest.param(("GET", "/v1/healthz"), False, id="one with a reason"),
    ],
)
def test_a_route_without_either_is_seen(route: Route, *, missing: bool) -> None:
    """Whatever its parts are called."""
    method, path = route
    document = orjson.dumps({"paths": {path: {method.lower(): {}}}})

    assert bool(unsaid(routes_of(document))) is missing
