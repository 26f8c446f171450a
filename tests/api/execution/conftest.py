"""Give these tests the app of production, over a real database and Redis, and a founded project."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest_asyncio
from fastapi import FastAPI
from pydantic import SecretStr

from runtime.app import create_app
from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.identity_provider import TrustedIssuer
from runtime.settings import IdentitySettings, RulesSettings, ServiceSettings
from tests.api.app_builder import Answered, asked
from tests.database import FreshDatabase
from tests.execution import redis_url

__all__ = ["redis_url"]

OPERATOR = "operator-token-of-tests-0123456789ab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Hold a running app, the token of an organization's owner, and a counter project."""

    app: FastAPI
    token: str
    project: str

    async def call(
        self,
        method: str,
        path: str,
        document: JsonValue = None,
        *,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Answered:
        """Send one request; `{p}` in the path is the project."""
        path, _, query = path.replace("{p}", f"/v1/projects/{self.project}").partition("?")
        body = b"" if document is None else canonical_bytes(document)
        sent = [
            ("host", "127.0.0.1:4711"),
            ("authorization", f"Bearer {token or self.token}"),
            *(headers or {}).items(),
        ]
        if body:
            sent.append(("content-type", "application/json"))
        return await asked(self.app, method, path, headers=sent, body=body, query=query.encode())

    async def execute(
        self, *steps: JsonObject, verb: str = "execute", **parts: JsonValue
    ) -> Answered:
        """Execute a plan of these steps; parts of headers are in `headers`."""
        headers = parts.pop("headers", None)
        return await self.call(
            "POST",
            f"{{p}}/plans:{verb}",
            {"plan": {"steps": list(steps)}, **parts},
            headers=headers,
        )


def increment(by: int = 1) -> JsonObject:
    """Build a step that moves the counter."""
    return {"action": "counter.increment", "inputs": {"by": by}}


@pytest_asyncio.fixture
async def api(database: FreshDatabase, redis_url: str) -> AsyncIterator[Api]:
    """Open the app, found an organization and make a project in it."""
    async with an_api(database, redis_url) as opened:
        yield opened


@asynccontextmanager
async def an_api(
    database: FreshDatabase,
    redis_url: str,
    *,
    issuers: tuple[TrustedIssuer, ...] = (),
    public_url: str | None = None,
    lease_ttl_s: float = 6.0,
    rules: RulesSettings | None = None,
) -> AsyncIterator[Api]:
    """Open the app with issuers to trust, found an organization and make a project in it."""
    app = create_app(
        ServiceSettings(
            database_url=SecretStr(database.app_url),
            redis_urls=(SecretStr(redis_url),),
            lease_ttl_s=lease_ttl_s,
            rules=rules or RulesSettings(),
            identity=IdentitySettings(
                token_keys=(SecretStr("key-of-tests-0123456789-0123456789"),),
                operator_token=SecretStr(OPERATOR),
                issuers=issuers,
                public_url=public_url,
            ),
        )
    )
    async with app.router.lifespan_context(app):
        bare = Api(app=app, token=OPERATOR, project="")
        founded = await bare.call(
            "POST",
            "/v1/organizations",
            {"name": "Acme", "owner": {"display_name": "Ann", "email": "ann@example.com"}},
        )
        token = founded.json["token"]["text"]
        made = await Api(app=app, token=token, project="").call(
            "POST", "/v1/projects", {"name": "first", "environment": "counter"}
        )
        yield Api(app=app, token=token, project=made.json["id"])
