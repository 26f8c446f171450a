"""Offer all trusted issuers as one `IdentityProviders`; the bootstrap makes and closes it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from runtime.adapters.oidc.bearer import TokenVerifier
from runtime.adapters.oidc.code_flow import CodeFlow
from runtime.adapters.oidc.fetch import IssuerClient
from runtime.adapters.oidc.jwks import IssuerKeys
from runtime.adapters.oidc.jws import take_apart
from runtime.adapters.oidc.refusal import refused, unavailable
from runtime.domain.errors import DeclarationError
from runtime.domain.identity import IdentityRefusal
from runtime.kit.clock import Clock
from runtime.ports.egress import OwnEgress
from runtime.ports.identity_provider import (
    IdentityProviders,
    LoginStart,
    PendingLogin,
    TrustedIssuer,
    VerifiedIdentity,
)

ANSWER_S: Final = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issuer:
    verifier: TokenVerifier
    flow: CodeFlow


class OidcProviders(IdentityProviders):
    """Verify identities of the issuers that the settings list, and of no other."""

    def __init__(
        self,
        issuers: Sequence[TrustedIssuer],
        *,
        clock: Clock,
        egress: OwnEgress,
        answer_s: float = ANSWER_S,
    ) -> None:
        """Know whom to trust; nobody is asked before the first token or login.

        Args:
            issuers: whom.
            clock: tells whether a token has begun and ended, and how old keys are.
            egress: the way to issuers, which reads as much of an answer as keys may need; it is
                closed with this.
            answer_s: so long one question may take in all, whatever an issuer does.

        Raises:
            DeclarationError: one issuer is listed twice, so that which terms hold is not clear.
        """
        counts = Counter(trusted.issuer for trusted in issuers)
        if twice := [issuer for issuer, count in counts.items() if count > 1]:
            raise DeclarationError(
                subject="the list of trusted issuers",
                problems=tuple(f"{issuer} is listed twice" for issuer in twice),
            )
        self._answer_s = answer_s
        self._client = IssuerClient(egress)
        self._issuers = {trusted.issuer: self._wired(trusted, clock) for trusted in issuers}

    @override
    async def verify(self, bearer: str) -> VerifiedIdentity:
        signed = take_apart(bearer)
        async with _in_time(self._answer_s):
            return await self._known(signed.claims.get("iss")).verifier.access(signed)

    @override
    async def start_login(self, issuer: str, *, redirect_uri: str) -> LoginStart:
        async with _in_time(self._answer_s):
            return await self._known(issuer).flow.start(redirect_uri)

    @override
    async def finish_login(
        self, pending: PendingLogin, *, state: str, code: str, issuer: str | None = None
    ) -> VerifiedIdentity:
        flow = self._known(pending.issuer).flow
        async with _in_time(self._answer_s):
            return await flow.finish(pending, state=state, code=code, issuer=issuer)

    @override
    async def close(self) -> None:
        await self._client.close()

    def _wired(self, trusted: TrustedIssuer, clock: Clock) -> _Issuer:
        keys = IssuerKeys(trusted, client=self._client, clock=clock)
        verifier = TokenVerifier(trusted, keys=keys, clock=clock)
        flow = CodeFlow(trusted, client=self._client, keys=keys, verifier=verifier)
        return _Issuer(verifier=verifier, flow=flow)

    def _known(self, issuer: object) -> _Issuer:
        known = self._issuers.get(issuer) if isinstance(issuer, str) else None
        if known is None:
            raise refused(IdentityRefusal.ISSUER, "the issuer is not one that is trusted here")
        return known


@asynccontextmanager
async def _in_time(span_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(span_s):
            yield
    except TimeoutError:
        raise unavailable(f"the issuer gave no answer within {span_s:g} s") from None
