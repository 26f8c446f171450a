"""The client offers each operation of the API, and is the one that the description makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Final

import orjson
import pytest

from runtime.client import ClientError, Plangate
from tests.docs.client_documents import Documents
from tests.docs.client_operations import Operation, attribute_of, operations_of
from tests.docs.renew_client import CLIENT, DESCRIPTION, client_files
from tests.servers.scripted_api import Scripted, scripted_api

KNOWN: Final[dict[str, Any]] = orjson.loads(DESCRIPTION.read_bytes())
TOKEN: Final = "pgt_of_nobody"  # noqa: S105  # it opens nothing
OPERATIONS: Final = [
    item for items in operations_of(KNOWN, Documents(KNOWN)).values() for item in items
]


def test_the_generated_modules_are_current() -> None:
    """Whoever changes the API renews the client: `python -m tests.docs.renew_client`."""
    wanted = client_files(KNOWN)
    kept = {
        path.relative_to(CLIENT): path.read_text(encoding="utf-8")
        for folder in ("documents", "operations")
        for path in (CLIENT / folder).glob("*.py")
    }

    assert kept == {path: text for path, text in wanted.items() if len(path.parts) > 1}
    assert (CLIENT / "surface.py").read_text(encoding="utf-8") == next(
        text for path, text in wanted.items() if len(path.parts) == 1
    )


def test_each_operation_of_the_api_has_a_way() -> None:
    """None is left out, whatever it is answered with."""
    described = {
        (method.upper(), path) for path, methods in KNOWN["paths"].items() for method in methods
    }

    assert {(item.method, item.path) for item in OPERATIONS} == described


@pytest.mark.parametrize(
    "item", [pytest.param(item, id=f"{item.tag}.{item.called}") for item in OPERATIONS]
)
def test_each_way_asks_its_operation(item: Operation) -> None:
    """Method and path are those of the description, and what changes something has its key."""
    with scripted_api(
        [Scripted(body=_page(item), headers=_redirect(item), status=_status(item))]
    ) as api:
        client = Plangate(api.url, token=TOKEN, timeout_s=5)
        method = getattr(getattr(client, attribute_of(item.tag)), item.called)
        _exhaust(method(*_positional(item), **_named(item)))

    (asked,) = api.asked
    path = asked.target.partition("?")[0]
    assert (asked.method, path) == (item.method, _filled(item.path))
    takes_key = any(at["name"] == "Idempotency-Key" for at in item.parameters("header"))
    assert ("idempotency-key" in asked.headers) is takes_key
    assert all(f"{name}={value}" in asked.target for name, value in item.fixed.items() if value)


def _positional(item: Operation) -> Iterator[object]:
    yield from (f"a/{name}" for name in re.findall(r"\{(\w+)\}", item.path))
    content = item.description.get("requestBody", {}).get("content", {})
    if content and "$ref" not in str(content.get("application/json", {}).get("schema")):
        yield {}


def _named(item: Operation) -> dict[str, object]:
    places = ("query", "header")
    wanted = [at for place in places for at in item.parameters(place) if at.get("required")]
    return {at["name"].replace("-", "_").lower(): 1 for at in wanted}


def _filled(path: str) -> str:
    return path.replace("{", "a%2F").replace("}", "")


def _status(item: Operation) -> int:
    return 302 if item.returns == "location" else 200


def _redirect(item: Operation) -> dict[str, str]:
    return {"Location": "/elsewhere"} if item.returns == "location" else {}


def _page(item: Operation) -> bytes:
    return b'{"items": [], "next_cursor": null}' if item.returns == "pages" else b"{}"


def _exhaust(answer: object) -> None:
    if isinstance(answer, AbstractContextManager):
        with answer as parts:
            list(parts)
    elif isinstance(answer, Iterator):
        list(answer)


def test_a_name_that_two_share_is_refused() -> None:
    """Nothing is lost in silence where the API grows."""
    described = {"get": {**KNOWN["paths"]["/v1/me"]["get"], "operationId": "read_caller_v1_x"}}
    doubled = {**KNOWN, "paths": {**KNOWN["paths"], "/v1/i": described}}

    with pytest.raises(ValueError, match="share a name"):
        operations_of(doubled, Documents(doubled))


def test_every_failure_is_a_client_error() -> None:
    """One `except` is enough for whoever does not care why."""
    with pytest.raises(ClientError):
        Plangate("nowhere", token=None)
