"""Give tests a project with a hook in the app of production, and senders for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pytest_asyncio

from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonObject
from tests.abuse.execution.hook_wishes import a_hook_wish
from tests.abuse.execution.real_app import Acting, RealApp, real_app
from tests.api.app_builder import Answered, asked
from tests.database import DatabaseUrls, session
from tests.signing_hooks import Headers, signed_github, signed_standard, signed_stripe

BY_TWO: Final = b'{"id": "evt_1", "by": 2}'
STYLES: Final = ("standard-webhooks", "github", "stripe")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeHook:
    """Hold a hook with its secret."""

    project: str
    document: JsonObject = field(repr=False)

    @property
    def path(self) -> str:
        """Return where others deliver."""
        return str(self.document["path"])

    @property
    def own_path(self) -> str:
        """Return where it is managed."""
        return f"{self.project}/hooks/{self.document['id']}"

    @property
    def secret(self) -> str:
        """Return the secret that was shown."""
        return str(self.document["secret"])

    def signed(
        self,
        body: bytes,
        *,
        named: str = "msg_1",
        at: datetime | None = None,
        secret: str | None = None,
    ) -> Headers:
        """Sign a body as the sender of this hook does."""
        text, when = secret or self.secret, at or now()
        if self.document["style"] == "standard-webhooks":
            return signed_standard(text, body, named=named, at=when)
        if self.document["style"] == "github":
            return signed_github(text, body, named=named)
        return signed_stripe(text, body, at=when)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSite:
    """Hold the app, and a project whose counter stands at 1."""

    app: RealApp
    owner: Acting
    project: str

    async def hook(self, style: str = "standard-webhooks", **changes: Any) -> MadeHook:  # noqa: ANN401  # any wish
        """Make a hook that moves the counter by what a body says."""
        wish = await a_hook_wish(self.app, self.owner, self.project)
        wish = {**wish, "style": style, **changes}
        made = await self.app.made(f"{self.project}/hooks", wish, token=self.owner.token)
        return MadeHook(project=self.project, document=made)

    async def deliver(
        self,
        path: str,
        body: bytes,
        headers: Sequence[tuple[str, str]],
        *,
        client: tuple[str, int] | None = None,
    ) -> Answered:
        """Deliver a body as it is."""
        sent = [("host", "127.0.0.1"), ("content-length", str(len(body))), *headers]
        return await asked(self.app.app, "POST", path, headers=sent, body=body, client=client)

    async def delivered(
        self, hook: MadeHook, body: bytes = BY_TWO, *, named: str = "msg_1"
    ) -> Answered:
        """Deliver a body, signed."""
        return await self.deliver(hook.path, body, hook.signed(body, named=named))

    async def call(
        self,
        method: str,
        path: str,
        document: JsonObject | None = None,
        *,
        who: Acting | None = None,
    ) -> Answered:
        """Ask as somebody, the owner if nobody is named."""
        return await self.app.call(method, path, document, token=(who or self.owner).token)

    async def counter(self) -> int:
        """Return where the counter stands."""
        answer = await self.call("GET", f"{self.project}/state")
        return int(answer.json["components"]["counter"]["value"])

    async def deliveries(self, hook: MadeHook) -> list[JsonObject]:
        """Return what is known of deliveries, the newest first."""
        answer = await self.call("GET", f"{hook.own_path}/deliveries")
        found: list[JsonObject] = answer.json["items"]
        return found

    async def outcomes(self) -> int:
        """Count the outcomes of the project."""
        answer = await self.call("GET", f"{self.project}/outcomes?limit=200")
        return len(answer.json["items"])

    async def member(self, role: str) -> Acting:
        """Add a person who has a role in the project."""
        person = await self.app.colleague(self.owner, role="member")
        granted = await self.call("PUT", f"{self.project}/members/{person.member}", {"role": role})
        assert granted.status == 200, granted.body
        return person

    async def changed(self, statement: str, *values: object) -> None:
        """Change what is stored, as nobody else can."""
        async with session(self.app.urls.superuser_url) as superuser:
            await superuser.execute(statement, *values)


def now() -> datetime:
    """Return the instant, as a sender has it."""
    return datetime.now(UTC)


def spelled(**body: Any) -> bytes:  # noqa: ANN401  # any body
    """Spell a body."""
    return canonical_bytes(body)


@pytest_asyncio.fixture
async def hook_site(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[HookSite]:
    """Serve the whole platform, with a project of a new organization."""
    async with real_app(database_urls, redis_url) as app:
        owner = await app.found()
        project = await app.project(owner)
        yield HookSite(app=app, owner=owner, project=f"/v1/projects/{project['id']}")
