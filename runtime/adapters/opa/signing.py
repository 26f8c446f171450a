"""Sign OPA bundles: one JWT that lists the digest of each file.

Source: OPA's bundle signing, https://www.openpolicyagent.org/docs/management-bundles#signing
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import jwt

from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonObject

MIN_SECRET_BYTES: Final = 32

_PEM: Final = "-----BEGIN "
_RSA_LETTERS: Final = 342
"""How long a signature by 2048 bits is, spelled in base64."""
_KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class SigningAlgorithm(StrEnum):
    """Name how bundles are signed; OPA's `keys` call them the same."""

    HS256 = "HS256"
    RS256 = "RS256"
    ES256 = "ES256"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleSigner:
    """Sign by one key.

    Attributes:
        algorithm: HS256 by a shared secret, RS256 and ES256 by a private key in PEM.
        key: the secret or the private key.
        key_id: what OPA's configuration calls the key that verifies.
        scope: what the key may sign, as OPA's configuration says it; most have none.
    """

    algorithm: SigningAlgorithm
    key: str = field(repr=False)
    key_id: str
    scope: str = ""

    def __post_init__(self) -> None:
        """Refuse a key that signs nothing, now rather than when OPA waits for a bundle.

        Raises:
            ValueError: If the key is not one for the algorithm, or its id is not a plain one.
        """
        _plain(self.key_id)
        if self.algorithm is SigningAlgorithm.HS256 and len(self.key.encode()) < MIN_SECRET_BYTES:
            raise ValueError(
                f"the bundle key has {len(self.key.encode())} bytes, "
                f"expected {MIN_SECRET_BYTES} or more for {self.algorithm}"
            )
        try:
            signature = self._token({}).rpartition(".")[2]
        except (jwt.PyJWTError, AttributeError, TypeError, ValueError, Warning):
            raise ValueError(
                f"the bundle key is not one that signs by {self.algorithm}, "
                "expected a private key in PEM"
            ) from None
        if self.algorithm is SigningAlgorithm.RS256 and len(signature) < _RSA_LETTERS:
            raise ValueError("the bundle key is one of RSA with fewer than 2048 bits")

    def signatures(self, files: Mapping[str, bytes], *, issued_at_s: int) -> bytes:
        """Return the content of `.signatures.json` for files by name.

        Each file counts by its bytes; a file of JSON has to be in canonical spelling, since OPA
        digests what it means.
        """
        listed = [
            {"name": name, "hash": hashlib.sha256(files[name]).hexdigest(), "algorithm": "SHA-256"}
            for name in sorted(files)
        ]
        payload: JsonObject = {"files": listed, "iat": issued_at_s}
        if self.scope:
            payload["scope"] = self.scope
        return canonical_bytes({"signatures": [self._token(payload)]})

    def _token(self, payload: JsonObject) -> str:
        return jwt.encode(
            payload, self.key, algorithm=self.algorithm.value, headers={"kid": self.key_id}
        )


def signer_of(text: str, *, key_id: str) -> BundleSigner:
    r"""Return what signs by a secret, or by a private key in PEM, whichever the text is.

    Args:
        text: the key; the lines of PEM may also be separated by `\n`, spelled out.
        key_id: what OPA's configuration calls the key that verifies.

    Raises:
        ValueError: If it can't sign bundles, or the id is not a plain one; nothing of the key is
            in the message.
    """
    if not text.startswith(_PEM):
        return BundleSigner(algorithm=SigningAlgorithm.HS256, key=text, key_id=key_id)
    _plain(key_id)
    key = text.replace("\\n", "\n")
    for algorithm in (SigningAlgorithm.RS256, SigningAlgorithm.ES256):
        with suppress(ValueError):
            return BundleSigner(algorithm=algorithm, key=key, key_id=key_id)
    raise ValueError(
        "the bundle key in PEM signs nothing, expected a private key without a password: "
        "of RSA with 2048 bits or more, or of the curve P-256"
    )


def _plain(key_id: str) -> str:
    if not _KEY_ID.fullmatch(key_id):
        raise ValueError(
            f"the id of the bundle key is {key_id[:80]!r}, "
            "expected 1 to 64 letters, digits, '.', '_' or '-'"
        )
    return key_id
