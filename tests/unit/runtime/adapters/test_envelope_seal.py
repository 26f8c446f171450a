"""Texts open for what they were sealed for, under the key of the server that was used."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from runtime.adapters.aes_seal import AesSeal
from runtime.adapters.envelope_seal import (
    KEY_ID_BYTES,
    MARK,
    NONCE_BYTES,
    WRAPPED_BYTES,
    EnvelopeSeal,
)
from runtime.ports.seal import SealBrokenError

NEW, OLD, TOKEN = b"n" * 32, b"o" * 32, b"t" * 32
TEXTS: Final = st.text(max_size=200).filter(lambda text: text.isprintable() or not text)
HEAD: Final = len(MARK) + KEY_ID_BYTES
WRAPPED: Final = HEAD + NONCE_BYTES
BODY: Final = WRAPPED + WRAPPED_BYTES


def a_seal(*keys: bytes, before: Sequence[bytes] = (TOKEN,)) -> EnvelopeSeal:
    """Build a seal under these keys."""
    return EnvelopeSeal(keys or (NEW,), before=AesSeal(before))


@given(text=TEXTS, place=TEXTS)
def test_a_text_is_opened_as_it_was_sealed(text: str, place: str) -> None:
    """And looks different each time, in each of its parts but the first."""
    seal = a_seal()
    first, second = (seal.sealed(text, bound_to=place) for _ in range(2))

    assert seal.opened(first, bound_to=place) == seal.opened(second, bound_to=place) == text
    assert first[:HEAD] == second[:HEAD]
    assert first[HEAD:WRAPPED] != second[HEAD:WRAPPED]
    assert first[WRAPPED:BODY] != second[WRAPPED:BODY]
    assert first[BODY:] != second[BODY:]
    assert len(text) < 8 or text.encode() not in first


@given(text=TEXTS, place=TEXTS, other=TEXTS)
def test_a_text_opens_nowhere_else(text: str, place: str, other: str) -> None:
    """Neither its wrapped key nor its body may come from another place."""
    if place == other:
        return
    seal = a_seal()
    sealed, theirs = seal.sealed(text, bound_to=place), seal.sealed(text, bound_to=other)

    for mixed in (sealed, theirs[:BODY] + sealed[BODY:], sealed[:BODY] + theirs[BODY:]):
        with pytest.raises(SealBrokenError):
            seal.opened(mixed, bound_to=other)


@given(text=TEXTS, data=st.data())
def test_any_bit_that_is_turned_breaks_it(text: str, data: st.DataObject) -> None:
    """So does whatever is cut or added."""
    seal = a_seal(NEW, OLD)
    sealed = bytearray(seal.sealed(text, bound_to="row"))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    cut = data.draw(st.integers(0, len(sealed) - 1))
    turned = bytearray(sealed)
    turned[place // 8] ^= 1 << place % 8

    for broken in (turned, sealed[:cut], sealed + b"\0"):
        with pytest.raises(SealBrokenError):
            seal.opened(bytes(broken), bound_to="row")


def test_who_learned_the_key_of_one_text_can_put_no_other_elsewhere() -> None:
    """The wrapped key is good for its place alone."""
    seal = a_seal()
    sealed = seal.sealed("secret", bound_to="row")
    wrapping = AESGCM(hmac.digest(NEW, b"plangate/seal/2", "sha256"))
    learned = wrapping.decrypt(sealed[HEAD:WRAPPED], sealed[WRAPPED:BODY], b"row")
    forged = sealed[:BODY] + AESGCM(learned).encrypt(bytes(NONCE_BYTES), b"theirs", None)

    assert seal.opened(forged, bound_to="row") == "theirs"
    with pytest.raises(SealBrokenError):
        seal.opened(forged, bound_to="another row")


def test_the_newest_key_seals_and_every_key_opens() -> None:
    """One that is gone opens nothing, and says nothing of the text."""
    old = a_seal(OLD).sealed("secret", bound_to="row")
    new = a_seal(NEW, OLD).sealed("secret", bound_to="row")

    assert a_seal(NEW, OLD).opened(old, bound_to="row") == "secret"
    assert a_seal(NEW).opened(new, bound_to="row") == "secret"
    for seal, sealed in ((a_seal(NEW), old), (a_seal(OLD), new)):
        with pytest.raises(SealBrokenError) as refused:
            seal.opened(sealed, bound_to="row")
        assert "secret" not in repr(refused.value)


def test_what_the_form_before_sealed_still_opens() -> None:
    """Also where it begins with the mark by chance; without its key it does not."""
    before = AesSeal([TOKEN])
    sealed = before.sealed("secret", bound_to="row")

    assert a_seal().opened(sealed, bound_to="row") == "secret"
    with pytest.raises(SealBrokenError):
        a_seal(before=[OLD]).opened(sealed, bound_to="row")
    with pytest.raises(SealBrokenError):
        a_seal().opened(sealed, bound_to="another")


class MarkedSeal(AesSeal):
    """Open one text that begins with the mark, as the form before may have made it."""

    @override
    def opened(self, sealed: bytes, *, bound_to: str) -> str:
        """Open that one."""
        if sealed == MARK + b"by chance":
            return f"{bound_to} by chance"
        raise SealBrokenError


def test_a_mark_by_chance_is_no_hindrance() -> None:
    """The key's id is another one."""
    seal = EnvelopeSeal([NEW], before=MarkedSeal([TOKEN]))

    assert seal.opened(MARK + b"by chance", bound_to="row") == "row by chance"


def test_only_what_is_not_under_the_newest_key_is_renewed() -> None:
    """And only for the place it is bound to; what does not open is told in either case."""
    seal = a_seal(NEW, OLD)
    newest = seal.sealed("secret", bound_to="row")

    assert seal.renewed(newest, bound_to="row") is None
    for older in (
        a_seal(OLD).sealed("secret", bound_to="row"),
        AesSeal([TOKEN]).sealed("secret", bound_to="row"),
    ):
        renewed = seal.renewed(older, bound_to="row")
        assert renewed is not None
        assert a_seal(NEW, before=[]).opened(renewed, bound_to="row") == "secret"
        with pytest.raises(SealBrokenError):
            seal.renewed(older, bound_to="another")
    with pytest.raises(SealBrokenError):
        seal.renewed(newest, bound_to="another")


def test_a_seal_needs_a_key() -> None:
    """It would seal under none."""
    with pytest.raises(ValueError, match="needs a key"):
        EnvelopeSeal([], before=AesSeal([]))


def test_no_key_is_shown() -> None:
    """Not of the server, in whatever shows the object."""
    assert NEW.decode() not in repr(vars(a_seal()))
