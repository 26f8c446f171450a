"""Before each route stand authentication, the rate, and the type of the body, in this order."""

from __future__ import annotations

import pytest
from fastapi import Request

from runtime.entrypoints.rest.problems import ProblemError
from runtime.entrypoints.rest.route import PlatformRoute, announces_nothing, refuse_nul


def a_request(
    path: str = "/", *, query: bytes = b"", headers: dict[str, str] | None = None
) -> Request:
    """Build a request."""
    sent = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request({"type": "http", "path": path, "query_string": query, "headers": sent})


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        pytest.param("/v1/tokens/a\0b", b"", 404, id="in the path"),
        pytest.param("/v1/tokens", b"cursor=%00", 422, id="in the query"),
    ],
)
def test_a_nul_is_refused(path: str, query: bytes, status: int) -> None:
    """Before a database stumbles over it."""
    with pytest.raises(ProblemError) as caught:
        refuse_nul(a_request(path, query=query))

    assert caught.value.status_code == status


def test_anything_else_passes() -> None:
    """Also a percent sign that is one."""
    refuse_nul(a_request("/v1/tokens/%00", query=b"cursor=%2500"))


@pytest.mark.parametrize(
    ("headers", "empty"),
    [
        pytest.param({}, True, id="nothing is said"),
        pytest.param({"content-length": "0", "content-type": "text/plain"}, True, id="no length"),
        pytest.param({"content-length": "1"}, False, id="a length"),
        pytest.param({"transfer-encoding": "chunked"}, False, id="parts"),
        pytest.param({"content-type": "text/plain"}, False, id="a type"),
    ],
)
def test_a_body_may_be_left_out(headers: dict[str, str], empty: bool) -> None:  # noqa: FBT001
    """Only where none is announced needs it no type."""
    assert announces_nothing(a_request(headers=headers)) is empty


def test_a_route_has_a_handler() -> None:
    """What it does is shown over HTTP, in `tests/api` and `tests/abuse`."""

    async def nothing() -> None:
        return None

    assert callable(PlatformRoute("/x", nothing).get_route_handler())
