"""Serve the platform's routes over hand-made use cases, and say who calls by a double at the port.

The routers, their order and their errors are those of production; who a credential belongs to is
what a test says. `tests.tenants` builds the use cases of tenancy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastapi import FastAPI
from starlette.types import Message

from runtime.domain.caller import Caller
from runtime.domain.errors import CredentialRefusedError
from runtime.entrypoints.rest import openapi, problems, routers
from runtime.entrypoints.rest.body import BodyCaps
from runtime.entrypoints.rest.refusals import Refusals
from runtime.kit.canonical_json import canonical_bytes, parse
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonValue
from runtime.services.audit.access_refusals import AccessRefusals
from runtime.services.context import Context
from runtime.services.tenancy.exports import Exports
from runtime.services.tenancy.invitations import Invitations
from runtime.services.tenancy.members import Members
from runtime.services.tenancy.memberships import Memberships
from runtime.services.tenancy.organizations import Organizations
from runtime.services.tenancy.projects import Projects
from runtime.store.session import Database
from tests.audited import access_refusals
from tests.tenants import Tenancy, a_tenancy

HERE: Final = ("127.0.0.1", 4711)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Hold what an app answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> JsonValue:
        """Return the body's document."""
        return parse(self.body)

    @property
    def code(self) -> str:
        """Return the code of a problem."""
        return str(self.json["code"])

    def header(self, name: str) -> str | None:
        """Return a header's value."""
        return self.headers.get(name)


@dataclass(slots=True)
class KnownCallers:
    """Know whose a credential is: the double of `Authentication`."""

    by_text: dict[str, Caller] = field(default_factory=dict)

    def credential_of(self, caller: Caller) -> str:
        """Return a text that opens as this caller."""
        text = f"credential-{len(self.by_text) + 1}"
        self.by_text[text] = caller
        return text

    async def caller_of(self, bearer: str) -> Caller:
        """Return whose a text is."""
        if bearer not in self.by_text:
            raise CredentialRefusedError
        return self.by_text[bearer]

    def knows(self, bearer: str) -> bool:
        """Say whether a text is somebody's."""
        return bearer in self.by_text

    async def operator_or_caller_of(self, bearer: str, *, request_key: str | None) -> Caller:
        """Return whose a text is, the platform's own too."""
        return await self.caller_of(bearer)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenancyServices:
    """Hold what the routes of tenancy ask for; stands where production has a `Platform`."""

    access_refusals: AccessRefusals
    authentication: KnownCallers
    exports: Exports
    invitations: Invitations
    members: Members
    memberships: Memberships
    organizations: Organizations
    projects: Projects


@dataclass(frozen=True, slots=True, kw_only=True)
class TenancyApp:
    """Hold an app with the use cases behind it."""

    app: FastAPI
    tenancy: Tenancy
    callers: KnownCallers

    async def call(
        self,
        context: Context,
        method: str,
        path: str,
        document: JsonValue = None,
        *,
        key: str | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Send one request as somebody: a document as strict JSON, a body as it is."""
        path, _, query = path.partition("?")
        sent = [
            ("host", "127.0.0.1:4711"),
            ("authorization", f"Bearer {self.callers.credential_of(context.caller)}"),
            *(headers or {}).items(),
        ]
        if key is not None:
            sent.append(("idempotency-key", key))
        if document is not None:
            body = canonical_bytes(document)
        if body:
            sent.append(("content-type", "application/json"))
        return await asked(self.app, method, path, headers=sent, body=body, query=query.encode())


async def asked(
    app: FastAPI,
    method: str,
    path: str,
    *,
    headers: Sequence[tuple[str, str]],
    body: bytes = b"",
    query: bytes = b"",
    client: tuple[str, int] | None = None,
) -> Answered:
    """Send one request straight to an app, as a server does; the client stays to the end."""
    got = list[Message]()
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "client": client or HERE,
        "server": HERE,
    }

    async def receive() -> Message:
        return waiting.pop() if waiting else await asyncio.Future[Message]()

    async def send(message: Message) -> None:
        got.append(message)

    await app(scope, receive, send)
    return Answered(
        status=int(got[0]["status"]),
        headers={name.decode(): value.decode() for name, value in got[0]["headers"]},
        body=b"".join(message.get("body", b"") for message in got[1:]),
    )


def an_app(services: object) -> FastAPI:
    """Build an app with the platform's routers around some of its use cases."""
    app = FastAPI(separate_input_output_schemas=False)
    app.state.services = services
    app.state.body_caps = BodyCaps(size_bytes=1_000_000, time_s=10.0)
    app.state.allowed_origins = frozenset[str]()
    app.state.rates = None
    app.state.refusals = Refusals(monotonic_s=SystemClock().monotonic_s)
    problems.install(app)
    routers.stand_in(app, routers.PLATFORM)
    openapi.describe(app)
    return app


def a_tenancy_app(database: Database) -> TenancyApp:
    """Build an app whose tenancy works, on a database."""
    tenancy, callers = a_tenancy(database), KnownCallers()
    services = TenancyServices(
        access_refusals=access_refusals(database, SystemClock()),
        authentication=callers,
        exports=tenancy.exports,
        invitations=tenancy.invitations,
        members=tenancy.members,
        memberships=tenancy.memberships,
        organizations=tenancy.organizations,
        projects=tenancy.projects,
    )
    return TenancyApp(app=an_app(services), tenancy=tenancy, callers=callers)
