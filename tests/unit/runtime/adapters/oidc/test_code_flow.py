"""A login begins with a fresh question, and ends by what it began with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from runtime.adapters.oidc.bearer import TokenVerifier
from runtime.adapters.oidc.code_flow import CodeFlow, basic_credentials, challenge_of
from runtime.adapters.oidc.fetch import IssuerClient
from runtime.adapters.oidc.jwks import IssuerKeys
from runtime.domain.identity import IdentityRefusal
from runtime.kit.clock import FixedClock
from runtime.ports.identity_provider import LoginStart
from tests.contract.identity_world import NOW, a_trusted_issuer, callback_of
from tests.egress import issuers_way
from tests.servers.identity_provider import (
    AUTHORIZE,
    CLIENT_ID,
    REDIRECT_URI,
    SUBJECT,
    TOKEN,
    IdentityProvider,
    identity_provider,
)
from tests.unit.runtime.adapters.oidc.refusing import refuses


@pytest.fixture
def issuer() -> Iterator[IdentityProvider]:
    """Serve an issuer."""
    with identity_provider(clock=FixedClock(NOW)) as served:
        yield served


@asynccontextmanager
async def a_flow(issuer: IdentityProvider, **changes: Any) -> AsyncIterator[CodeFlow]:  # noqa: ANN401  # any setting
    """Open logins at an issuer."""
    trusted = a_trusted_issuer(issuer, **changes)
    client = IssuerClient(issuers_way(issuer.url))
    keys = IssuerKeys(trusted, client=client, clock=issuer.clock)
    verifier = TokenVerifier(trusted, keys=keys, clock=issuer.clock)
    try:
        yield CodeFlow(trusted, client=client, keys=keys, verifier=verifier)
    finally:
        await client.close()


async def test_the_question_holds_all_that_binds_the_answer(issuer: IdentityProvider) -> None:
    """Client, address, scopes, state, nonce and the challenge; never the verifier."""
    async with a_flow(issuer, login_scopes=("openid", "profile")) as flow:
        start = await flow.start(REDIRECT_URI)

    assert start.url.partition("?")[0] == issuer.url + AUTHORIZE
    assert parse_qs(urlsplit(start.url).query) == {
        "response_type": ["code"],
        "client_id": [CLIENT_ID],
        "redirect_uri": [REDIRECT_URI],
        "scope": ["openid profile"],
        "state": [start.state],
        "nonce": [start.nonce],
        "code_challenge": [challenge_of(start.verifier)],
        "code_challenge_method": ["S256"],
    }


async def test_an_endpoint_with_a_query_keeps_it(issuer: IdentityProvider) -> None:
    """Some issuers have their tenant in it."""
    issuer.metadata_changes = {"authorization_endpoint": issuer.url + AUTHORIZE + "?tenant=a"}
    async with a_flow(issuer) as flow:
        start = await flow.start(REDIRECT_URI)

    assert parse_qs(urlsplit(start.url).query)["tenant"] == ["a"]
    assert start.url.count("?") == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"authorization_endpoint": None}, "no endpoints for logins", id="no begin"),
        pytest.param({"token_endpoint": None}, "no endpoints for logins", id="no end"),
        pytest.param(
            {"code_challenge_methods_supported": ["plain"]}, "rules out PKCE", id="no S256"
        ),
    ],
)
async def test_no_login_is_begun_that_could_not_end_well(
    changes: dict[str, Any], problem: str, issuer: IdentityProvider
) -> None:
    """The person is not sent away to come back to an error."""
    issuer.metadata_changes = changes
    async with a_flow(issuer) as flow:
        with refuses(IdentityRefusal.UNAVAILABLE, problem):
            await flow.start(REDIRECT_URI)


async def test_settings_without_addresses_allow_no_login(issuer: IdentityProvider) -> None:
    """An issuer may be trusted for bearer tokens only."""
    async with a_flow(issuer, redirect_uris=()) as flow:
        with refuses(IdentityRefusal.REDIRECT):
            await flow.start(REDIRECT_URI)


async def test_an_issuer_that_does_not_announce_iss_may_leave_it_out(
    issuer: IdentityProvider,
) -> None:
    """But if it is there, it is compared."""
    issuer.metadata_changes = {"authorization_response_iss_parameter_supported": None}
    async with a_flow(issuer) as flow:
        start = await flow.start(REDIRECT_URI)
        back = await callback_of(start)
        with refuses(IdentityRefusal.ISSUER):
            await flow.finish(
                start, state=back["state"], code=back["code"], issuer="https://evil.test"
            )
        identity = await flow.finish(start, state=back["state"], code=back["code"], issuer=None)

    assert identity.subject == SUBJECT


async def test_a_token_endpoint_that_went_away_is_an_outage(issuer: IdentityProvider) -> None:
    """The code is sent nowhere."""
    issuer.metadata_changes = {"token_endpoint": None}
    begun = LoginStart(
        issuer=issuer.url,
        redirect_uri=REDIRECT_URI,
        url=issuer.url,
        state="s" * 43,
        nonce="n" * 43,
        verifier="v" * 64,
    )
    async with a_flow(issuer) as flow:
        with refuses(IdentityRefusal.UNAVAILABLE, "no token endpoint"):
            await flow.finish(begun, state="s" * 43, code="code", issuer=issuer.url)


async def test_a_secret_is_sent_in_the_header_alone(issuer: IdentityProvider) -> None:
    """A wrong one redeems nothing; the form never holds it."""
    issuer.client_secret = "right"  # noqa: S105  # of a test server
    async with a_flow(issuer, client_secret=SecretStr("wrong")) as flow:
        start = await flow.start(REDIRECT_URI)
        back = await callback_of(start)
        with refuses(IdentityRefusal.CODE, "HTTP 401"):
            await flow.finish(start, state=back["state"], code=back["code"], issuer=back["iss"])

    assert issuer.served[TOKEN] == 1
    assert "wrong" not in str(issuer.token_requests)


@pytest.mark.parametrize(
    ("name", "secret", "header"),
    [
        pytest.param("app", "secret", "Basic YXBwOnNlY3JldA==", id="plain"),
        pytest.param("a:b", "c d", "Basic YSUzQWI6Yytk", id="what needs escapes"),
    ],
)
def test_credentials_are_escaped_before_they_are_joined(
    name: str, secret: str, header: str
) -> None:
    """As the source says; a colon in the name is none between name and secret."""
    assert basic_credentials(name, secret) == header


def test_the_challenge_is_the_one_of_the_source() -> None:
    """Appendix B of RFC 7636."""
    assert (
        challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )
