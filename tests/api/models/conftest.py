"""Give tests of models an organization with a project and people, served in full."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio

from runtime.kit.json_value import JsonValue
from tests.abuse.execution.real_app import Acting, RealApp, real_app
from tests.api.app_builder import Answered
from tests.database import DatabaseUrls
from tests.execution import redis_url

__all__ = ["redis_url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold the app, an organization with a project, and a member of it."""

    app: RealApp
    owner: Acting
    member: Acting
    project: str

    def place(self, where: str) -> str:
        """Return where settings of models are."""
        if where == "organization":
            return f"/v1/organizations/{self.owner.organization}/models"
        return f"/v1/projects/{self.project}/models"

    async def get(self, where: str, who: Acting | None = None, *, verb: str = "") -> Answered:
        """Read, as the owner if nobody else is named."""
        token = (who or self.owner).token
        return await self.app.call("GET", f"{self.place(where)}{verb}", token=token)

    async def put(
        self,
        where: str,
        document: JsonValue,
        who: Acting | None = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Answered:
        """Replace, as the owner if nobody else is named."""
        token = (who or self.owner).token
        return await self.app.call("PUT", self.place(where), document, token=token, headers=headers)


@pytest_asyncio.fixture
async def site(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[Site]:
    """Serve the whole platform, which has no model of its own."""
    async with real_app(database_urls, redis_url) as app:
        owner = await app.found()
        member = await app.colleague(owner, role="member")
        project = await app.project(owner)
        granted = await app.call(
            "PUT",
            f"/v1/projects/{project['id']}/members/{member.member}",
            {"role": "operator"},
            token=owner.token,
        )
        assert granted.status == 200, granted.body
        yield Site(app=app, owner=owner, member=member, project=str(project["id"]))
