"""Hold the signature of bundles: whose key it is, what it covers, and which keys are none."""

from __future__ import annotations

import hashlib

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from runtime.adapters.opa.signing import (
    MIN_SECRET_BYTES,
    BundleSigner,
    SigningAlgorithm,
    signer_of,
)
from tests.servers.opa_signing import a_signer, private_pem, public_pem, verification_of

_PEM = "pem of "
FILES = {"b.rego": b"package b", ".manifest": b"{}"}


@pytest.mark.parametrize("algorithm", SigningAlgorithm)
@pytest.mark.parametrize("scope", ["", "write"])
def test_the_signature_lists_each_file(algorithm: SigningAlgorithm, scope: str) -> None:
    """By name and digest, under the key that verifies, and for the scope that it has."""
    # arrange
    signer = a_signer(algorithm, scope=scope)

    # act
    signatures = orjson.loads(signer.signatures(FILES, issued_at_s=1_000))["signatures"]

    # assert
    key = verification_of(signer).key
    payload = jwt.decode(signatures[0], key, algorithms=[algorithm.value])
    assert len(signatures) == 1
    assert jwt.get_unverified_header(signatures[0])["kid"] == "bundles"
    assert payload.pop("scope", "") == scope
    assert payload == {
        "files": [
            {"name": name, "hash": hashlib.sha256(FILES[name]).hexdigest(), "algorithm": "SHA-256"}
            for name in sorted(FILES)
        ],
        "iat": 1_000,
    }


@pytest.mark.parametrize("algorithm", [SigningAlgorithm.HS256, SigningAlgorithm.RS256])
def test_equal_files_are_signed_alike(algorithm: SigningAlgorithm) -> None:
    """So that equal bundles are equal bytes."""
    signer = a_signer(algorithm)

    first, second = (signer.signatures(FILES, issued_at_s=1) for _ in range(2))

    assert first == second


@pytest.mark.parametrize(
    ("algorithm", "key", "problem"),
    [
        pytest.param("HS256", "x" * (MIN_SECRET_BYTES - 1), "31 bytes", id="a short secret"),
        pytest.param("HS256", "pem of ES256", "not one that signs", id="a PEM as secret"),
        pytest.param("RS256", "no-key", "not one that signs by RS256", id="no key"),
        pytest.param("RS256", "pem of ES256", "not one that signs by RS256", id="a key for ES256"),
        pytest.param("ES256", "pem of RS256", "not one that signs by ES256", id="a key for RS256"),
        pytest.param("ES256", "pem of ES384", "not one that signs by ES256", id="a curve"),
    ],
)
def test_a_key_that_signs_nothing_ends_the_start(algorithm: str, key: str, problem: str) -> None:
    """It is told when it is given, and what it was is not repeated."""
    if key.startswith(_PEM):
        key = private_pem(key.removeprefix(_PEM))

    with pytest.raises(ValueError, match=problem) as caught:
        BundleSigner(algorithm=SigningAlgorithm(algorithm), key=key, key_id="main")

    assert key not in str(caught.value)


@pytest.mark.parametrize("key_id", ["", "a b", "x" * 65, "a\n"])
def test_an_id_of_a_key_is_a_plain_one(key_id: str) -> None:
    """It stands in the configuration of each OPA."""
    with pytest.raises(ValueError, match="the id of the bundle key"):
        BundleSigner(algorithm=SigningAlgorithm.HS256, key="k" * 32, key_id=key_id)


def test_a_signer_does_not_show_its_key() -> None:
    """Whoever logs it gives nothing away."""
    assert "kkkk" not in repr(
        BundleSigner(algorithm=SigningAlgorithm.HS256, key="k" * 32, key_id="main")
    )


def an_rsa_key(bits: int, *, encryption: KeySerializationEncryption) -> str:
    """Return a new private key in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        pytest.param("s" * MIN_SECRET_BYTES, "HS256", id="a secret"),
        pytest.param(private_pem("RS256"), "RS256", id="a key of RSA"),
        pytest.param(private_pem("ES256"), "ES256", id="a key of a curve"),
        pytest.param(private_pem("ES256").replace("\n", "\\n"), "ES256", id="lines spelled out"),
    ],
)
def test_a_key_says_by_itself_how_it_signs(key: str, algorithm: str) -> None:
    """Whoever sets it names no algorithm."""
    signer = signer_of(key, key_id="main")

    assert (signer.algorithm.value, signer.key_id) == (algorithm, "main")
    assert signer.signatures(FILES, issued_at_s=1)


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        pytest.param("short", "has 5 bytes", id="a short secret"),
        pytest.param(public_pem("ES256"), "a private key without a password", id="a public key"),
        pytest.param(private_pem("ES384"), "of the curve P-256", id="another curve"),
        pytest.param("-----BEGIN PRIVATE KEY-----\nxx", "signs nothing", id="half a key"),
        pytest.param(
            an_rsa_key(1_024, encryption=NoEncryption()), "2048 bits or more", id="a weak key"
        ),
        pytest.param(
            an_rsa_key(2_048, encryption=BestAvailableEncryption(b"password")),
            "without a password",
            id="a key with a password",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")
def test_a_key_that_can_not_sign_bundles_is_refused(key: str, problem: str) -> None:
    """With what would be one, and without a word of it."""
    with pytest.raises(ValueError, match=problem) as caught:
        signer_of(key, key_id="main")

    assert key[28:60] not in str(caught.value) or len(key) < 28


def test_an_id_that_is_not_plain_is_told_before_the_key() -> None:
    """The key is a good one, and nobody looks for a fault in it."""
    with pytest.raises(ValueError, match="the id of the bundle key is 'a b'"):
        signer_of(private_pem("ES256"), key_id="a b")
