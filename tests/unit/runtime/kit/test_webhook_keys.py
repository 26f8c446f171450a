"""Tests of the spelling of keys that sign webhooks."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from runtime.kit.webhook_keys import (
    SigningError,
    fits_public,
    private_key,
    public_key,
    shared_bytes,
    shared_secret,
    signed_by,
)

PUBLISHED_PRIVATE = (
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
)
PUBLISHED_PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
SEED = bytes(range(32))


def test_a_pair_in_public_use_is_read_as_others_read_it() -> None:
    """The public half of a private key that other senders' tests use is the one they use."""
    assert public_key(PUBLISHED_PRIVATE) == PUBLISHED_PUBLIC


def test_a_new_shared_secret_is_read_back() -> None:
    """What is spelled is the key itself, behind `whsec_`."""
    secret = shared_secret(SEED)

    assert secret.startswith("whsec_")
    assert shared_bytes(secret) == SEED


def test_a_new_private_key_carries_its_public_half() -> None:
    """Whoever holds the text can tell the public key without computing it."""
    private = private_key(SEED)

    raw = b64decode(private.removeprefix("whsk_"))
    assert raw[:32] == SEED
    assert public_key(private) == "whpk_" + b64encode(raw[32:]).decode()


def test_a_private_key_of_its_seed_alone_signs_alike() -> None:
    """Both spellings of one private key make the same signature."""
    short = "whsk_" + b64encode(SEED).decode()

    assert signed_by(short, b"m") == signed_by(private_key(SEED), b"m")


def test_the_public_half_tells_the_own_signature_from_any_other() -> None:
    """A changed message or signature does not fit, nor does a short one."""
    private = private_key(SEED)
    public, signature = public_key(private), signed_by(private, b"m")

    assert fits_public(public, b"m", signature=signature)
    assert not fits_public(public, b"n", signature=signature)
    assert not fits_public(public, b"m", signature=signature[::-1])
    assert not fits_public(public, b"m", signature=b"")


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_new_key_is_made_of_32_bytes(size: int) -> None:
    """Neither a weak nor an oddly long key is made."""
    with pytest.raises(SigningError, match=f"{size} bytes, expected 32"):
        shared_secret(bytes(size))
    with pytest.raises(SigningError, match=f"{size} bytes, expected 32"):
        private_key(bytes(size))


@pytest.mark.parametrize(
    ("private", "says"),
    [
        ("whsk_not base64!", "no base64"),
        ("whsk_é", "no base64"),
        ("whsk_" + b64encode(bytes(31)).decode(), "31 bytes"),
        ("whsk_" + b64encode(bytes(64)).decode(), "not its own"),
        ("", "0 bytes"),
    ],
)
def test_a_broken_private_key_does_not_sign(private: str, says: str) -> None:
    """A private key that is none, or whose halves don't belong together, is not repeated."""
    with pytest.raises(SigningError, match=says) as raised:
        signed_by(private, b"m")

    assert not private or private not in str(raised.value)


@pytest.mark.parametrize("public", ["whpk_!", "whpk_" + b64encode(bytes(31)).decode()])
def test_a_broken_public_key_is_an_error_and_no_answer(public: str) -> None:
    """Whoever configured a wrong key hears of it, instead of refusing every message."""
    with pytest.raises(SigningError):
        fits_public(public, b"m", signature=bytes(64))
