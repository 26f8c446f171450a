"""Judge the claims of a verified token, each by its type, its range and what was expected.

Only these claims have a meaning. Roles, user ids, confirmations and whatever else a token says are
not read (Source: RFC 7519 §4.1, OpenID Connect Core 1.0 §3.1.3.7); those that the issuer's settings
list are carried on unread, for policies to judge.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from runtime.adapters.oidc.refusal import refused
from runtime.domain.errors import IdentityRefusedError
from runtime.domain.identity import IdentityRefusal
from runtime.kit.canonical_json import CanonicalJsonError, canonical_text
from runtime.kit.ids import IdError, parse_id
from runtime.kit.json_value import JsonObject
from runtime.ports.identity_provider import TrustedIssuer, VerifiedIdentity

MOST_LIFETIME_S: Final = 24 * 3_600
MOST_CARRIED_BYTES: Final = 4_096

_SUBJECT: Final = re.compile(r"[\x20-\x7e]{1,255}")
_EMAIL: Final = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,255}")
_LATEST_S: Final = 253_402_300_799  # the last second of the year 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Say what a token must have been made for.

    Attributes:
        audiences: one of these must be among its own.
        client_id: who must have asked for it, where it says who did.
        nonce: what an identity token must repeat; None for a bearer token.
    """

    audiences: frozenset[str]
    client_id: str
    nonce: str | None = field(default=None, repr=False)

    @property
    def login(self) -> bool:
        """Say whether an identity token is expected."""
        return self.nonce is not None


def identity_of(
    claims: JsonObject, trusted: TrustedIssuer, *, expected: Expectation, now: datetime
) -> VerifiedIdentity:
    """Return whom the claims identify.

    Args:
        claims: what the signature of the issuer covers.
        trusted: that issuer.
        expected: what the token must have been made for.
        now: the instant.

    Raises:
        IdentityRefusedError: with the first check that fails.
    """
    if claims.get("iss") != trusted.issuer:
        raise refused(IdentityRefusal.ISSUER, "the token is another issuer's")
    _check_audience(claims, expected)
    expires_s = _check_times(claims, leeway_s=trusted.leeway_s, now_s=now.timestamp())
    _check_nonce(claims, expected)
    email = _email(claims)
    return VerifiedIdentity(
        issuer=trusted.issuer,
        subject=_subject(claims),
        email=email,
        email_verified=_email_verified(claims) and email is not None,
        organization_id=_organization(claims, trusted),
        expires_at=datetime.fromtimestamp(expires_s, UTC),
        claims=_carried(claims, trusted),
    )


def _check_audience(claims: JsonObject, expected: Expectation) -> None:
    audience = _required(claims, "aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(one, str) for one in audiences):
        raise _invalid("aud", "a text or a list of texts")
    if not expected.audiences & set(audiences):
        raise refused(IdentityRefusal.AUDIENCE, "the token was made for somebody else ('aud')")
    shared = len(audiences) > 1 or expected.login
    if shared and claims.get("azp", expected.client_id) != expected.client_id:
        raise refused(IdentityRefusal.AUDIENCE, "the token was made by another client ('azp')")


def _check_times(claims: JsonObject, *, leeway_s: int, now_s: float) -> float:
    """Return when the token ends, in seconds since 1970."""
    expires_s = _seconds(claims, "exp")
    issued_s = _seconds(claims, "iat")
    begins_s = _seconds(claims, "nbf") if "nbf" in claims else issued_s
    if expires_s + leeway_s <= now_s:
        raise refused(IdentityRefusal.EXPIRED, "the token has ended ('exp')")
    if max(issued_s, begins_s) - leeway_s > now_s:
        raise refused(IdentityRefusal.NOT_YET_VALID, "the token begins later ('iat', 'nbf')")
    if not 0 < expires_s - issued_s <= MOST_LIFETIME_S:
        raise refused(
            IdentityRefusal.LIFETIME,
            f"the token lasts no time, or more than {MOST_LIFETIME_S // 3_600} hours",
        )
    return expires_s


def _check_nonce(claims: JsonObject, expected: Expectation) -> None:
    if expected.nonce is None:
        return
    nonce = _required(claims, "nonce")
    if not isinstance(nonce, str):
        raise _invalid("nonce", "a text")
    if not same_text(nonce, expected.nonce):
        raise refused(IdentityRefusal.NONCE, "the token belongs to another login ('nonce')")


def same_text(found: str, expected: str) -> bool:
    """Compare what a caller sent with a secret, in a time that tells nothing of where they part."""
    return hmac.compare_digest(
        found.encode(errors="backslashreplace"), expected.encode(errors="backslashreplace")
    )


def _subject(claims: JsonObject) -> str:
    subject = _required(claims, "sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise _invalid("sub", "1 to 255 printable characters of ASCII")
    return subject


def _email(claims: JsonObject) -> str | None:
    email = claims.get("email")
    if email is None:
        return None
    if not isinstance(email, str) or not _EMAIL.fullmatch(email):
        raise _invalid("email", "an e-mail address")
    return email


def _email_verified(claims: JsonObject) -> bool:
    verified = claims.get("email_verified", False)
    if not isinstance(verified, bool):
        raise _invalid("email_verified", "true or false")
    return verified


def _organization(claims: JsonObject, trusted: TrustedIssuer) -> str:
    if trusted.organization_claim is None:
        return str(trusted.organization_id)
    found = _required(claims, trusted.organization_claim)
    try:
        parse_id(found if isinstance(found, str) else "", "org")
    except IdError:
        raise refused(
            IdentityRefusal.ORGANIZATION,
            f"claim {trusted.organization_claim!r} is no id of an organization",
        ) from None
    return str(found)


def _carried(claims: JsonObject, trusted: TrustedIssuer) -> str:
    """Return the listed claims that are there, as canonical JSON; nothing where none is."""
    listed = {name: claims[name] for name in trusted.claims if name in claims}
    if not listed:
        return ""
    try:
        text = canonical_text(listed)
    except CanonicalJsonError:
        raise refused(
            IdentityRefusal.CLAIM_INVALID,
            "one of the claims that the issuer's settings list is not JSON, expected JSON that "
            "every reader reads alike",
        ) from None
    size_bytes = len(text.encode())
    if size_bytes > MOST_CARRIED_BYTES:
        raise refused(
            IdentityRefusal.OVERSIZED,
            f"the claims that the issuer's settings list take {size_bytes} bytes, "
            f"expected at most {MOST_CARRIED_BYTES}",
        )
    return text


def _seconds(claims: JsonObject, name: str) -> float:
    value = _required(claims, name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid(name, "seconds since 1970")
    if not 0 <= value <= _LATEST_S:
        raise _invalid(name, "seconds since 1970 and before the year 10000")
    return value


def _required(claims: JsonObject, name: str) -> object:
    value = claims.get(name)
    if value is None:
        raise refused(IdentityRefusal.CLAIM_MISSING, f"the token has no claim {name!r}")
    return value


def _invalid(name: str, expected: str) -> IdentityRefusedError:
    return refused(IdentityRefusal.CLAIM_INVALID, f"claim {name!r} is not {expected}")
