"""Serve the app of production with GraphQL open to every document, and ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from fastapi import FastAPI
from starlette.types import Message

from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.settings.graphql import GraphqlSettings
from tests.abuse.execution.real_app import Acting, RealApp, real_app
from tests.api.app_builder import HERE, Answered, asked
from tests.database import DatabaseUrls, session

DEVELOPMENT = GraphqlSettings(any_document=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Hold what a document was answered with."""

    answered: Answered

    @property
    def data(self) -> Any:  # noqa: ANN401  # as it was asked for
        """Return the data."""
        return self.answered.json.get("data")

    @property
    def errors(self) -> list[JsonObject]:
        """Return the errors."""
        return list(self.answered.json.get("errors", ()))

    @property
    def codes(self) -> list[str]:
        """Return the codes of the errors."""
        return [str(error["extensions"]["code"]) for error in self.errors]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphqlSite:
    """Hold an app, started, and ask it."""

    real: RealApp
    urls: DatabaseUrls

    async def ask(
        self,
        query: str,
        variables: JsonValue = None,
        *,
        token: str,
        headers: Mapping[str, str] | None = None,
        client: tuple[str, int] | None = None,
    ) -> Told:
        """Send one document as whose token it is, from this machine unless another is given."""
        body: JsonObject = {"query": query}
        if variables is not None:
            body["variables"] = variables
        answered = await self.real.call(
            "POST", "/graphql", body, token=token, headers=headers, client=client
        )
        return Told(answered=answered)

    async def sent(
        self, body: bytes, *, token: str, content_type: str = "application/json"
    ) -> Answered:
        """Send a body as it is."""
        headers = [
            ("host", "127.0.0.1"),
            ("authorization", f"Bearer {token}"),
            ("content-type", content_type),
            ("content-length", str(len(body))),
        ]
        return await asked(self.real.app, "POST", "/graphql", headers=headers, body=body)

    async def got(self, query: str, variables: JsonValue = None, *, token: str) -> Any:  # noqa: ANN401  # as asked for
        """Return the data of a document that nothing is wrong with."""
        told = await self.ask(query, variables, token=token)
        assert told.errors == [], told.errors
        return told.data

    async def project(self, who: Acting) -> str:
        """Make a project whose counter stands at 1, and return its id."""
        return str((await self.real.project(who))["id"])

    @asynccontextmanager
    async def superuser(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """Reach the database past its rights."""
        async with session(self.urls.superuser_url) as connection:
            yield connection


@asynccontextmanager
async def graphql_site(
    urls: DatabaseUrls, redis_url: str, *, settings: GraphqlSettings = DEVELOPMENT
) -> AsyncIterator[GraphqlSite]:
    """Start the app, and stop it as its server would."""
    async with real_app(urls, redis_url, graphql=settings) as real:
        yield GraphqlSite(real=real, urls=urls)


async def opened(
    app: FastAPI,
    query: str,
    variables: JsonObject,
    *,
    token: str,
    parts: int = 1,
    begun: asyncio.Event | None = None,
    client: tuple[str, int] | None = None,
) -> Answered:
    """Follow a subscription until some parts of its stream have come, and then go.

    Args:
        app: where.
        query: the document.
        variables: its variables.
        token: whose.
        client: from where; this machine, unless another is given.
        parts: how many of them; the first says that the stream is there.
        begun: is set once the first has come.
    """
    body = canonical_bytes({"query": query, "variables": variables})
    headers = [
        (b"host", b"127.0.0.1"),
        (b"authorization", f"Bearer {token}".encode()),
        (b"content-type", b"application/json"),
        (b"accept", b"text/event-stream"),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": client or HERE,
        "server": HERE,
    }
    got, gone = list[Message](), asyncio.Event()
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        got.append(message)
        if begun is not None and message.get("body"):
            begun.set()
        if sum(bool(item.get("body")) for item in got) >= parts:
            gone.set()

    await app(scope, receive, send)
    return Answered(
        status=int(got[0]["status"]),
        headers={name.decode(): value.decode() for name, value in got[0]["headers"]},
        body=b"".join(message.get("body", b"") for message in got[1:]),
    )
