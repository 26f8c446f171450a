"""A page of another site makes a browser send cookies, and achieves nothing by it (A10)."""

from __future__ import annotations

import pytest

from runtime.entrypoints.rest.edge import EdgeOptions
from tests.api.identity.browser import Browser
from tests.api.identity.issuers import Trusting
from tests.api.identity.world import World, a_world
from tests.database import FreshDatabase

OURS = "https://console.example.com"
WISH = {"name": "x", "scopes": ["state:read"]}


async def logged_in(trusted: Trusting, allowed: tuple[str, ...] = ()) -> Browser:
    """Return a browser with a session, at a platform that allows some origins."""
    browser = Browser(world=trusted.world)
    await browser.log_in()
    trusted.world.app.state.allowed_origins = frozenset(allowed)
    return browser


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="a page that says nothing of itself"),
        pytest.param({"origin": "https://evil.example"}, id="another origin"),
        pytest.param({"origin": "null"}, id="no origin"),
        pytest.param({"origin": OURS + ".evil.example"}, id="an origin that begins alike"),
        pytest.param({"origin": OURS.replace("https", "http")}, id="our host without https"),
        pytest.param({"origin": OURS + ":8443"}, id="our host at another port"),
        pytest.param({"origin": OURS.upper()}, id="our host in capitals"),
        pytest.param({"sec_fetch_site": "same-site"}, id="a sister of ours"),
        pytest.param({"sec_fetch_site": "cross-site"}, id="another site"),
        pytest.param({"sec_fetch_site": "none"}, id="the address bar"),
        pytest.param({"referer": OURS + "/tokens"}, id="a referrer"),
    ],
)
async def test_a_cookie_alone_changes_nothing(trusted: Trusting, headers: dict[str, str]) -> None:
    """Only pages of allowed origins use the session."""
    browser = await logged_in(trusted, (OURS,))

    refused = await browser.post("/v1/tokens", WISH, **headers)

    assert (refused.status, refused.code) == (403, "origin_refused")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": OURS}, id="an origin that is allowed"),
        pytest.param({"sec_fetch_site": "same-origin"}, id="a page of ours"),
        pytest.param(
            {"origin": OURS, "sec_fetch_site": "cross-site"}, id="allowed, and of another site"
        ),
    ],
)
async def test_pages_of_ours_use_the_session(trusted: Trusting, headers: dict[str, str]) -> None:
    """Else the refusals above would prove nothing."""
    browser = await logged_in(trusted, (OURS,))

    made = await browser.post("/v1/tokens", WISH, **headers)

    assert made.status == 201


async def test_reading_with_a_cookie_needs_no_origin(trusted: Trusting) -> None:
    """Browsers send none; another site's page can't read the answer."""
    browser = await logged_in(trusted)

    assert (await browser.go("/v1/me")).status == 200


async def test_a_bearer_token_needs_no_origin(trusted: Trusting) -> None:
    """No browser sends one on its own."""
    made = await trusted.world.call(
        "POST",
        "/v1/tokens",
        WISH,
        token=trusted.founded.token,
        headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    )

    assert made.status == 201


async def test_logging_out_needs_an_origin_too(trusted: Trusting) -> None:
    """Nobody is logged out by a picture on another site."""
    browser = await logged_in(trusted)

    refused = await browser.post("/v1/sessions:logout")

    assert refused.code == "origin_refused"
    assert (await browser.go("/v1/me")).status == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_a_form_of_another_site_is_not_taken(trusted: Trusting, kind: str) -> None:
    """Those types are what a page may send without asking the browser first."""
    refused = await trusted.world.call(
        "POST",
        "/v1/tokens",
        token=trusted.founded.token,
        headers={"content-type": kind},
        body=b'{"name":"x","scopes":["state:read"]}',
    )

    assert (refused.status, refused.code) == (415, "body_type_unsupported")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", OURS + ".evil.example", "*"])
async def test_no_answer_opens_to_a_page_that_is_not_listed(
    database: FreshDatabase, origin: str
) -> None:
    """Nor does any answer ever open to all pages."""
    options = EdgeOptions(allowed_origins=(OURS,), https=False)
    async with a_world(database, options=options) as world:
        answers = [
            await world.call("GET", "/v1/healthz", headers={"origin": origin}),
            await world.call(
                "OPTIONS",
                "/v1/tokens",
                headers={"origin": origin, "access-control-request-method": "POST"},
            ),
        ]

    for answer in answers:
        assert answer.header("access-control-allow-origin") is None
        assert answer.header("access-control-allow-credentials") is None


async def test_an_api_token_in_the_cookie_is_no_session(world: World) -> None:
    """What was made for programs is not for browsers to send on their own."""
    founded = await world.found()

    refused = await world.call(
        "GET", "/v1/me", headers={"cookie": f"plangate_session={founded.token}"}
    )

    assert (refused.status, refused.code) == (401, "token_refused")
