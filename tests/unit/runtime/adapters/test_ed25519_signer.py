"""Keys are read as they are written, sign as RFC 8032 says, and are never repeated."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from runtime.adapters.ed25519_signer import Ed25519Signer, SignerKeyError
from runtime.domain.tree_head import key_id_of

SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
SIGNATURE = (
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)
OTHER = "11" * 32


def test_the_signature_is_the_one_of_the_standard() -> None:
    """Source: RFC 8032 §7.1, test 1."""
    (signer,) = Ed25519Signer.of_text(SEED)

    assert signer.public_key.hex() == PUBLIC
    assert signer.sign(b"").hex() == SIGNATURE
    assert signer.key_id == key_id_of(bytes.fromhex(PUBLIC))


def test_seeds_are_read_in_either_spelling_and_in_their_order() -> None:
    """Hex, base64url with padding or without, with blanks between."""
    padded = urlsafe_b64encode(bytes.fromhex(OTHER)).decode()
    signers = Ed25519Signer.of_text(f"{SEED.upper()}, {padded}")

    assert [signer.public_key for signer in signers] == [
        Ed25519Signer(bytes.fromhex(seed)).public_key for seed in (SEED, OTHER)
    ]
    assert Ed25519Signer.of_text(padded.rstrip("="))[0].key_id == signers[1].key_id


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "seed 1 can't be read", id="nothing"),
        pytest.param(f"{SEED},{'ab' * 31}", "seed 2 can't be read", id="too short"),
        pytest.param(f"{SEED},", "seed 2 can't be read", id="a comma too much"),
        pytest.param("é" * 43, "seed 1 can't be read", id="letters of no spelling"),
        pytest.param(f"{SEED},{SEED}", "two seeds are the same", id="twice"),
        pytest.param(",".join([SEED] * 21), "21 seeds, expected at most 20", id="too many"),
    ],
)
def test_what_can_not_be_read_is_refused_and_not_repeated(text: str, says: str) -> None:
    """The message says which one and how to make one."""
    with pytest.raises(SignerKeyError, match=says) as refused:
        Ed25519Signer.of_text(text)
    assert SEED[:8] not in str(refused.value)


def test_a_seed_of_another_length_is_none() -> None:
    """32 bytes it is."""
    with pytest.raises(SignerKeyError, match="has 31 bytes"):
        Ed25519Signer(b"x" * 31)
