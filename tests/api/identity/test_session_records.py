"""Logins, their ends, and logins of people who are no members are on record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.api.identity.browser import Browser
from tests.api.identity.issuers import Trusting, trusting
from tests.audited import recorded
from tests.database import FreshDatabase, session
from tests.servers.identity_provider import IdentityProvider, identity_provider

OLGA = "olga1@example.com"


@pytest.fixture
def issuer() -> Iterator[IdentityProvider]:
    """Serve an issuer that logs in the owner of the organization."""
    with identity_provider() as served:
        served.login_changes = {"email": OLGA}
        yield served


@pytest_asyncio.fixture
async def trusted(database: FreshDatabase, issuer: IdentityProvider) -> AsyncIterator[Trusting]:
    """Open a world that trusts the issuer."""
    async with trusting(database, issuer) as opened:
        yield opened


@pytest.fixture
def browser(trusted: Trusting) -> Browser:
    """Open a browser without cookies."""
    return Browser(world=trusted.world)


async def sessions(database: FreshDatabase) -> list[tuple[str, str]]:
    """Return what is recorded of sessions, each with by whom."""
    found = await recorded(database.urls.superuser_url)
    kinds = [(item.kind, item.principal) for item in found]
    return sorted(item for item in kinds if item[0].startswith("session."))


async def test_a_session_is_recorded_when_it_opens_and_when_it_is_closed(
    database: FreshDatabase, trusted: Trusting, browser: Browser
) -> None:
    """By the member whose it is."""
    owner = trusted.founded.owner
    await browser.log_in()
    opened = await sessions(database)

    await browser.post("/v1/sessions:logout", sec_fetch_site="same-origin")

    assert opened == [("session.opened", owner)]
    assert await sessions(database) == [("session.closed", owner), *opened]


async def test_who_is_no_member_is_recorded_without_their_name(
    database: FreshDatabase, browser: Browser, issuer: IdentityProvider
) -> None:
    """Of the issuer's subject a digest is kept, of the address nothing."""
    issuer.login_changes = {"email": "stranger@example.com", "sub": "a-stranger"}

    refused = await browser.log_in()

    async with session(database.urls.superuser_url) as superuser:
        documents = await superuser.fetch(
            "select document from audit_records where kind = 'session.refused'"
        )
    assert (refused.status, refused.code) == (401, "token_refused")
    assert await sessions(database) == [("session.refused", "nobody")]
    assert "subject_digest" in documents[0]["document"]
    assert "stranger" not in documents[0]["document"]
