"""Hold an issuer's public keys, each bound to the algorithms that its type fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import jwt

from runtime.adapters.oidc.fetch import IssuerClient
from runtime.adapters.oidc.kept import Kept, Terms
from runtime.adapters.oidc.metadata import Metadata, fetch_metadata
from runtime.adapters.oidc.refusal import refused, unavailable
from runtime.domain.identity import IdentityRefusal
from runtime.kit.clock import Clock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.identity_provider import SignatureAlgorithm, TrustedIssuer

REFRESH_S: Final = 30.0
"""A key id that nobody knows makes us ask the issuer again this seldom."""

MOST_KEYS: Final = 100
MOST_LETTERS: Final[Mapping[str, int]] = MappingProxyType({"n": 1_366, "e": 11})
"""8,192 bits of modulus and 64 of exponent: greater ones cost milliseconds for every token."""

_RSA: Final = ("RSA", None)
_FITS: Final[Mapping[SignatureAlgorithm, tuple[str, str | None]]] = MappingProxyType(
    {
        SignatureAlgorithm.RS256: _RSA,
        SignatureAlgorithm.RS384: _RSA,
        SignatureAlgorithm.RS512: _RSA,
        SignatureAlgorithm.PS256: _RSA,
        SignatureAlgorithm.ES256: ("EC", "P-256"),
        SignatureAlgorithm.ES384: ("EC", "P-384"),
        SignatureAlgorithm.EDDSA: ("OKP", "Ed25519"),
    }
)
# Private and symmetric members: a set that holds them is no set of public keys.
_SECRET_MEMBERS: Final = frozenset({"d", "k", "p", "q", "dp", "dq", "qi", "oth"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyingKey:
    """Hold one public key in each form that verifies one algorithm."""

    kid: str | None
    by_algorithm: Mapping[SignatureAlgorithm, jwt.PyJWK] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """Hold the keys that an issuer publishes."""

    keys: tuple[VerifyingKey, ...]

    def named(self, kid: str | None) -> tuple[VerifyingKey, ...]:
        """Return the keys of an id; without one, all of them.

        An id is compared and nothing else: no path, no address, no query is made of it.
        """
        return tuple(key for key in self.keys if kid is None or key.kid == kid)


class IssuerKeys:
    """Find the key of a token among those that an issuer publishes at the moment."""

    def __init__(self, trusted: TrustedIssuer, *, client: IssuerClient, clock: Clock) -> None:
        """Know whom to ask; nobody is asked yet."""
        self._trusted = trusted
        self._client = client
        self._clock = clock
        terms = Terms(max_age_s=trusted.keys_max_age_s, kept_s=trusted.keys_kept_s)
        self._metadata = Kept(lambda: fetch_metadata(trusted, client), terms=terms, clock=clock)
        self._keys = Kept(self._fetch, terms=terms, clock=clock)
        self._refreshed_s: float | None = None

    async def metadata(self) -> Metadata:
        """Return the issuer's endpoints.

        Raises:
            IdentityRefusedError: `unavailable`.
        """
        return (await self._metadata.current()).value

    async def key(self, kid: str | None, algorithm: SignatureAlgorithm) -> jwt.PyJWK:
        """Return the one key that verifies a token.

        Raises:
            IdentityRefusedError: `key_unknown`: there is no such key, or more than one;
                `algorithm`: it is a key of another algorithm; `unavailable`.
        """
        asked_s = self._clock.monotonic_s()
        copy = await self._keys.current()
        named = copy.value.named(kid)
        if not named and copy.fetched_s < asked_s and self._may_refresh():
            named = (await self._keys.newer(copy)).value.named(kid)
        if not named:
            raise refused(IdentityRefusal.KEY_UNKNOWN, "the issuer publishes no key of that id")
        fitting = [key for key in named if algorithm in key.by_algorithm]
        if not fitting:
            raise refused(
                IdentityRefusal.ALGORITHM, f"the key is not one for {algorithm.value} signatures"
            )
        if len(fitting) > 1:
            raise refused(
                IdentityRefusal.KEY_UNKNOWN, "the token does not say by which of several keys"
            )
        return fitting[0].by_algorithm[algorithm]

    def _may_refresh(self) -> bool:
        now_s = self._clock.monotonic_s()
        if self._refreshed_s is not None and now_s - self._refreshed_s < REFRESH_S:
            return False
        self._refreshed_s = now_s
        return True

    async def _fetch(self) -> KeySet:
        metadata = await self.metadata()
        return key_set(await self._client.get(metadata.keys_url), self._trusted.algorithms)


def key_set(document: JsonObject, algorithms: frozenset[SignatureAlgorithm]) -> KeySet:
    """Return the usable keys of a published set (Source: RFC 7517 §5).

    A key that is private, weak, for encryption, or of a kind unknown here is left out, as the
    source asks; what is no set at all is refused.

    Raises:
        IdentityRefusedError: `unavailable`.
    """
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise unavailable(f"the issuer's key set is no list of at most {MOST_KEYS} keys")
    keys = (_verifying_key(member, algorithms) for member in listed)
    return KeySet(keys=tuple(key for key in keys if key.by_algorithm))


def _verifying_key(member: JsonValue, algorithms: frozenset[SignatureAlgorithm]) -> VerifyingKey:
    if not isinstance(member, dict) or not _for_verifying(member):
        return VerifyingKey(kid=None, by_algorithm={})
    forms = {one: _form(member, one) for one in algorithms if _fits(member, one)}
    return VerifyingKey(
        kid=member.get("kid"), by_algorithm={one: form for one, form in forms.items() if form}
    )


def _for_verifying(member: JsonObject) -> bool:
    operations = member.get("key_ops", ["verify"])
    return (
        isinstance(member.get("kid", ""), str)
        and all(_short(member.get(name, ""), most) for name, most in MOST_LETTERS.items())
        and member.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and not _SECRET_MEMBERS & member.keys()
    )


def _short(value: JsonValue, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most


def _fits(member: JsonObject, algorithm: SignatureAlgorithm) -> bool:
    kind, curve = _FITS[algorithm]
    return (
        member.get("kty") == kind
        and (curve is None or member.get("crv") == curve)
        and member.get("alg", algorithm.value) == algorithm.value
    )


def _form(member: JsonObject, algorithm: SignatureAlgorithm) -> jwt.PyJWK | None:
    """Return a key as PyJWT takes it, or None for one that is broken or weak."""
    try:
        form = jwt.PyJWK(member, algorithm.value)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return form if form.Algorithm.check_key_length(form.key) is None else None
