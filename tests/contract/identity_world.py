"""Build worlds of issuers for the contract of identity providers: honest, foreign, and hostile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from runtime.adapters.oidc.providers import OidcProviders
from runtime.kit.clock import FixedClock
from runtime.kit.ids import new_id
from runtime.ports.identity_provider import IdentityProviders, LoginStart, TrustedIssuer
from tests.egress import issuers_way
from tests.servers.identity_provider import (
    AUDIENCE,
    CLIENT_ID,
    REDIRECT_URI,
    IdentityProvider,
    identity_provider,
)
from tests.servers.signing import SigningKey, a_key

NOW: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORGANIZATION: Final = new_id("org", now_ms=1, entropy=bytes(10))
OTHER_ORGANIZATION: Final = new_id("org", now_ms=2, entropy=bytes(10))
ORGANIZATION_CLAIM: Final = "https://plangate.test/organization"
CLIENT_SECRET: Final = "a client's secret, with: signs & all"  # noqa: S105  # of a test server


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Hold three trusted issuers, keys that nobody trusts, and who verifies.

    Attributes:
        issuer: the one under attack; of `ORGANIZATION`. Signs by ES256, publishes an RSA key too.
        other: trusted too, for `OTHER_ORGANIZATION`; a confidential client.
        shared: trusted to name the organization in a claim.
        rsa: the published RSA key of `issuer`.
        stranger: a key that no issuer publishes, under the id of one that `issuer` does.
    """

    clock: FixedClock
    issuer: IdentityProvider
    other: IdentityProvider
    shared: IdentityProvider
    rsa: SigningKey
    stranger: SigningKey
    providers: IdentityProviders

    @property
    def key(self) -> SigningKey:
        """Return the key that `issuer` signs by."""
        return self.issuer.keys[0]

    @property
    def now_s(self) -> int:
        """Return the instant."""
        return int(self.clock.now().timestamp())


def a_trusted_issuer(provider: IdentityProvider, **changes: Any) -> TrustedIssuer:  # noqa: ANN401  # any setting
    """Return the settings that trust a provider, changed."""
    settings: dict[str, Any] = {
        "issuer": provider.url,
        "audiences": (AUDIENCE,),
        "client_id": CLIENT_ID,
        "client_secret": provider.client_secret,
        "redirect_uris": (REDIRECT_URI,),
        "allow_http_loopback": True,
        "organization_id": ORGANIZATION,
    }
    return TrustedIssuer.model_validate({**settings, **changes})


@contextmanager
def three_issuers(clock: FixedClock) -> Iterator[tuple[IdentityProvider, ...]]:
    """Serve the issuers of a world."""
    with (
        identity_provider(clock=clock) as issuer,
        identity_provider(clock=clock, client_secret=CLIENT_SECRET) as other,
        identity_provider(clock=clock) as shared,
    ):
        yield issuer, other, shared


@asynccontextmanager
async def a_world() -> AsyncIterator[World]:
    """Serve a world while the block runs."""
    clock = FixedClock(NOW)
    with three_issuers(clock) as (issuer, other, shared):
        rsa = a_key("rsa-1", "RS256")
        issuer.keys.append(rsa)
        trusted = [
            a_trusted_issuer(issuer),
            a_trusted_issuer(other, organization_id=OTHER_ORGANIZATION),
            a_trusted_issuer(shared, organization_id=None, organization_claim=ORGANIZATION_CLAIM),
        ]
        providers = OidcProviders(
            trusted, clock=clock, egress=issuers_way(*(item.issuer for item in trusted))
        )
        try:
            yield World(
                clock=clock,
                issuer=issuer,
                other=other,
                shared=shared,
                rsa=rsa,
                stranger=a_key(issuer.keys[0].kid),
                providers=providers,
            )
        finally:
            await providers.close()


async def callback_of(start: LoginStart) -> dict[str, str]:
    """Follow a login as a browser does, and return what it brings back."""
    async with (
        aiohttp.ClientSession(trust_env=False) as browser,
        browser.get(start.url, allow_redirects=False) as response,
    ):
        assert response.status == 302, await response.text()
        location = response.headers["Location"]
    assert location.partition("?")[0] == start.redirect_uri
    return dict(parse_qsl(urlsplit(location).query))
