"""A browser logs in by code flow with PKCE, and what it gets is a cookie of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import pytest_asyncio

from runtime.adapters.oidc.providers import OidcProviders
from runtime.kit.clock import FixedClock
from runtime.ports.identity_provider import TrustedIssuer
from tests.api.identity.browser import Browser, asked_of, at_issuer
from tests.api.identity.issuers import Trusting, trusting
from tests.api.identity.world import START, World, a_world
from tests.database import FreshDatabase
from tests.egress import issuers_way
from tests.servers.identity_provider import TOKEN, Canned, IdentityProvider, identity_provider

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


async def test_a_login_ends_where_it_wanted_to_go(trusted: Trusting, browser: Browser) -> None:
    """With a session of the member whose address the issuer vouches for."""
    arrived = await browser.log_in(return_to="/projects?tab=2")
    me = await browser.go("/v1/me")

    assert (arrived.status, arrived.header("location")) == (302, "/projects?tab=2")
    assert me.json["member"]["id"] == trusted.founded.owner
    assert me.json["credential"]["kind"] == "session"
    assert set(browser.cookies) == {"plangate_session"}


async def test_the_session_cookie_is_out_of_reach(browser: Browser) -> None:
    """No script reads it, no other site sends it along with a form, and it ends."""
    arrived = await browser.log_in()

    attributes = set(arrived.cookies()["plangate_session"].split("; ")[1:])
    assert attributes == {"HttpOnly", "Max-Age=43200", "Path=/", "SameSite=lax"}
    assert arrived.header("cache-control") == "no-store"


async def test_cookies_go_by_https_alone_where_it_is_served(
    database: FreshDatabase, issuer: IdentityProvider
) -> None:
    """Only on loopback, where there is no https, may they go without."""
    async with trusting(database, issuer) as opened:
        opened.world.app.state.secure_cookies = True
        browser = Browser(world=opened.world)
        begun = await browser.go("/v1/sessions:login")
        arrived = await browser.finish(await at_issuer(str(begun.header("location"))))

    assert "Secure" in begun.cookies()["plangate_login"]
    assert "Secure" in arrived.cookies()["plangate_session"]


async def test_a_session_ends_after_twelve_hours(trusted: Trusting, browser: Browser) -> None:
    """Whatever the browser keeps."""
    await browser.log_in()
    trusted.world.clock.advance(timedelta(hours=12))

    assert (await browser.go("/v1/me")).status == 401


async def test_logging_out_ends_the_session(browser: Browser) -> None:
    """On the server too: a copy of the cookie opens nothing."""
    await browser.log_in()
    copied = Browser(world=browser.world, cookies=dict(browser.cookies))

    out = await browser.post("/v1/sessions:logout", sec_fetch_site="same-origin")

    assert (out.status, out.body) == (204, b"")
    assert browser.cookies == {}
    assert (await copied.go("/v1/me")).status == 401


async def test_an_api_token_is_no_session_to_log_out_of(trusted: Trusting) -> None:
    """It is revoked where tokens are."""
    refused = await trusted.world.call("POST", "/v1/sessions:logout", token=trusted.founded.token)

    assert (refused.status, refused.code) == (403, "not_allowed")


async def test_the_issuer_is_asked_with_pkce_state_and_nonce(browser: Browser) -> None:
    """Each login with its own."""
    first, second = await browser.begin(), await browser.begin()

    assert asked_of(first, "code_challenge_method") == "S256"
    for name in ("state", "nonce", "code_challenge"):
        assert asked_of(first, name) != asked_of(second, name)


@pytest.mark.parametrize(
    "return_to",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "evil", ""],
)
async def test_a_login_leads_to_no_other_site(browser: Browser, return_to: str) -> None:
    """An open redirect lends our name to whoever writes a link."""
    refused = await browser.world.call(
        "GET",
        "/v1/sessions:login",
        query="return_to=" + return_to.replace("\\", "%5C").replace("\t", "%09"),
    )

    assert (refused.status, refused.code) == (422, "request_invalid")
    assert refused.cookies() == {}


async def test_another_browser_can_not_finish_a_login(browser: Browser) -> None:
    """Whoever is tricked into the callback of a stranger's login gets no session of theirs."""
    callback = await at_issuer(await browser.begin())
    victim = Browser(world=browser.world)

    refused = await victim.finish(callback)

    assert (refused.status, refused.code) == (401, "identity_refused")
    assert victim.cookies == {}


async def test_a_browser_can_not_finish_the_login_of_another_one(browser: Browser) -> None:
    """With a login of its own, the state is another one."""
    callback = await at_issuer(await browser.begin())
    victim = Browser(world=browser.world)
    await victim.begin()

    refused = await victim.finish(callback)

    assert (refused.status, refused.code) == (401, "identity_refused")


async def test_a_callback_is_good_for_one_session(browser: Browser) -> None:
    """A second visit of the same address begins nothing."""
    callback = await at_issuer(await browser.begin())
    await browser.finish(callback)

    again = await browser.finish(callback)

    assert (again.status, again.code) == (401, "identity_refused")


async def test_a_login_that_took_too_long_begins_nothing(
    trusted: Trusting, browser: Browser
) -> None:
    """Ten minutes are enough."""
    callback = await at_issuer(await browser.begin())
    trusted.world.clock.advance(timedelta(minutes=10))

    refused = await browser.finish(callback)

    assert (refused.status, refused.code) == (401, "identity_refused")


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("", id="nothing"),
        pytest.param("state=a", id="no code"),
        pytest.param("code=a", id="no state"),
        pytest.param("error=access_denied&state=a&code=a", id="a refusal of the issuer"),
    ],
)
async def test_a_callback_without_its_parts_begins_nothing(browser: Browser, query: str) -> None:
    """Whatever the browser brings."""
    await browser.begin()

    refused = await browser.go("/v1/sessions:callback", query)

    assert (refused.status, refused.code) == (401, "identity_refused")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"email": "stranger@example.com"}, id="an address of nobody"),
        pytest.param({"email_verified": False}, id="an address that is not proven"),
        pytest.param({"email": None}, id="no address"),
    ],
)
async def test_who_is_no_member_and_not_invited_gets_no_session(
    issuer: IdentityProvider, browser: Browser, changes: dict[str, object]
) -> None:
    """The issuer's word is about who they are, not about what they may do."""
    issuer.login_changes = {**issuer.login_changes, **changes}

    refused = await browser.log_in()

    assert (refused.status, refused.code) == (401, "token_refused")
    assert "plangate_session" not in browser.cookies


async def test_an_issuer_that_does_not_answer_is_no_refusal(
    issuer: IdentityProvider, browser: Browser
) -> None:
    """The same login may work in a moment."""
    callback = await at_issuer(await browser.begin())
    issuer.answers[TOKEN] = Canned(status=503)

    answered = await browser.finish(callback)

    assert (answered.status, answered.code) == (503, "credential_unverifiable")
    assert answered.header("retry-after") == "1"


async def test_an_unknown_issuer_is_not_asked(browser: Browser) -> None:
    """Only those in the settings are."""
    refused = await browser.go("/v1/sessions:login", "issuer=https%3A%2F%2Fevil.example")

    assert (refused.status, refused.code) == (401, "identity_refused")


async def test_of_several_issuers_one_is_named(database: FreshDatabase) -> None:
    """There is no guessing."""
    issuers = [
        TrustedIssuer(
            issuer=f"https://{name}.example",
            audiences=("plangate",),
            client_id="plangate",
            organization_claim="plangate_organization",
        )
        for name in ("a", "b")
    ]
    providers = OidcProviders(
        issuers, clock=FixedClock(START), egress=issuers_way(*(item.issuer for item in issuers))
    )
    names = [trusted.issuer for trusted in issuers]
    async with a_world(database, identities=providers, issuers=names) as world:
        refused = await world.call("GET", "/v1/sessions:login")
    await providers.close()

    assert (refused.status, refused.code) == (401, "identity_refused")
    assert "name one" in refused.json["detail"]


async def test_without_an_issuer_logins_are_closed(world: World) -> None:
    """And the answer says what to set."""
    for path, query in (("/v1/sessions:login", ""), ("/v1/sessions:callback", "state=a&code=b")):
        refused = await world.call("GET", path, query=query)

        assert (refused.status, refused.code) == (503, "login_closed")
        assert "PLANGATE_PUBLIC_URL" in refused.json["detail"]


async def test_without_an_own_address_logins_are_closed(
    database: FreshDatabase, issuer: IdentityProvider
) -> None:
    """There would be nowhere to come back to."""
    async with trusting(database, issuer, callback="") as opened:
        refused = await opened.world.call("GET", "/v1/sessions:login")

    assert refused.code == "login_closed"
