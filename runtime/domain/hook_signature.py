"""Tell whether a delivery was signed by who holds a hook's secret: three styles, one answer.

What is signed is the body as it came, byte by byte. Standard Webhooks sign id, instant and body;
the style of Stripe instant and body; that of GitHub the body alone, so that there neither an id nor
an instant of its headers can be believed: such a delivery is named by the digest of its body.
Source: the Standard Webhooks specification; GitHub's and Stripe's pages about signatures.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from runtime.kit import base62
from runtime.kit.canonical_json import digest_bytes
from runtime.kit.json_value import JsonValue

WINDOW: Final = timedelta(minutes=5)
"""How far the instant of a delivery may be from now, in either direction."""
SECRET_BYTES: Final = 32
MOST_ID_LETTERS: Final = 128

_STANDARD_PREFIX: Final = "whsec_"
_LEAST_KEY_BYTES: Final = 24
_MOST_KEY_BYTES: Final = 64
_STATED: Final = re.compile(r"[!-~]{16,200}")
_ID: Final = re.compile(rf"[!-~]{{1,{MOST_ID_LETTERS}}}")
_SECONDS: Final = re.compile(r"[1-9][0-9]{0,10}")
_HEX_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MOST_SIGNATURES: Final = 10
_MOST_HEADER_LETTERS: Final = 2_000

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]
"""Names in lower case, and values, as they came."""


class HookStyle(StrEnum):
    """Name how a sender signs."""

    STANDARD = "standard-webhooks"
    GITHUB = "github"
    STRIPE = "stripe"


class SecretTextError(ValueError):
    """Report a text that can't be a secret of a style; the text is not repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Hold what a delivery says of itself; nothing of it is true before a secret fits.

    Attributes:
        message: what was signed.
        signatures: any one of which has to fit.
        id: what the sender calls it; None where no id is signed.
        sent_at: when it was signed; None where no instant is.
    """

    message: bytes = field(repr=False)
    signatures: tuple[bytes, ...] = field(repr=False)
    id: str | None = None
    sent_at: datetime | None = None

    def fits(self, keys: Sequence[bytes]) -> bool:
        """Return whether one of these keys made one of the signatures.

        Each pair is compared whatever the others say, so that the time tells nothing.
        """
        found = False
        for key in keys:
            made = hmac.digest(key, self.message, hashlib.sha256)
            for signature in self.signatures:
                found |= hmac.compare_digest(made, signature)
        return found

    def stale(self, now: datetime) -> bool:
        """Return whether it was signed too long ago, or in a future too far off."""
        return self.sent_at is not None and abs(now - self.sent_at) > WINDOW


def read_claim(style: HookStyle, headers: Headers, body: bytes) -> Claim | None:
    """Return what a delivery says of itself, or None if it is not signed in this style.

    A header that comes twice says nothing: two readers could take different ones.
    """
    wanted = _HEADERS[style]
    found: dict[str, str] = {}
    for name, value in headers:
        text = name.decode("latin-1")
        if text not in wanted:
            continue
        if text in found or len(value) > _MOST_HEADER_LETTERS:
            return None
        found[text] = value.decode("latin-1")
    return _READERS[style](found, body) if len(found) == len(wanted) else None


def delivery_id(claim: Claim, body: bytes, document: JsonValue) -> str:
    """Return what a delivery is known by, however often it is sent; all of it was signed.

    Args:
        claim: whose signature fits.
        body: as it came.
        document: the same, read. Where the headers sign no id, the style of Stripe has one there.
    """
    if claim.id is not None:
        return claim.id
    named = document.get("id") if claim.sent_at and isinstance(document, dict) else None
    if isinstance(named, str) and _ID.fullmatch(named):
        return named
    return digest_bytes(body)


def new_secret(style: HookStyle, entropy: bytes) -> str:
    """Return the text of a new secret, as senders of this style take it."""
    if style is HookStyle.STANDARD:
        return _STANDARD_PREFIX + base64.b64encode(entropy).decode()
    return base62.encode(entropy)


def key_of(style: HookStyle, text: str) -> bytes:
    """Return the key that a secret's text spells.

    Raises:
        SecretTextError: it is none of this style, or too short to be one.
    """
    if style is not HookStyle.STANDARD:
        if not _STATED.fullmatch(text):
            raise SecretTextError("expected 16 to 200 printable characters of ASCII without spaces")
        return text.encode()
    try:
        key = base64.b64decode(text.removeprefix(_STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_STANDARD_PREFIX) or not (
        _LEAST_KEY_BYTES <= len(key) <= _MOST_KEY_BYTES
    ):
        raise SecretTextError(
            f"expected {_STANDARD_PREFIX} and the Base64 of {_LEAST_KEY_BYTES} to "
            f"{_MOST_KEY_BYTES} bytes"
        )
    return key


def _of_standard(found: Mapping[str, str], body: bytes) -> Claim | None:
    named, seconds = found["webhook-id"], found["webhook-timestamp"]
    spelled = found["webhook-signature"].split(" ")
    if not _ID.fullmatch(named) or not _SECONDS.fullmatch(seconds):
        return None
    if len(spelled) > _MOST_SIGNATURES:
        return None
    signatures = (
        _base64(text.removeprefix("v1,")) for text in spelled if text.startswith("v1,")
    )  # fmt: skip
    return Claim(
        message=b".".join((named.encode(), seconds.encode(), body)),
        signatures=tuple(item for item in signatures if item is not None),
        id=named,
        sent_at=_instant(seconds),
    )


def _of_github(found: Mapping[str, str], body: bytes) -> Claim | None:
    kind, _, spelled = found["x-hub-signature-256"].partition("=")
    if kind != "sha256" or not _HEX_DIGEST.fullmatch(spelled):
        return None
    return Claim(message=body, signatures=(bytes.fromhex(spelled),))


def _of_stripe(found: Mapping[str, str], body: bytes) -> Claim | None:
    parts = [part.partition("=") for part in found["stripe-signature"].split(",")]
    seconds = [value for name, _, value in parts if name == "t"]
    spelled = [value for name, _, value in parts if name == "v1"]
    if len(seconds) != 1 or not _SECONDS.fullmatch(seconds[0]) or len(spelled) > _MOST_SIGNATURES:
        return None
    return Claim(
        message=seconds[0].encode() + b"." + body,
        signatures=tuple(bytes.fromhex(text) for text in spelled if _HEX_DIGEST.fullmatch(text)),
        sent_at=_instant(seconds[0]),
    )


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _instant(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


_HEADERS: Final[Mapping[HookStyle, frozenset[str]]] = MappingProxyType(
    {
        HookStyle.STANDARD: frozenset({"webhook-id", "webhook-timestamp", "webhook-signature"}),
        HookStyle.GITHUB: frozenset({"x-hub-signature-256"}),
        HookStyle.STRIPE: frozenset({"stripe-signature"}),
    }
)
_READERS: Final[Mapping[HookStyle, Callable[[Mapping[str, str], bytes], Claim | None]]] = (
    MappingProxyType(
        {
            HookStyle.STANDARD: _of_standard,
            HookStyle.GITHUB: _of_github,
            HookStyle.STRIPE: _of_stripe,
        }
    )
)
