"""Serve the identity routes over a real database, and call them without a socket.

The parts are those of production, wired as the bootstrap wires them, but for what executions need.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import orjson
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Message

from runtime.entrypoints.rest import (
    callers,
    edge,
    health,
    members,
    memberships,
    organizations,
    problems,
    projects,
    routers,
    sessions,
    tokens,
)
from runtime.entrypoints.rest.body import BodyCaps
from runtime.entrypoints.rest.edge import EdgeOptions
from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.plugins.loader import environment_names
from runtime.ports.identity_provider import IdentityProviders
from runtime.sandbox import Sandbox
from runtime.services.audit.access_refusals import AccessRefusals
from runtime.services.context import Ids
from runtime.services.environments import InstalledEnvironment
from runtime.services.identity.access import Access
from runtime.services.identity.authentication import Authentication
from runtime.services.identity.minting import Mint, TokenKeys
from runtime.services.identity.pending_logins import PendingLogins
from runtime.services.identity.sessions import LoginSettings, Newcomers, Sessions
from runtime.services.identity.token_uses import TokenUses
from runtime.services.identity.tokens import Tokens
from runtime.services.readiness import Readiness, database_probe
from runtime.services.tenancy.invitations import Invitations
from runtime.services.tenancy.members import Members
from runtime.services.tenancy.memberships import Memberships
from runtime.services.tenancy.organizations import Organizations
from runtime.services.tenancy.projects import Projects
from runtime.store.session import Database
from runtime.telemetry import Metrics
from tests.audited import access_refusals

START: Final = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
KEY: Final = b"a key of the server, 32 bytes long"
OPERATOR: Final = "the platform's own credential, long".replace(" ", "-")
CALLBACK: Final = "http://127.0.0.1/v1/sessions:callback"
HERE: Final = ("127.0.0.1", 4711)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Hold the use cases that the routes under test ask for."""

    access: Access
    access_refusals: AccessRefusals
    authentication: Authentication
    members: Members
    memberships: Memberships
    organizations: Organizations
    projects: Projects
    sessions: Sessions
    tokens: Tokens
    uses: TokenUses


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Hold what the app answered; a header that was sent twice is there twice."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> JsonValue:
        """Return the body's document."""
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        """Return the code of a problem."""
        return str(self.json["code"])

    def header(self, name: str) -> str | None:
        """Return a header's last value."""
        return dict(self.headers).get(name)

    def cookies(self) -> dict[str, str]:
        """Return the whole `Set-Cookie` of each cookie, by its name."""
        set_cookies = [value for name, value in self.headers if name == "set-cookie"]
        return {value.partition("=")[0]: value for value in set_cookies}


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """Hold a new organization, with its owner and their token."""

    id: str
    owner: str
    token: str


@dataclass(kw_only=True)
class World:
    """Hold an app with what stands behind it."""

    app: FastAPI
    services: Services
    database: Database
    clock: FixedClock
    organizations: int = field(default=0)

    async def call(
        self,
        method: str,
        path: str,
        document: JsonValue = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        query: str = "",
        client: tuple[str, int] = HERE,
    ) -> Answered:
        """Send one request; a document is sent as JSON, a body as it is."""
        sent = [("host", "127.0.0.1:4711"), *dict_or_pairs(headers)]
        if token is not None:
            sent.append(("authorization", f"Bearer {token}"))
        if document is not None:
            body = orjson.dumps(document)
            sent.append(("content-type", "application/json"))
        return await called(
            self.app,
            method,
            path,
            headers=sent,
            body=body or b"",
            query=query,
            client=client,
        )

    async def found(self) -> Founded:
        """Make an organization."""
        self.organizations += 1
        name = f"organization {self.organizations}"
        owner = {"display_name": "Olga", "email": f"olga{self.organizations}@example.com"}
        made = await self.call(
            "POST", "/v1/organizations", {"name": name, "owner": owner}, token=OPERATOR
        )
        assert made.status == 201, made.body
        document = made.json
        return Founded(
            id=document["organization"]["id"],
            owner=document["owner"]["id"],
            token=document["token"]["text"],
        )

    async def token(self, by: str, **changes: JsonValue) -> JsonObject:
        """Make a token with another one, and return its document with the text."""
        wish = {"name": "ci", "scopes": ["tokens:manage", "tokens:read"], **changes}
        made = await self.call("POST", "/v1/tokens", wish, token=by)
        assert made.status == 201, made.body
        document: JsonObject = made.json
        return document

    async def service(self, by: str, name: str = "robot") -> str:
        """Add a service with an owner's token, and return its member id."""
        made = await self.call(
            "POST", "/v1/members", {"kind": "service", "display_name": name}, token=by
        )
        assert made.status == 201, made.body
        return str(made.json["id"])


@asynccontextmanager
async def a_world(
    database: Database,
    *,
    clock: FixedClock | None = None,
    options: EdgeOptions | None = None,
    identities: IdentityProviders | None = None,
    issuers: Sequence[str] = (),
    keys: TokenKeys | None = None,
    callback: str = CALLBACK,
) -> AsyncIterator[World]:
    """Open the app over a database, as one replica of many."""
    clock = clock or FixedClock(START)
    async with AsyncExitStack() as stack:
        services = _services(
            database,
            clock,
            identities=identities,
            issuers=issuers,
            keys=keys or TokenKeys(keys=(KEY,)),
            callback=callback,
        )
        for part in (services.uses, services.authentication, services.access):
            stack.push_async_callback(part.close)
        app = FastAPI(separate_input_output_schemas=False)
        app.state.services = services
        app.state.body_caps = BodyCaps(size_bytes=100_000, time_s=5.0)
        app.state.readiness = Readiness({"database": database_probe(database)}, clock)
        stack.push_async_callback(app.state.readiness.close)
        problems.install(app)
        edge.install(app, options or EdgeOptions(https=False), clock=clock, metrics=Metrics())
        routers.stand_in(
            app,
            (
                health.router,
                callers.router,
                tokens.router,
                sessions.router,
                sessions.own_router,
                organizations.router,
                members.router,
                projects.router,
                memberships.router,
            ),
        )
        yield World(app=app, services=services, database=database, clock=clock)


async def called(
    app: FastAPI,
    method: str,
    path: str,
    *,
    headers: Sequence[tuple[str, str]],
    body: bytes = b"",
    query: str = "",
    client: tuple[str, int] = HERE,
) -> Answered:
    """Send one request straight to an app."""
    got = list[Message]()
    parts = [body] if body else []
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    if body:
        sent.append((b"content-length", b"%d" % len(body)))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": sent,
        "client": client,
        "server": HERE,
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": parts.pop() if parts else b"", "more_body": False}

    async def send(message: Message) -> None:
        got.append(message)

    await app(scope, receive, send)
    return Answered(
        status=got[0]["status"],
        headers=[(name.decode(), value.decode()) for name, value in got[0]["headers"]],
        body=b"".join(message.get("body", b"") for message in got[1:]),
    )


def dict_or_pairs(
    headers: Mapping[str, str] | Sequence[tuple[str, str]],
) -> Sequence[tuple[str, str]]:
    """Return headers as pairs."""
    return list(headers.items()) if isinstance(headers, Mapping) else headers


def _services(
    database: Database,
    clock: FixedClock,
    *,
    identities: IdentityProviders | None,
    issuers: Sequence[str],
    keys: TokenKeys,
    callback: str,
) -> Services:
    ids, mint, access = Ids(clock), Mint(keys), Access(database, clock)
    uses = TokenUses(database, clock)
    authentication = Authentication(
        database,
        clock,
        keys,
        uses=uses,
        identities=identities,
        operator_token=SecretStr(OPERATOR),
    )

    def forget(member_id: str) -> None:
        access.forget_member(member_id)
        authentication.forget_member(member_id)

    refusals = access_refusals(database, clock)
    made_tokens = Tokens(database=database, ids=ids, mint=mint, authentication=authentication)
    return Services(
        access=access,
        access_refusals=refusals,
        authentication=authentication,
        members=Members(database=database, ids=ids, forget=forget),
        memberships=Memberships(database=database, ids=ids, forget=forget),
        organizations=Organizations(database=database, ids=ids, mint=mint),
        projects=Projects(
            database=database,
            ids=ids,
            environments={name: _installed(name) for name in environment_names()[:1]},
        ),
        sessions=Sessions(
            database=database,
            clock=clock,
            mint=mint,
            tokens=made_tokens,
            pending=PendingLogins(key=keys.signing),
            settings=LoginSettings(callback_url=callback, issuers=issuers),
            identities=identities,
            newcomers=Newcomers(
                invitations=Invitations(database=database, ids=ids, keys=keys, forget=forget),
                refusals=refusals,
            ),
        ),
        tokens=made_tokens,
        uses=uses,
    )


def _installed(name: str) -> InstalledEnvironment:
    sandbox = Sandbox.named(name)
    return InstalledEnvironment(
        id=name,
        title=sandbox.environment.title,
        description=sandbox.environment.description,
        plugin=f"{sandbox.plugin.id}@{sandbox.plugin.version}",
        compiled=sandbox.compiled,
        limits=sandbox.environment.limits,
    )
