"""Make signing keys and tokens, honest and dishonest ones, for tests of those who verify them."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Json = dict[str, Any]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_JWS: Final = jwt.PyJWS()
_CURVES: Final[Mapping[str, type[ec.EllipticCurve]]] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """Hold a private key, what it signs by, and the id that it is published under."""

    kid: str
    algorithm: str
    private: PrivateKey = field(repr=False)

    @property
    def jwk(self) -> Json:
        """Return the public half as an issuer publishes it."""
        document: Json = orjson.loads(_jwk(self.private.public_key()))
        return {**document, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    @property
    def private_jwk(self) -> Json:
        """Return what an issuer never publishes."""
        document: Json = orjson.loads(_jwk(self.private))
        return document

    @property
    def pem(self) -> bytes:
        """Return the public half as text: what algorithm confusion takes for a shared secret."""
        return self.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )

    def signature(self, message: bytes, *, algorithm: str | None = None) -> bytes:
        """Return the signature of a message, by the key's own algorithm or another of its type."""
        return _JWS.get_algorithm_by_name(algorithm or self.algorithm).sign(message, self.private)


def a_key(kid: str = "key-1", algorithm: str = "ES256", *, bits: int = 2_048) -> SigningKey:
    """Return a key; RSA keys of one id and size are made once, since that takes long."""
    if algorithm in _CURVES:
        private: PrivateKey = ec.generate_private_key(_CURVES[algorithm]())
    elif algorithm == "EdDSA":
        private = ed25519.Ed25519PrivateKey.generate()
    else:
        private = _rsa(kid, bits)
    return SigningKey(kid=kid, algorithm=algorithm, private=private)


def compact(header: Json | bytes, claims: Json | bytes, signature: bytes | SigningKey) -> str:
    """Return a token of these parts, whatever they are; a key signs them by its algorithm."""
    message = b".".join(encoded(_bytes(part)) for part in (header, claims))
    signed = signature if isinstance(signature, bytes) else signature.signature(message)
    return b".".join((message, encoded(signed))).decode()


def encoded(data: bytes) -> bytes:
    """Return base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=")


def _bytes(part: Json | bytes) -> bytes:
    return part if isinstance(part, bytes) else orjson.dumps(part)


@cache
def _rsa(kid: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def _jwk(key: Any) -> str:  # noqa: ANN401  # of one of three types, each with two halves
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return jwt.algorithms.RSAAlgorithm.to_jwk(key)
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return jwt.algorithms.ECAlgorithm.to_jwk(key)
    return jwt.algorithms.OKPAlgorithm.to_jwk(key)
