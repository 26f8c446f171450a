"""What a key is used for is the route, and a digest of path, query and body."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Message

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.entrypoints.rest.body import BodyCaps, CappedRequest
from runtime.entrypoints.rest.context import answered, reading, writing
from runtime.services.unit_of_work import Answer

CALLER = Caller(
    member_id="mem_1",
    organization_id="org_1",
    organization_role=OrganizationRole.MEMBER,
    member_kind=MemberKind.PERSON,
    scopes=frozenset(),
    credential_id="tok_1",
    credential_kind=CredentialKind.API_TOKEN,
)


class Route:
    """Stand for a route of the router."""

    path_format = "/v1/tokens/{token_id}:revoke"


def a_request(body: bytes = b"", **changes: Any) -> CappedRequest:  # noqa: ANN401  # of ASGI
    """Build a request that was authenticated."""
    app = FastAPI()
    app.state.body_caps = BodyCaps()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/tokens/a:revoke",
        "query_string": b"",
        "headers": [],
        "app": app,
        "route": Route,
        "plangate.caller": CALLER,
        **changes,
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return CappedRequest(scope, receive)


async def digest(body: bytes = b"", **changes: Any) -> str:  # noqa: ANN401  # of ASGI
    """Return the digest that a request has under a key."""
    context = await writing(a_request(body, **changes), "k")
    assert context.key is not None
    return context.key.body_digest


async def test_without_a_key_the_body_is_not_read() -> None:
    """A request that changes nothing has none."""
    assert (await reading(a_request())).key is None
    assert (await writing(a_request(b"{"))).key is None
    assert (await reading(a_request())).caller is CALLER


async def test_a_key_is_used_for_the_template() -> None:
    """Not for the path, which the digest holds."""
    context = await writing(a_request(), "k")

    assert context.key is not None
    assert (context.key.route, context.key.key) == ("POST /v1/tokens/{token_id}:revoke", "k")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"body": b'{"a":2}'}, id="another body"),
        pytest.param({"body": b""}, id="no body"),
        pytest.param({"path": "/v1/tokens/b:revoke"}, id="another path"),
        pytest.param({"query_string": b"a=1"}, id="another query"),
        pytest.param({"path": "/v1/tokens/a:revoke\0", "body": b'{"a":1}'}, id="a path that joins"),
    ],
)
async def test_whatever_was_asked_is_in_the_digest(changes: dict[str, Any]) -> None:
    """Another request has another one."""
    assert await digest(**{"body": b'{"a":1}', **changes}) != await digest(b'{"a":1}')


async def test_spelling_is_not_in_the_digest() -> None:
    """Two spellings of one document are one request."""
    assert await digest(b'{"a": 1.0, "b": "\\u0078"}') == await digest(b'{"b":"x","a":1}')


async def test_an_answer_reads_alike_the_first_time_and_again() -> None:
    """Whatever the order in which it was put together; only the header tells."""
    first = answered(Answer(document={"b": 1, "a": 2}, status=201))
    again = answered(Answer(document={"a": 2, "b": 1}, status=201, replayed=True))

    assert first.body == again.body == b'{"a":2,"b":1}'
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.headers["content-type"] == "application/json"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
