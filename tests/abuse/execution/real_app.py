"""Serve the app of production, whole and in this loop, over a real Postgres and a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from pydantic import SecretStr

from runtime.app import create_app
from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.context import Context, Ids
from runtime.services.identity.tokens import Tokens
from runtime.settings import EdgeSettings, IdentitySettings, ServiceSettings
from runtime.settings.graphql import GraphqlSettings
from runtime.settings.plugins import PluginSettings
from runtime.settings.secret_use import SecretUseSettings
from tests.api.app_builder import Answered, asked
from tests.database import DatabaseUrls, session

OPERATOR: Final = "operator-of-the-tests-" + "o" * 20
TOKEN_KEY: Final = SecretStr("key-of-the-tests-" + "k" * 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Hold somebody who may do everything in an organization."""

    organization: str
    member: str
    token: str


@dataclass(kw_only=True)
class RealApp:
    """Hold the app, started."""

    app: FastAPI
    urls: DatabaseUrls
    numbers: count[int] = field(default_factory=lambda: count(1))

    async def call(
        self,
        method: str,
        path: str,
        document: JsonValue = None,
        *,
        token: str,
        headers: Mapping[str, str] | None = None,
        client: tuple[str, int] | None = None,
    ) -> Answered:
        """Send one request, from this machine if no other address is given."""
        path, _, query = path.partition("?")
        sent = [
            ("host", "127.0.0.1"),
            ("authorization", f"Bearer {token}"),
            *((name.lower(), value) for name, value in (headers or {}).items()),
        ]
        body = b"" if document is None else canonical_bytes(document)
        if body:
            sent.append(("content-type", "application/json"))
        sent.append(("content-length", str(len(body))))
        return await asked(
            self.app, method, path, headers=sent, body=body, query=query.encode(), client=client
        )

    async def made(self, path: str, document: JsonValue, *, token: str) -> JsonObject:
        """Make something that has to succeed, and return its document."""
        answer = await self.call("POST", path, document, token=token)
        assert answer.status in {200, 201}, answer.body
        found: JsonObject = answer.json
        return found

    async def found(self) -> Acting:
        """Make an organization, and return its owner."""
        number = next(self.numbers)
        owner = {"display_name": "Ann", "email": f"ann{number}@example.com"}
        document = await self.made(
            "/v1/organizations", {"name": f"o{number}", "owner": owner}, token=OPERATOR
        )
        return Acting(
            organization=document["organization"]["id"],
            member=document["owner"]["id"],
            token=document["token"]["text"],
        )

    async def service(self, who: Acting) -> str:
        """Add a service, and return its id."""
        wish = {"kind": "service", "display_name": f"robot {next(self.numbers)}"}
        return str((await self.made("/v1/members", wish, token=who.token))["id"])

    async def person(self, who: Acting, *, role: str = "member") -> str:
        """Add a person, as somebody whom an identity provider vouched for, and return their id."""
        member, number = Ids(SystemClock()).new("mem"), next(self.numbers)
        async with session(self.urls.superuser_url) as superuser:
            await superuser.execute(
                "insert into members (organization_id, id, kind, display_name, email, "
                "organization_role, created_at) values ($1, $2, 'person', 'Bea', $3, $4, now())",
                who.organization,
                member,
                f"bea{number}@example.com",
                role,
            )
        return member

    async def colleague(self, who: Acting, *, role: str = "owner") -> Acting:
        """Add a person of the same organization, with a token of every scope."""
        member = await self.person(who, role=role)
        caller = Caller(
            member_id=member,
            organization_id=who.organization,
            organization_role=OrganizationRole(role),
            member_kind=MemberKind.PERSON,
            scopes=frozenset(Scope),
            credential_id="of-an-identity-provider",
            credential_kind=CredentialKind.OIDC,
        )
        tokens: Tokens = self.app.state.services.tokens
        answer = await tokens.create(
            Context(caller=caller), name="own", scopes=frozenset(Scope), life=timedelta(days=1)
        )
        text = str(answer.document["text"])
        return Acting(organization=who.organization, member=member, token=text)

    async def project(self, who: Acting) -> JsonObject:
        """Make a project whose counter stands at 1, in version 1."""
        wish = {"name": f"p{next(self.numbers)}", "environment": "counter", "limits": {}}
        project = await self.made("/v1/projects", wish, token=who.token)
        await self.made(f"/v1/projects/{project['id']}/plans:execute", moved(1), token=who.token)
        return project


def moved(by: int) -> JsonObject:
    """Ask for the counter to move."""
    return {"plan": {"steps": [{"action": "counter.increment", "inputs": {"by": by}}]}}


@asynccontextmanager
async def real_app(
    urls: DatabaseUrls,
    redis_url: str,
    *,
    approval_lasts_s: float = 86_400.0,
    model: str = "",
    secret_use: SecretUseSettings | None = None,
    evaluations: Path | None = None,
    graphql: GraphqlSettings | None = None,
    plugins: PluginSettings | None = None,
) -> AsyncIterator[RealApp]:
    """Start the app, and stop it as its server would."""
    app = create_app(
        ServiceSettings(
            database_url=SecretStr(urls.app_url),
            redis_urls=(SecretStr(redis_url),),
            approval_lasts_s=approval_lasts_s,
            model=model,
            secret_use=secret_use or SecretUseSettings(),
            evaluations=evaluations,
            graphql=graphql or GraphqlSettings(),
            plugins=plugins or PluginSettings(),
            identity=IdentitySettings(token_keys=(TOKEN_KEY,), operator_token=SecretStr(OPERATOR)),
            edge=EdgeSettings(request_rate=None),
        )
    )
    async with app.router.lifespan_context(app):
        yield RealApp(app=app, urls=urls)
