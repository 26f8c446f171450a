"""Name why a foreign identity was refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class IdentityRefusal(StrEnum):
    """Say which check a bearer token or a login failed; stable across releases."""

    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    HEADER = "header"
    ALGORITHM = "algorithm"
    ISSUER = "issuer"
    KEY_UNKNOWN = "key_unknown"
    SIGNATURE = "signature"
    CLAIM_MISSING = "claim_missing"
    CLAIM_INVALID = "claim_invalid"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    LIFETIME = "lifetime"
    ORGANIZATION = "organization"
    NONCE = "nonce"
    STATE = "state"
    REDIRECT = "redirect"
    CODE = "code"
    UNAVAILABLE = "unavailable"

    @property
    def advice(self) -> str:
        """Return what the caller can do about it."""
        return _ADVICE.get(self, _ASK_ISSUER)

    @property
    def may_pass_later(self) -> bool:
        """Say whether the same credential may be believed at another time."""
        return self in _PASSING


_PASSING: Final = frozenset({IdentityRefusal.UNAVAILABLE, IdentityRefusal.NOT_YET_VALID})
_ASK_ISSUER: Final = "ask whoever runs the identity provider"
_LOG_IN_AGAIN: Final = "log in again"
_ADVICE: Final[Mapping[IdentityRefusal, str]] = MappingProxyType(
    {
        IdentityRefusal.MALFORMED: "send the token as it was issued",
        IdentityRefusal.OVERSIZED: "send a token with fewer claims",
        IdentityRefusal.EXPIRED: _LOG_IN_AGAIN,
        IdentityRefusal.NONCE: _LOG_IN_AGAIN,
        IdentityRefusal.STATE: _LOG_IN_AGAIN,
        IdentityRefusal.CODE: _LOG_IN_AGAIN,
        IdentityRefusal.REDIRECT: "use an address that the settings list for this issuer",
        IdentityRefusal.NOT_YET_VALID: "compare the clocks of both servers",
        IdentityRefusal.UNAVAILABLE: "try again in a moment",
    }
)
