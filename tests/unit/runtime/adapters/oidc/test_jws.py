"""A token is taken apart strictly, and its signature verified by the one key that was found."""

from __future__ import annotations

import jwt
import pytest

from runtime.adapters.oidc.jws import MOST_BYTES, Header, SignedText, take_apart, verified_claims
from runtime.domain.identity import IdentityRefusal
from runtime.ports.identity_provider import SignatureAlgorithm
from tests.servers.signing import Json, SigningKey, a_key, compact
from tests.unit.runtime.adapters.oidc.refusing import refuses

KEY = a_key("key-1")
CLAIMS: Json = {"sub": "person-1"}


def a_token(key: SigningKey = KEY, **header: object) -> str:
    """Return a signed token."""
    return compact({"alg": key.algorithm, **header}, CLAIMS, key)


def form(key: SigningKey) -> jwt.PyJWK:
    """Return a key as verifying takes it."""
    return jwt.PyJWK(key.jwk, key.algorithm)


@pytest.mark.parametrize(
    ("header", "kid", "kind"),
    [
        pytest.param({}, None, "jwt", id="least"),
        pytest.param({"kid": "key-1", "typ": "JWT"}, "key-1", "jwt", id="usual"),
        pytest.param({"typ": "at+JWT"}, None, "at+jwt", id="access token"),
        pytest.param({"typ": "application/at+jwt"}, None, "at+jwt", id="media type in full"),
        pytest.param({"x5t": "abc", "cty": "x", "more": 1}, None, "jwt", id="what is not followed"),
    ],
)
def test_a_header_is_read(header: Json, kid: str | None, kind: str) -> None:
    """Algorithm, id and type; thumbprints and the like have no meaning."""
    token = a_token(**header)

    assert take_apart(token) == SignedText(
        header=Header(algorithm=SignatureAlgorithm.ES256, kid=kid, kind=kind),
        claims=CLAIMS,
        text=token,
    )


def test_a_token_is_not_in_its_repr() -> None:
    """A traceback with locals opens nothing."""
    token = a_token()

    assert token not in repr(take_apart(token))
    assert "person-1" not in repr(take_apart(token))


def test_the_greatest_token_is_still_read() -> None:
    """The bound is on the whole text, in characters."""
    padding = 1
    while len(token := compact({"alg": "ES256"}, {"p": "x" * padding}, b"")) < MOST_BYTES - 3:
        padding += max(1, (MOST_BYTES - 4 - len(token)) * 3 // 4)

    assert MOST_BYTES - 4 < len(token) <= MOST_BYTES
    assert take_apart(token).claims == {"p": "x" * padding}
    with refuses(IdentityRefusal.OVERSIZED, f"expected at most {MOST_BYTES}"):
        take_apart(token + "x" * 4)


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "EdDSA", "RS256"])
def test_claims_are_those_that_the_signature_covers(algorithm: str) -> None:
    """By the key of whoever signed."""
    key = a_key("key-1", algorithm)

    assert verified_claims(take_apart(a_token(key)), form(key)) == CLAIMS


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_another_key_of_the_type_does_not_verify(algorithm: str) -> None:
    """The right algorithm by the wrong key."""
    signed = take_apart(a_token(a_key("mine", algorithm)))

    with refuses(IdentityRefusal.SIGNATURE):
        verified_claims(signed, form(a_key("yours", algorithm)))


def test_the_algorithm_of_the_key_decides() -> None:
    """Should a key of another algorithm ever come here, nothing verifies."""
    rsa = a_key("rsa", "RS256")
    signed = take_apart(compact({"alg": "PS256"}, CLAIMS, rsa))

    with refuses(IdentityRefusal.SIGNATURE):
        verified_claims(signed, form(rsa))
