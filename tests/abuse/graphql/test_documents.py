"""Documents that mean harm are refused before anything is executed, fast and in little memory."""

from __future__ import annotations

import time
import tracemalloc
from typing import Final

import pytest

from runtime.entrypoints.graphql.checking import checked
from runtime.entrypoints.graphql.cost import refuse_costly
from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason
from runtime.entrypoints.graphql.schema import SCHEMA
from tests.abuse.graphql.documents import DOCUMENTS, named
from tests.graphql_site import GraphqlSite

MOST_S: Final = 0.05
MOST_BYTES: Final = 50_000_000
SLACK: Final = 4
"""How much slower than measured a shared machine may be; the best of three tries counts."""


def refused(text: str) -> DocumentRefusedError:
    """Return why a document is refused, as in production."""
    with pytest.raises(DocumentRefusedError) as caught:
        refuse_costly(SCHEMA, checked(SCHEMA, text, introspection=False), {})
    return caught.value


def test_there_are_enough_of_them_and_of_every_kind() -> None:
    """Each reason to refuse a document by itself has one that shows it."""
    of_requests = {Reason.NOT_TRUSTED, Reason.NO_STREAM}

    assert len(DOCUMENTS) >= 50
    assert {reason for _, _, reason in named()} == set(Reason) - of_requests


@pytest.mark.parametrize(
    ("text", "reason"), [pytest.param(text, reason, id=name) for name, text, reason in named()]
)
def test_a_document_is_refused_in_no_time(text: str, reason: Reason) -> None:
    """For its own reason, and within a twentieth of a second."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        refused(text)
        took.append(time.perf_counter() - began)
    error = refused(text)

    assert error.reason is reason, error.detail
    assert min(took) < MOST_S * SLACK


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text, _ in named()])
def test_a_document_is_refused_in_little_memory(text: str) -> None:
    """What it would multiply to is counted, not built."""
    tracemalloc.start()
    try:
        refused(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < MOST_BYTES


async def test_a_refused_document_is_answered_without_data(site: GraphqlSite) -> None:
    """Over HTTP too, with the stable code and the reason; of large bodies the cap comes first."""
    who = await site.real.found()
    wrong = []
    for name, text, reason in named():
        if reason is Reason.NO_INTROSPECTION or len(text) > 900_000 or "\x01" in text:
            continue
        told = await site.ask(text, token=who.token)
        found = [error["extensions"].get("reason") for error in told.errors]
        expected = reason.value if text else Reason.NOT_TRUSTED.value
        if (told.answered.status, found, "data" in told.answered.json) != (422, [expected], False):
            wrong.append((name, told.answered.json))

    assert wrong == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b'[{"query": "{ me { member { id } } }"}]', "request_invalid", id="a batch"),
        pytest.param(b'{"query": "{ me }", "user_id": "mem_1"}', "request_invalid", id="identity"),
        pytest.param(b'{"query": ["{ me }"]}', "request_invalid", id="a list of texts"),
        pytest.param(b'{"query": "a", "query": "b"}', "body_unreadable", id="a key twice"),
        pytest.param(
            b'{"query": "{ me { x } }", "variables": {"a": NaN}}',
            "body_unreadable",
            id="not a number",
        ),
        pytest.param(b'{"query": "\\u0000"}', "body_unreadable", id="a NUL"),
        pytest.param(b'{"query": "\\ud800"}', "body_unreadable", id="half a character"),
        pytest.param(b"[" * 100_000, "body_unreadable", id="deep"),
        pytest.param(b" " * 1_500_000, "body_too_large", id="large"),
    ],
)
async def test_a_hostile_body_is_refused(site: GraphqlSite, body: bytes, code: str) -> None:
    """As on every route: nothing of a request but its document and variables is read."""
    who = await site.real.found()

    told = await site.sent(body, token=who.token)

    assert told.code == code


async def test_other_types_and_methods_are_refused(site: GraphqlSite) -> None:
    """A page of another site can send neither JSON nor a custom method without asking first."""
    who = await site.real.found()
    body = b'{"query": "{ me { member { id } } }"}'

    form = await site.sent(body, token=who.token, content_type="application/x-www-form-urlencoded")
    text = await site.sent(body, token=who.token, content_type="text/plain")
    got = await site.real.call("GET", "/graphql?query={me{member{id}}}", token=who.token)

    assert (form.code, text.code) == ("body_type_unsupported",) * 2
    assert got.code == "method_not_allowed"
