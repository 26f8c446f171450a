"""Give these tests the app of production, with people of every role around one project."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

import pytest_asyncio

from runtime.kit.json_value import JsonObject, JsonValue
from tests.abuse.execution.real_app import Acting, RealApp, real_app
from tests.abuse.execution.wishes import an_approval, approving_project
from tests.api.app_builder import Answered
from tests.database import DatabaseUrls
from tests.execution import redis_url

__all__ = ["redis_url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold the app, the project's address, and who is what in it."""

    app: RealApp
    project: str
    people: Mapping[str, Acting]

    async def request(self, who: str = "requester") -> JsonObject:
        """Let somebody ask for an approval, and return it."""
        return await an_approval(self.app, self.project, self.people[who])

    async def call(self, who: str, method: str, path: str, document: JsonValue = None) -> Answered:
        """Send a request as somebody, below the project's approvals."""
        return await self.app.call(
            method, f"{self.project}/approvals{path}", document, token=self.people[who].token
        )

    async def vote(self, who: str, asked: JsonObject, verb: str = "grant") -> Answered:
        """Let somebody vote on what they see."""
        document = {"plan_digest": asked["plan_digest"], "reason": "as agreed"}
        return await self.call(who, "POST", f"/{asked['id']}:{verb}", document)

    async def execute(self, who: str, asked: JsonObject, **parts: JsonValue) -> Answered:
        """Execute the plan of a request."""
        return await self.app.call(
            "POST",
            f"{self.project}/plans:execute",
            {"plan": asked["plan"], **parts},
            token=self.people[who].token,
        )


@pytest_asyncio.fixture
async def site(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[Site]:
    """Serve the whole platform, and give a project people."""
    async with real_app(database_urls, redis_url) as app:
        founder = await app.found()
        project = await approving_project(app, founder)
        people = {"founder": founder, "owner": await app.colleague(founder)}
        for role in ("admin", "operator", "viewer", "requester"):
            people[role] = await app.colleague(founder, role="member")
            granted = await app.call(
                "PUT",
                f"{project}/members/{people[role].member}",
                {"role": "operator" if role == "requester" else role},
                token=founder.token,
            )
            assert granted.status in {200, 201}, granted.body
        people["stranger"] = await app.colleague(founder, role="member")
        people["service"] = await a_service(app, founder, project)
        people["foreigner"] = await app.found()
        yield Site(app=app, project=project, people=people)


async def a_service(app: RealApp, founder: Acting, project: str) -> Acting:
    """Make a service that administers the project, with a token that the founder made."""
    member = await app.service(founder)
    granted = await app.call(
        "PUT", f"{project}/members/{member}", {"role": "admin"}, token=founder.token
    )
    assert granted.status in {200, 201}, granted.body
    made = await app.made(
        "/v1/tokens",
        {
            "name": "robot",
            "member": member,
            "scopes": ["plans:execute", "plans:approve", "outcomes:read"],
        },
        token=founder.token,
    )
    return replace(founder, member=member, token=str(made["text"]))
