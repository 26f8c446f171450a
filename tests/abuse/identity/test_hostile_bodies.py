"""A body is read for those who may send one, and as JSON that every reader reads alike (A9)."""

from __future__ import annotations

import pytest
from starlette.types import Message

from tests.api.identity.world import HERE, World


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"name":"a","name":"b","scopes":["state:read"]}', id="a key twice"),
        pytest.param(b'{"name":"a","n\\u0061me":"b","scopes":["state:read"]}', id="twice, escaped"),
        pytest.param(b'{"name":NaN}', id="NaN"),
        pytest.param(b'{"expires_in_days":Infinity}', id="infinity"),
        pytest.param(b'{"expires_in_days":1e999}', id="a number beyond a double"),
        pytest.param(b'{"name":"\\ud800","scopes":["state:read"]}', id="half a character"),
        pytest.param(b'{"name":"a\\u0000b","scopes":["state:read"]}', id="a NUL"),
        pytest.param(b'{"name":"a\x00b","scopes":["state:read"]}', id="a NUL as it is"),
        pytest.param(b"[" * 100_000, id="depth without end"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="deep objects"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b'{"expires_in_days":' + b"9" * 5_000 + b"}", id="a number without end"),
    ],
)
async def test_what_is_no_json_for_everybody_is_refused(world: World, body: bytes) -> None:
    """With 400, and never with a fault of ours."""
    owner = (await world.found()).token

    refused = await world.call(
        "POST",
        "/v1/tokens",
        token=owner,
        headers={"content-type": "application/json"},
        body=body,
    )

    assert (refused.status, refused.code) == (400, "body_unreadable")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="a list"),
        pytest.param("text", id="a text"),
        pytest.param(1, id="a number"),
        pytest.param({"name": 1, "scopes": ["state:read"]}, id="a number for a name"),
        pytest.param({"name": ["x"], "scopes": ["state:read"]}, id="a list for a name"),
        pytest.param({"name": "x", "scopes": "state:read"}, id="a text for scopes"),
        pytest.param({"name": "x", "scopes": {"state:read": 1}}, id="an object for scopes"),
        pytest.param({"name": "x", "scopes": [None]}, id="null for a scope"),
        pytest.param(
            {"name": "x", "scopes": ["state:read"], "expires_in_days": 1e308}, id="a vast number"
        ),
        pytest.param(
            {"name": "x", "scopes": ["state:read"], "expires_in_days": 1.5}, id="half a day"
        ),
        pytest.param({"name": "\ufeff\u200b", "scopes": ["state:read"]}, id="an invisible name"),
    ],
)
async def test_what_has_other_types_is_refused(world: World, document: object) -> None:
    """With 422."""
    owner = (await world.found()).token

    refused = await world.call("POST", "/v1/tokens", document, token=owner)

    assert (refused.status, refused.code) == (422, "request_invalid")


@pytest.mark.parametrize(
    "path", ["/v1/tokens/\0", "/v1/tokens/tok_\0:revoke", "/v1/tokens/" + "a" * 10_000]
)
async def test_a_path_of_nothing_names_nothing(world: World, path: str) -> None:
    """Whatever the database would say to it."""
    owner = (await world.found()).token
    method = "POST" if path.endswith(":revoke") else "GET"

    refused = await world.call(method, path, token=owner)

    assert (refused.status, refused.code) == (404, "not_found")


async def test_of_a_stranger_not_a_byte_is_read(world: World) -> None:
    """Whoever has no credential can't make the platform wait for a body."""
    got = list[Message]()

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        got.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/tokens",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"1000000000")],
        "client": HERE,
        "server": HERE,
        "scheme": "http",
        "http_version": "1.1",
    }

    await world.app(scope, receive, send)

    assert got[0]["status"] == 401


async def test_a_large_body_is_read_no_further_than_its_cap(world: World) -> None:
    """And what was sent is not kept."""
    owner = (await world.found()).token

    refused = await world.call(
        "POST",
        "/v1/tokens",
        token=owner,
        headers={"content-type": "application/json"},
        body=b" " * 100_001,
    )

    assert (refused.status, refused.code) == (413, "body_too_large")


async def test_a_body_that_nobody_asked_for_is_bounded_too(world: World) -> None:
    """Where a key makes the platform look at it."""
    owner = (await world.found()).token
    token = await world.token(owner)

    refused = await world.call(
        "POST",
        f"/v1/tokens/{token['id']}:revoke",
        token=owner,
        headers={"content-type": "application/json", "idempotency-key": "k"},
        body=b" " * 100_001,
    )

    assert refused.code == "body_too_large"
