"""Ask for links to evaluations, and open them as a browser that knows nobody does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from runtime.kit.clock import FixedClock
from runtime.services.context import Ids
from runtime.services.evaluations.links import EvaluationLinks
from runtime.services.identity.minting import TokenKeys
from runtime.services.identity.page_passes import PagePasses
from runtime.store.session import Database
from tests.abuse.execution.real_app import TOKEN_KEY, Acting
from tests.api.app_builder import Answered, asked
from tests.api.evaluations.conftest import Shown

COOKIE: Final = "plangate_evaluations"


async def a_link(shown: Shown, who: Acting | None = None) -> str:
    """Make a link, and return its path and query."""
    who = who or shown.owner
    path = f"/v1/organizations/{who.organization}/evaluations:link"
    made = await shown.app.made(path, None, token=who.token)
    parts = urlsplit(str(made["url"]))
    return f"{parts.path}?{parts.query}"


async def opened(shown: Shown, link: str, *, cookie: str = "", method: str = "GET") -> Answered:
    """Ask for a path of this site, as a browser without a credential."""
    path, _, query = link.partition("?")
    headers = [("host", "127.0.0.1"), *([("cookie", cookie)] if cookie else [])]
    return await asked(shown.app.app, method, path, headers=headers, query=query.encode())


async def a_visit(shown: Shown, who: Acting | None = None) -> str:
    """Open a link, and return the cookie that a browser sends from then on."""
    answer = await opened(shown, await a_link(shown, who))
    assert answer.status == 200, answer.body
    return f"{COOKIE}={cookie_of(answer)[COOKIE].value}"


def cookie_of(answer: Answered) -> SimpleCookie:
    """Return the cookies that an answer sets."""
    return SimpleCookie(answer.header("set-cookie") or "")


@asynccontextmanager
async def links_at(shown: Shown, instant: datetime) -> AsyncIterator[EvaluationLinks]:
    """Open the same use cases at another instant."""
    database = await Database.opened(shown.app.urls.app_url)
    try:
        yield EvaluationLinks(
            database=database,
            ids=Ids(FixedClock(instant)),
            passes=PagePasses(keys=TokenKeys(keys=(TOKEN_KEY.get_secret_value().encode(),))),
            public_url=None,
        )
    finally:
        await database.close()
