"""Verify tokens of one issuer: whose they are is known, whether they are real is decided here."""

from __future__ import annotations

from typing import Final

from runtime.adapters.oidc.claims import Expectation, identity_of
from runtime.adapters.oidc.jwks import IssuerKeys
from runtime.adapters.oidc.jws import SignedText, verified_claims
from runtime.adapters.oidc.refusal import refused
from runtime.domain.identity import IdentityRefusal
from runtime.kit.clock import Clock
from runtime.ports.identity_provider import TrustedIssuer, VerifiedIdentity

ACCESS_KINDS: Final = frozenset({"jwt", "at+jwt"})
IDENTITY_KINDS: Final = frozenset({"jwt"})


class TokenVerifier:
    """Believe what one issuer signed, for what it was made for."""

    def __init__(self, trusted: TrustedIssuer, *, keys: IssuerKeys, clock: Clock) -> None:
        """Know the issuer's terms and keys."""
        self._trusted = trusted
        self._keys = keys
        self._clock = clock
        self._access = Expectation(
            audiences=frozenset(trusted.audiences), client_id=trusted.client_id
        )

    async def access(self, signed: SignedText) -> VerifiedIdentity:
        """Return whom a bearer token identifies.

        Raises:
            IdentityRefusedError: with the reason.
        """
        return await self._identity(signed, ACCESS_KINDS, self._access)

    async def login(self, signed: SignedText, *, nonce: str) -> VerifiedIdentity:
        """Return whom an identity token identifies; it must be made for this client and login.

        Raises:
            IdentityRefusedError: with the reason.
        """
        expected = Expectation(
            audiences=frozenset({self._trusted.client_id}),
            client_id=self._trusted.client_id,
            nonce=nonce,
        )
        return await self._identity(signed, IDENTITY_KINDS, expected)

    async def _identity(
        self, signed: SignedText, kinds: frozenset[str], expected: Expectation
    ) -> VerifiedIdentity:
        header = signed.header
        if header.kind not in kinds:
            raise refused(IdentityRefusal.HEADER, f"'typ' is none of {', '.join(sorted(kinds))}")
        if header.algorithm not in self._trusted.algorithms:
            raise refused(
                IdentityRefusal.ALGORITHM, f"this issuer does not sign by {header.algorithm.value}"
            )
        key = await self._keys.key(header.kid, header.algorithm)
        claims = verified_claims(signed, key)
        return identity_of(claims, self._trusted, expected=expected, now=self._clock.now())
