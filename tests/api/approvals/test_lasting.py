"""How long a request for approval can be granted and used is a setting of the platform."""

from __future__ import annotations

from datetime import datetime

from tests.abuse.execution.real_app import real_app
from tests.abuse.execution.wishes import an_approval, approving_project
from tests.api.approvals.conftest import Site
from tests.database import DatabaseUrls


async def test_a_request_lasts_as_long_as_the_platform_is_told(
    database_urls: DatabaseUrls, redis_url: str
) -> None:
    """The instant that it names is the one at which it ends."""
    async with real_app(database_urls, redis_url, approval_lasts_s=120.0) as app:
        founder = await app.found()
        asked = await an_approval(app, await approving_project(app, founder), founder)

    assert (instant(asked["expires_at"]) - instant(asked["created_at"])).total_seconds() == 120


async def test_a_list_tells_how_many_said_what(site: Site) -> None:
    """So that who looks for what waits for them need not open each."""
    asked = await site.request()
    untouched = (await site.call("viewer", "GET", "?status=pending")).json["items"]
    await site.vote("admin", asked)
    await site.vote("owner", asked, "override")

    (listed,) = (await site.call("viewer", "GET", "?status=granted")).json["items"]

    assert [(item["grants"], item["overriders"]) for item in untouched] == [(0, 0)]
    assert (listed["grants"], listed["overriders"]) == (1, 1)
    assert "votes" not in listed


def instant(text: object) -> datetime:
    """Read an instant of a document."""
    return datetime.fromisoformat(str(text))
