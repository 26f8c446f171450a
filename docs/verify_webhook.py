"""Verify a webhook of Plangate, or of any sender that follows Standard Webhooks 1.0.

A single file to copy into a receiver. `v1` (a shared secret, `whsec_…`) needs the standard library
only; `v1a` (a public key, `whpk_…`) needs the package `cryptography`. In a receiver:

    from verify_webhook import NotVerified, verify
    message_id = verify(raw_body, request.headers, keys=["whsec_…"])   # NotVerified: answer 400

`message_id` is equal in every attempt: remember it, and drop what you have seen before. Pass the
bytes as they came, not JSON that was read and written again.

As a command, with the headers in a file, one `name: value` a line, and the body from the input:

    python3 verify_webhook.py --key whsec_… --headers headers.txt < body.json
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

TOLERANCE_S = 300
MOST_SIGNATURES = 32


class NotVerified(ValueError):  # noqa: N818  # reads as what happened
    """Report a message that must not be believed, and why."""


def verify(
    body: bytes,
    headers: Mapping[str, str],
    *,
    keys: Sequence[str],
    now_s: float | None = None,
    tolerance_s: int = TOLERANCE_S,
) -> str:
    """Return the id of a message that one of the keys signed, lately.

    Args:
        body: the raw bytes.
        headers: of the request; names in any case.
        keys: `whsec_…` or `whpk_…`; several while one replaces another.
        now_s: seconds since 1970; None: the clock of this machine.
        tolerance_s: how far the instant of the message may be from now, in either direction.

    Raises:
        NotVerified: it was not signed by any of the keys, was changed, or is old.
        ValueError: a key can't be read.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id = found.get("webhook-id", "")
    instant = found.get("webhook-timestamp", "")
    if not re.fullmatch(r"[!-~]{1,256}", message_id) or "." in message_id:
        raise NotVerified("webhook-id is missing or not one")
    if not re.fullmatch(r"[1-9][0-9]{0,10}", instant):
        raise NotVerified("webhook-timestamp is missing or not in seconds since 1970")
    clock_s = time.time() if now_s is None else now_s  # noqa: TID251  # a receiver has its own clock
    age_s = clock_s - int(instant)
    if abs(age_s) > tolerance_s:
        raise NotVerified(f"signed {age_s:.0f} s ago, expected at most {tolerance_s} s")
    signed = f"{message_id}.{instant}.".encode() + body
    given = found.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
    if sum(_fits(key, signed, given) for key in keys) == 0:
        raise NotVerified("no signature fits a key")
    return message_id


def _fits(key: str, signed: bytes, given: Sequence[str]) -> bool:
    if key.startswith("whpk_"):
        raw = _key(key, "whpk_", sizes=range(32, 33))
        return any(_signed_by_pair(raw, signed, item) for item in _made("v1a", given))
    if key.startswith("whsk_"):
        raise ValueError("the key is a private one (whsk_), expected the public half (whpk_)")
    expected = hmac.digest(_key(key, "whsec_", sizes=range(24, 65)), signed, hashlib.sha256)
    return any(hmac.compare_digest(expected, item) for item in _made("v1", given))


def _signed_by_pair(public: bytes, signed: bytes, signature: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # for v1a only
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # as above
    except ImportError:
        raise ValueError("a whpk_ key needs the package 'cryptography'") from None
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _key(text: str, prefix: str, *, sizes: range) -> bytes:
    try:
        raw = base64.b64decode(text.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"the key is no base64, expected {prefix} and base64") from None
    if len(raw) not in sizes:
        raise ValueError(f"the key has {len(raw)} bytes, expected {sizes[0]} to {sizes[-1]}")
    return raw


def _made(version: str, given: Sequence[str]) -> list[bytes]:
    """Return the signatures of a version; what is no base64 is none."""
    made = []
    for item in given:
        name, _, text = item.partition(",")
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
        if name == version:
            made.append(raw)
    return made


def _headers_of(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def main() -> int:
    """Verify what stands in the input, say what came of it, and return 0 if it can be believed."""
    parser = argparse.ArgumentParser(description="Verify a webhook signed as Standard Webhooks say")
    parser.add_argument("--key", action="append", required=True, help="whsec_… or whpk_…")
    parser.add_argument("--headers", type=Path, required=True, help="a file, one header a line")
    parser.add_argument("--at", type=float, help="as if it were this second since 1970")
    asked = parser.parse_args()
    headers = _headers_of(asked.headers.read_text(encoding="utf-8"))
    try:
        message_id = verify(sys.stdin.buffer.read(), headers, keys=asked.key, now_s=asked.at)
    except ValueError as error:
        sys.stdout.write(f"not verified: {error}\n")
        return 1
    sys.stdout.write(f"verified: {message_id}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
