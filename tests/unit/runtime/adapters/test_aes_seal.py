"""Sealed texts open for what they were sealed for, under a key of the server, and no other way."""

from __future__ import annotations

import pytest

from runtime.adapters.aes_seal import NONCE_BYTES, AesSeal
from runtime.ports.seal import SealBrokenError

NEW, OLD = b"n" * 32, b"o" * 32


def test_a_text_is_opened_as_it_was_sealed() -> None:
    """And looks different each time."""
    seal = AesSeal([NEW])

    first, second = (seal.sealed("secret é", bound_to="hook") for _ in range(2))

    assert first != second
    assert b"secret" not in first
    assert seal.opened(first, bound_to="hook") == "secret é"


def test_a_text_of_an_older_key_opens_while_the_key_is_there() -> None:
    """New ones are sealed under the newest."""
    sealed = AesSeal([OLD]).sealed("secret", bound_to="hook")

    assert AesSeal([NEW, OLD]).opened(sealed, bound_to="hook") == "secret"
    with pytest.raises(SealBrokenError):
        AesSeal([NEW]).opened(sealed, bound_to="hook")
    with pytest.raises(SealBrokenError):
        AesSeal([OLD]).opened(
            AesSeal([NEW, OLD]).sealed("secret", bound_to="hook"), bound_to="hook"
        )


def test_what_was_moved_or_changed_does_not_open() -> None:
    """Not for another hook, not with one bit turned, not cut."""
    seal = AesSeal([NEW])
    sealed = seal.sealed("secret", bound_to="hook")
    turned = bytes([*sealed[:-1], sealed[-1] ^ 1])

    for broken, place in (
        (sealed, "another"),
        (turned, "hook"),
        (sealed[:-1], "hook"),
        (sealed[:NONCE_BYTES], "hook"),
        (b"", "hook"),
    ):
        with pytest.raises(SealBrokenError):
            seal.opened(broken, bound_to=place)
