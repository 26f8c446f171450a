"""A session keeps those claims of its login that the settings list, and shows them to nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from io import StringIO

import pytest
import pytest_asyncio
import structlog
from sqlalchemy import text

from runtime.entrypoints.rest.edge import EdgeOptions
from runtime.telemetry import configure_logging
from tests.api.identity.browser import Browser, at_issuer
from tests.api.identity.issuers import Trusting, trusting
from tests.database import FreshDatabase
from tests.servers.identity_provider import IdentityProvider, identity_provider

OLGA = "olga1@example.com"
COOKIE = "plangate_session"


@pytest.fixture
def issuer() -> Iterator[IdentityProvider]:
    """Serve an issuer that says of the owner what team they are in."""
    with identity_provider() as served:
        served.login_changes = {"email": OLGA, "team": "s3cret-ops", "roles": ["owner"]}
        yield served


@pytest_asyncio.fixture
async def trusted(database: FreshDatabase, issuer: IdentityProvider) -> AsyncIterator[Trusting]:
    """Open a world that lets policies judge people by their team, and logs every request."""
    options = EdgeOptions(https=False, log_requests=True)
    async with trusting(database, issuer, claims=("team", "level"), options=options) as opened:
        yield opened


async def claims_of(browser: Browser) -> str:
    """Return the claims of whom the platform takes the browser for."""
    caller = await browser.world.services.authentication.caller_of(browser.cookies[COOKIE])
    return caller.claims


async def stored(trusted: Trusting, question: str) -> list[str]:
    """Ask the organization's rows for texts."""
    database = trusted.world.database
    async with database.transaction(trusted.founded.id, read_only=True) as connection:
        return list(await connection.scalars(text(question)))


async def test_a_session_has_the_claims_of_its_login(trusted: Trusting) -> None:
    """Those that are listed and there, and no others; each session its own."""
    first, second = Browser(world=trusted.world), Browser(world=trusted.world)
    await first.log_in()
    trusted.issuer.login_changes = {"email": OLGA, "team": "law", "level": 3}
    await second.log_in()

    assert await claims_of(first) == '{"team":"s3cret-ops"}'
    assert await claims_of(second) == '{"level":3,"team":"law"}'


async def test_a_login_without_claims_begins_a_session_without(trusted: Trusting) -> None:
    """As one whose issuer lists none."""
    trusted.issuer.login_changes = {"email": OLGA}
    browser = Browser(world=trusted.world)
    await browser.log_in()

    assert await claims_of(browser) == ""


async def test_claims_that_are_too_large_refuse_the_login(trusted: Trusting) -> None:
    """As they refuse a bearer token: without them a policy would judge somebody else."""
    trusted.issuer.login_changes = {"email": OLGA, "team": "x" * 4_096}
    browser = Browser(world=trusted.world)

    refused = await browser.finish(await at_issuer(await browser.begin()))

    assert (refused.status, refused.code) == (401, "identity_refused")
    assert b"xxx" not in refused.body
    assert COOKIE not in browser.cookies


async def test_claims_are_neither_logged_nor_recorded_nor_shown(trusted: Trusting) -> None:
    """Not by the login, by the session's use, or by what lists tokens."""
    written = StringIO()
    configure_logging(stream=written)
    browser = Browser(world=trusted.world)
    try:
        arrived = await browser.log_in()
        me = await browser.go("/v1/me")
        tokens = await browser.go("/v1/tokens")
    finally:
        structlog.reset_defaults()
    records = await stored(trusted, "select document from audit_records")
    events = await stored(trusted, "select document from events")

    assert '"kind":"session"' in "".join(records)
    for told in (
        written.getvalue(), str(arrived.headers), str(me.json), str(tokens.json), *records, *events,
    ):  # fmt: skip
        assert "s3cret" not in told
    assert "request.answered" in written.getvalue()


async def test_claims_go_with_the_session(trusted: Trusting) -> None:
    """By a logout at once, and past its time by the next login."""
    left, lapsed = Browser(world=trusted.world), Browser(world=trusted.world)
    asked = "select claims from tokens where kind = 'session' order by id"
    await left.log_in()
    await lapsed.log_in()
    await left.post("/v1/sessions:logout", sec_fetch_site="same-origin")
    once = await stored(trusted, asked)
    trusted.world.clock.advance(timedelta(hours=12))
    await Browser(world=trusted.world).log_in()

    assert sorted(once) == ["", '{"team":"s3cret-ops"}']
    assert sorted(await stored(trusted, asked)) == ["", "", '{"team":"s3cret-ops"}']
