"""A verifier believes its issuer, for what a token was made for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from runtime.adapters.oidc.bearer import TokenVerifier
from runtime.adapters.oidc.fetch import IssuerClient
from runtime.adapters.oidc.jwks import IssuerKeys
from runtime.adapters.oidc.jws import take_apart
from runtime.domain.identity import IdentityRefusal
from runtime.kit.clock import FixedClock
from tests.contract.identity_world import NOW, a_trusted_issuer
from tests.egress import issuers_way
from tests.servers.identity_provider import (
    CLIENT_ID,
    KEYS,
    SUBJECT,
    IdentityProvider,
    identity_provider,
)
from tests.servers.signing import compact
from tests.unit.runtime.adapters.oidc.refusing import refuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Hold an issuer and its verifier."""

    issuer: IdentityProvider
    verifier: TokenVerifier

    def typed(self, kind: str, **changes: str) -> str:
        """Return a good token of a media type."""
        key = self.issuer.keys[0]
        header = {"alg": key.algorithm, "kid": key.kid, "typ": kind}
        return compact(header, self.issuer.claims(**changes), key)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Serve an issuer that is trusted."""
    clock = FixedClock(NOW)
    with identity_provider(clock=clock) as issuer:
        client = IssuerClient(issuers_way(issuer.url))
        trusted = a_trusted_issuer(issuer)
        keys = IssuerKeys(trusted, client=client, clock=clock)
        yield Bench(issuer=issuer, verifier=TokenVerifier(trusted, keys=keys, clock=clock))
        await client.close()


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "application/at+jwt", "AT+JWT"])
async def test_an_access_token_is_of_an_access_type(kind: str, bench: Bench) -> None:
    """In any of its spellings."""
    signed = take_apart(bench.typed(kind))

    assert (await bench.verifier.access(signed)).subject == SUBJECT


async def test_an_identity_token_is_of_its_type(bench: Bench) -> None:
    """An access token logs nobody in, even with everything else right."""
    good = bench.typed("JWT", aud=CLIENT_ID, nonce="n")
    access = bench.typed("at+jwt", aud=CLIENT_ID, nonce="n")

    assert (await bench.verifier.login(take_apart(good), nonce="n")).subject == SUBJECT
    with refuses(IdentityRefusal.HEADER, "'typ' is none of jwt"):
        await bench.verifier.login(take_apart(access), nonce="n")


async def test_a_type_of_another_use_asks_for_no_key(bench: Bench) -> None:
    """What can't be meant for us does not make us ask the issuer."""
    with refuses(IdentityRefusal.HEADER):
        await bench.verifier.access(take_apart(bench.typed("secevent+jwt")))

    assert bench.issuer.served[KEYS] == 0


async def test_an_algorithm_beyond_the_settings_asks_for_no_key(bench: Bench) -> None:
    """Nor does a signature that would not count."""
    key = bench.issuer.keys[0]
    token = compact({"alg": "EdDSA", "kid": key.kid}, bench.issuer.claims(), key)

    with refuses(IdentityRefusal.ALGORITHM, "does not sign by EdDSA"):
        await bench.verifier.access(take_apart(token))
    assert bench.issuer.served[KEYS] == 0
