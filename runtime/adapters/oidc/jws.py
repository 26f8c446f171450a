"""Take a signed token apart, and verify its signature by one key and one algorithm.

What is refused here never reaches a key: algorithms that are not asymmetric signatures, and headers
that would have us fetch, embed or reinterpret something (Source: RFC 8725 §3).
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import jwt

from runtime.adapters.oidc.refusal import refused
from runtime.domain.errors import IdentityRefusedError
from runtime.domain.identity import IdentityRefusal
from runtime.kit.canonical_json import CanonicalJsonError, parse_strict
from runtime.kit.json_value import JsonObject
from runtime.ports.identity_provider import SignatureAlgorithm

MOST_BYTES: Final = 16_384
MOST_KID_LETTERS: Final = 255

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_SEALED: Final = re.compile(r"[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*){4}")
_FORBIDDEN: Final = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "enc", "zip"})
_ALGORITHMS: Final[Mapping[str, SignatureAlgorithm]] = MappingProxyType(
    {algorithm.value: algorithm for algorithm in SignatureAlgorithm}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Hold what a token's header may say.

    Attributes:
        algorithm: how it is signed.
        kid: by which key; compared and nothing else.
        kind: the media type without `application/`, in lower case; "jwt" where none is named.
    """

    algorithm: SignatureAlgorithm
    kid: str | None
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedText:
    """Hold a token taken apart; nothing in it is true yet."""

    header: Header
    claims: JsonObject = field(repr=False)
    text: str = field(repr=False)


def take_apart(text: str) -> SignedText:
    """Return the parts of a token in compact form, unverified.

    Raises:
        IdentityRefusedError: `oversized`, `malformed`, `header` or `algorithm`.
    """
    if len(text) > MOST_BYTES:
        raise refused(
            IdentityRefusal.OVERSIZED,
            f"the token has {len(text)} characters, expected at most {MOST_BYTES}",
        )
    parts = _COMPACT.fullmatch(text)
    if parts is None:
        what = "encrypted" if _SEALED.fullmatch(text) else "no JSON Web Token"
        raise _malformed(f"the token is {what}, expected three parts in base64url")
    return SignedText(
        header=_header(_json(parts[1], "header")), claims=_json(parts[2], "payload"), text=text
    )


def verified_claims(signed: SignedText, key: jwt.PyJWK) -> JsonObject:
    """Return the claims that the signature covers.

    Raises:
        IdentityRefusedError: `signature`.
    """
    algorithm = signed.header.algorithm.value
    try:
        payload = jwt.PyJWS(algorithms=[algorithm]).decode(
            signed.text, key=key, algorithms=[algorithm]
        )
    except jwt.PyJWTError:
        raise refused(
            IdentityRefusal.SIGNATURE, "the signature is not that of the issuer's key"
        ) from None
    return _object(payload, "payload")


def _header(document: JsonObject) -> Header:
    if forbidden := sorted(_FORBIDDEN & document.keys()):
        raise refused(
            IdentityRefusal.HEADER, f"the header holds {forbidden[0]!r}, which is never followed"
        )
    algorithm = document.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise refused(
            IdentityRefusal.ALGORITHM,
            f"the algorithm is none of {', '.join(_ALGORITHMS)}",
        )
    kid, kind = document.get("kid"), document.get("typ", "JWT")
    if "kid" in document and not (isinstance(kid, str) and len(kid) <= MOST_KID_LETTERS):
        raise refused(
            IdentityRefusal.HEADER, f"'kid' is no text of at most {MOST_KID_LETTERS} characters"
        )
    if not isinstance(kind, str):
        raise refused(IdentityRefusal.HEADER, "'typ' is no text")
    return Header(
        algorithm=_ALGORITHMS[algorithm],
        kid=kid,
        kind=kind.lower().removeprefix("application/"),
    )


def _json(part: str, name: str) -> JsonObject:
    data = urlsafe_b64decode(part + "=" * (-len(part) % 4)) if len(part) % 4 != 1 else b""
    if urlsafe_b64encode(data).rstrip(b"=") != part.encode():
        raise _malformed(f"the {name} is not in canonical base64url")
    return _object(data, name)


def _object(data: bytes, name: str) -> JsonObject:
    try:
        document = parse_strict(data)
    except CanonicalJsonError:
        raise _malformed(f"the {name} is not JSON that every reader reads alike") from None
    if not isinstance(document, dict):
        raise _malformed(f"the {name} is no JSON object")
    return document


def _malformed(detail: str) -> IdentityRefusedError:
    return refused(IdentityRefusal.MALFORMED, detail)
