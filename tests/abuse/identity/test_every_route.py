"""Walk every route of the app in production: each asks for a credential, but for those listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import SecretStr
from starlette.types import Message

from runtime.app import create_app
from runtime.settings import IdentitySettings, ServiceSettings
from tests.api.identity.world import called

OPEN: Final = {
    ("GET", "/openapi.json"): "it describes the API",
    ("GET", "/v1/healthz"): "it says that the process is live",
    ("GET", "/v1/readyz"): "it says whether dependencies answer",
    ("GET", "/v1/metrics"): "it has a token of its own, or is for this machine",
    ("GET", "/v1/sessions:login"): "it finds out who asks",
    ("GET", "/v1/sessions:callback"): "it finds out who asks",
    ("GET", "/v1/organizations/{organization_id}/evaluations:open"): (
        "its ticket is the credential: tests/abuse/evaluations"
    ),
    ("POST", "/v1/hooks/{address}"): "it is opened by a signature: tests/abuse/hooks",
}
GUARDED_BY_THE_DOOR: Final = "/v1/environments"
ELSEWHERE: Final = ("192.0.2.7", 4711)
KEY: Final = "a key of the server that is long enough"
FILTERS: Final = {("/v1/audit/records", "principal")}
"""Words that narrow what is read down, and say nothing of who reads."""
IDENTITY_WORDS: Final = {"organization", "organization_id", "principal", "actor", "user", "user_id"}


def an_app() -> FastAPI:
    """Build the app in production, which is not started: nothing behind it may be needed."""
    return create_app(
        ServiceSettings(
            database_url=SecretStr("postgresql://nobody@127.0.0.1:9/nothing"),
            redis_urls=(SecretStr("redis://127.0.0.1:9"),),
            identity=IdentitySettings(token_keys=(SecretStr(KEY),)),
        )
    )


def routes() -> Iterator[tuple[str, str]]:
    """Yield each method and path template."""
    for route in iter_route_contexts(an_app().routes):
        template = str(getattr(route, "path_format", None) or getattr(route, "path", None))
        for method in sorted(getattr(route, "methods", None) or ()):
            if method != "HEAD":
                yield method, template


CLOSED: Final = sorted(
    (method, template)
    for method, template in routes()
    if (method, template) not in OPEN and not template.startswith(GUARDED_BY_THE_DOOR)
)


def test_the_walk_finds_the_routes() -> None:
    """Else it would prove nothing."""
    assert len(CLOSED) > 30
    assert ("POST", "/v1/projects/{project_id}/plans:execute") in CLOSED
    assert set(OPEN) <= set(routes())


@pytest.mark.parametrize(("method", "template"), CLOSED)
async def test_a_route_asks_for_a_credential_before_anything_else(
    method: str, template: str
) -> None:
    """Whatever the path names and the body holds: neither is looked at."""
    got = list[Message]()

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        got.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": template.replace("{", "").replace("}", ""),
        "query_string": b"limit=nonsense",
        "root_path": "",
        "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")],
        "client": ELSEWHERE,
        "server": ELSEWHERE,
        "scheme": "http",
        "http_version": "1.1",
    }

    await an_app()(scope, receive, send)

    assert got[0]["status"] == 401
    assert (b"www-authenticate", b'Bearer realm="plangate"') in got[0]["headers"]


async def test_evaluation_is_closed_to_strangers() -> None:
    """It has a door of its own."""
    app = an_app()

    for path in ("/v1/environments", "/v1/environments/counter/proposals:evaluate"):
        method = "POST" if path.endswith("evaluate") else "GET"
        answered = await called(app, method, path, headers=[("host", "x")], client=ELSEWHERE)
        assert (answered.status, answered.code) == (403, "evaluation_closed")


def test_no_route_takes_who_acts_as_a_parameter() -> None:
    """Not in a body, a query, a header or a cookie; a path may name the caller's organization."""
    described = an_app().openapi()
    taken = [
        (method, path, name)
        for path, operations in described["paths"].items()
        if not path.startswith(GUARDED_BY_THE_DOOR)
        for method, operation in operations.items()
        for name in _taken(operation, described)
        if name in IDENTITY_WORDS and (path, name) not in FILTERS
    ]

    assert taken == []


def test_every_route_that_changes_something_takes_an_idempotency_key() -> None:
    """So that every client can repeat it safely."""
    described = an_app().openapi()
    without = [
        (method, path)
        for path, operations in described["paths"].items()
        if not path.startswith(GUARDED_BY_THE_DOOR)
        for method, operation in operations.items()
        if method in {"post", "put", "patch", "delete"}
        and not path.endswith(":simulate")
        and path != "/v1/hooks/{address}"  # whose signed id is its key
        and "Idempotency-Key"
        not in {parameter["name"] for parameter in operation.get("parameters", ())}
    ]

    assert without == []


def _taken(operation: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
    """Yield every name that an operation takes outside of its path."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] != "path":
            yield parameter["name"].lower()
    content = operation.get("requestBody", {}).get("content", {})
    for media in content.values():
        yield from _members(media.get("schema", {}), described)


def _members(schema: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
    """Yield the names of a schema's members at its first level."""
    for option in schema.get("anyOf", ()):
        yield from _members(option, described)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _members(described["components"]["schemas"][name], described)
    yield from schema.get("properties", {})
