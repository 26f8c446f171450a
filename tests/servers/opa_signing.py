"""Make the keys that sign bundles for a real OPA, and the halves that verify them."""

from __future__ import annotations

from functools import cache
from typing import Final

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from runtime.adapters.opa.signing import BundleSigner, SigningAlgorithm
from tests.servers.opa_server import Verification
from tests.servers.signing import a_key

SECRET: Final = "a secret of tests that is long enough"  # noqa: S105  # of servers that live as long as a test
OTHER_SECRET: Final = "another one of the tests, as long as that"  # noqa: S105  # as SECRET


@cache
def private_pem(algorithm: str) -> str:
    """Return the private half of a key in PEM; the same one each time."""
    return (
        a_key("bundles", algorithm)
        .private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        .decode()
    )


def public_pem(algorithm: str) -> str:
    """Return the public half of the same key."""
    return _public_of(private_pem(algorithm))


def a_signer(
    algorithm: SigningAlgorithm = SigningAlgorithm.HS256, *, key: str = "", scope: str = ""
) -> BundleSigner:
    """Return a signer; without a key it takes the one of the tests."""
    own = SECRET if algorithm is SigningAlgorithm.HS256 else private_pem(algorithm.value)
    return BundleSigner(algorithm=algorithm, key=key or own, key_id="bundles", scope=scope)


def verification_of(signer: BundleSigner) -> Verification:
    """Return how a server verifies what a signer signs."""
    public = signer.key if signer.algorithm is SigningAlgorithm.HS256 else _public_of(signer.key)
    return Verification(
        algorithm=signer.algorithm.value, key=public, key_id=signer.key_id, scope=signer.scope
    )


def _public_of(private: str) -> str:
    key = load_pem_private_key(private.encode(), password=None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
