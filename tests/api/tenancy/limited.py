"""Give tests an organization with two projects and people, and limits that it may set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio

from runtime.kit.json_value import JsonObject, JsonValue
from tests.abuse.execution.real_app import Acting, RealApp, moved, real_app
from tests.api.app_builder import Answered
from tests.database import DatabaseUrls
from tests.execution import redis_url
from tests.rates import begun_long_ago

__all__ = ["redis_url"]

LIMITS: JsonObject = {
    "budgets": [
        {"scope": "organization", "measure": "units", "per": "day", "most": 100},
        {"scope": "project", "measure": "actions", "per": "month", "most": 50},
        {"scope": "principal", "measure": "actions", "per": "day", "most": 40},
        {
            "scope": "action",
            "subject": "counter.increment",
            "measure": "units",
            "per": "day",
            "most": 30,
        },
    ],
    "rates": [
        {"scope": "organization", "per": "minute", "most": 7},
        {"scope": "project", "per": "hour", "most": 100},
        {"scope": "principal", "per": "hour", "most": 90},
    ],
    "zone": "Europe/Berlin",
    "currency": "EUR",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold the app, an organization with two projects, and people in it."""

    app: RealApp
    owner: Acting
    member: Acting
    first: str
    second: str

    @property
    def place(self) -> str:
        """Return where the organization is."""
        return f"/v1/organizations/{self.owner.organization}"

    async def get(self, path: str, who: Acting | None = None) -> Answered:
        """Read something of the organization, as its owner if nobody else is named."""
        return await self.app.call("GET", f"{self.place}{path}", token=(who or self.owner).token)

    async def put(
        self,
        document: JsonValue,
        who: Acting | None = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Answered:
        """Set limits, as the owner if nobody else is named."""
        return await self.app.call(
            "PUT",
            f"{self.place}/limits",
            document,
            token=(who or self.owner).token,
            headers=headers,
        )

    async def execute(self, project: str, who: Acting | None = None) -> JsonObject:
        """Move a project's counter, and return the outcome."""
        found: JsonObject = await self.app.made(
            f"/v1/projects/{project}/plans:execute", moved(1), token=(who or self.owner).token
        )
        return found


@pytest_asyncio.fixture
async def site(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[Site]:
    """Serve the whole platform, and give an organization two projects; one has a member."""
    await begun_long_ago(redis_url)
    async with real_app(database_urls, redis_url) as app:
        owner = await app.found()
        member = await app.colleague(owner, role="member")
        projects = [
            await app.made(
                "/v1/projects", {"name": name, "environment": "counter"}, token=owner.token
            )
            for name in ("first", "second")
        ]
        first, second = (str(project["id"]) for project in projects)
        granted = await app.call(
            "PUT",
            f"/v1/projects/{first}/members/{member.member}",
            {"role": "operator"},
            token=owner.token,
        )
        assert granted.status == 200, granted.body
        yield Site(app=app, owner=owner, member=member, first=first, second=second)


def by_kind(uses: list[JsonObject]) -> dict[tuple[str, str, str | None], tuple[int, int]]:
    """Return what is used and how much there is, by measure, scope and subject."""
    return {
        (use["measure"], use["scope"], use["subject"]): (use["used"], use["limit"]) for use in uses
    }
