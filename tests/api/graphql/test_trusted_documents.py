"""Where only trusted documents are executed, no other one is, and the schema is not told."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest_asyncio

from runtime.settings.graphql import GraphqlSettings
from tests.database import DatabaseUrls
from tests.graphql_site import GraphqlSite, graphql_site

ME = "query Me { me { member { id } } }"
SCHEMA = "{ __schema { queryType { name } } }"
STALE = "{ me { none } }"


def digest(text: str) -> str:
    """Return what a document is registered by."""
    return hashlib.sha256(text.encode()).hexdigest()


@pytest_asyncio.fixture
async def trusting(
    database_urls: DatabaseUrls, redis_url: str, tmp_path: Path
) -> AsyncIterator[GraphqlSite]:
    """Serve the platform with a few trusted documents."""
    path = tmp_path / "documents.json"
    path.write_bytes(orjson.dumps({digest(text): text for text in (ME, SCHEMA, STALE)}))
    settings = GraphqlSettings(documents=path)
    async with graphql_site(database_urls, redis_url, settings=settings) as started:
        yield started


async def test_a_trusted_document_is_executed_by_digest_or_as_it_is(
    trusting: GraphqlSite,
) -> None:
    """As often as it is asked for, by whom it may be."""
    who = await trusting.real.found()
    stranger = await trusting.real.found()
    call = trusting.real.call
    by_digest = {"documentId": digest(ME)}

    first = await call("POST", "/graphql", by_digest, token=who.token)
    second = await call(
        "POST", "/graphql", {**by_digest, "operationName": "Me"}, token=stranger.token
    )
    as_it_is = await call("POST", "/graphql", {"query": ME, "extensions": {}}, token=who.token)

    assert first.json == {"data": {"me": {"member": {"id": who.member}}}}
    assert second.json["data"]["me"]["member"]["id"] == stranger.member
    assert as_it_is.json == first.json


async def test_no_other_document_is_executed(trusting: GraphqlSite) -> None:
    """Not one more space of it; and what does not fit is not executed for being trusted."""
    who = await trusting.real.found()
    bodies = [
        {"query": f"{ME} "},
        {"documentId": digest("other")},
        {"documentId": digest(ME), "operationName": "Other"},
        {"query": ME, "documentId": digest("other")},
        {},
        {"documentId": digest(SCHEMA)},
        {"documentId": digest(STALE)},
    ]

    answers = [
        await trusting.real.call("POST", "/graphql", body, token=who.token) for body in bodies
    ]

    assert [answer.status for answer in answers] == [422] * len(bodies)
    assert [answer.json["errors"][0]["extensions"]["reason"] for answer in answers] == [
        "not_trusted",
        "not_trusted",
        "several_operations",
        "not_trusted",
        "not_trusted",
        "no_introspection",
        "not_of_the_schema",
    ]


async def test_without_a_file_nothing_is_executed(
    database_urls: DatabaseUrls, redis_url: str
) -> None:
    """Which is how a platform starts that was told nothing; the answer says what to do."""
    async with graphql_site(database_urls, redis_url, settings=GraphqlSettings()) as closed:
        who = await closed.real.found()
        told = await closed.ask(ME, token=who.token)

    assert told.errors[0]["extensions"]["reason"] == "not_trusted"
    assert "PLANGATE_GRAPHQL_DOCUMENTS" in told.errors[0]["message"]
