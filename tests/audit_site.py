"""Give tests the app of production with an owner, whose log is numbered and signed when asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from runtime.adapters.ed25519_signer import Ed25519Signer
from runtime.bootstrap.sealing import server_seal
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.services.audit.epochs import introduced
from runtime.services.audit.heads import Heads
from runtime.services.audit.sequencing import Sequencing, SequencingPace
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.settings import IdentitySettings
from runtime.store.audit_waiting import HeadTerms
from runtime.store.session import Database
from tests.abuse.execution.real_app import TOKEN_KEY, Acting, RealApp, real_app
from tests.api.app_builder import Answered
from tests.database import DatabaseUrls, session

SEED = "5e" * 32
AT_ONCE = SequencingPace(terms=HeadTerms(within_s=0.0, every=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSite:
    """Hold the app, an owner, and what numbers and signs."""

    app: RealApp
    owner: Acting
    sequencing: Sequencing
    heads: Heads

    async def call(
        self,
        method: str,
        path: str,
        document: JsonObject | None = None,
        *,
        who: Acting | None = None,
    ) -> Answered:
        """Ask for something of the log, as the owner if nobody else is named."""
        token = (who or self.owner).token
        return await self.app.call(method, f"/v1/audit{path}", document, token=token)

    async def read(self, path: str, *, who: Acting | None = None) -> JsonObject:
        """Read something of the log that has to be there."""
        answer = await self.call("GET", path, who=who)
        assert answer.status == 200, answer.body
        found: JsonObject = answer.json
        return found

    async def number(self) -> None:
        """Give everything that is recorded its number, and sign the logs."""
        async with session(self.app.urls.superuser_url) as superuser:
            while await superuser.fetchval("select count(*) from audit_records"):
                await self.sequencing.look()
            while await superuser.fetchval(
                "select count(*) from audit_turns where head_due_at is not null"
            ):
                await self.heads.look()

    async def change(self, statement: str, *values: Any) -> None:  # noqa: ANN401  # of the driver
        """Change the database behind the platform's back, as whoever owns it could."""
        async with session(self.app.urls.superuser_url) as superuser:
            await superuser.execute("set session_replication_role = replica")
            await superuser.execute(statement, *values)

    async def auditor(self) -> Acting:
        """Make a service whose token reads the log and does nothing else."""
        service = await self.app.service(self.owner)
        wish: JsonObject = {"name": "auditor", "member": service, "scopes": ["audit:read"]}
        made = await self.app.made("/v1/tokens", wish, token=self.owner.token)
        return Acting(organization=self.owner.organization, member=service, token=str(made["text"]))

    async def export(self, *, who: Acting | None = None) -> list[JsonObject]:
        """Return the lines of an export."""
        answer = await self.call("GET", "/export", who=who)
        assert answer.status == 200, answer.body
        return [json.loads(line) for line in answer.body.splitlines()]


@asynccontextmanager
async def audit_site(urls: DatabaseUrls, redis_url: str) -> AsyncIterator[AuditSite]:
    """Start it, and stop it."""
    clock = SystemClock()
    async with real_app(urls, redis_url) as app:
        database = await Database.opened(urls.app_url)
        seal = server_seal(IdentitySettings(token_keys=(TOKEN_KEY,)))
        keys = SubjectKeys(database, seal, clock)
        signer = await introduced(database, Ed25519Signer.of_text(SEED), clock)
        try:
            yield AuditSite(
                app=app,
                owner=await app.found(),
                sequencing=Sequencing(database, keys, clock, pace=AT_ONCE),
                heads=Heads(database, signer, clock),
            )
        finally:
            await keys.close()
            await database.close()
