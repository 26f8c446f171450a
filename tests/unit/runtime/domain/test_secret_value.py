"""A value shows by no accident, and is gone once it is forgotten."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass

import orjson
import pytest

from runtime.domain.secret_value import SecretValue, SecretValueError

CANARY = "canary-7f3a9c51e0"


@dataclass(frozen=True)
class Holder:
    """Hold a value as documents of the product do."""

    value: SecretValue


def test_the_value_is_given_to_who_asks_for_it() -> None:
    """As text or as bytes, whatever it was made of."""
    made = SecretValue("pässwörd"), SecretValue("pässwörd".encode())

    assert [value.text() for value in made] == ["pässwörd"] * 2
    assert made[0].bytes() == "pässwörd".encode()


@pytest.mark.parametrize(
    "show",
    [
        pytest.param(repr, id="repr"),
        pytest.param(str, id="str"),
        pytest.param(lambda value: f"{value}", id="f-string"),
        pytest.param(lambda value: f"{value:>40}", id="f-string with a form"),
        pytest.param(lambda value: f"{value!r:.5}", id="f-string of repr"),
        pytest.param(lambda value: "%s %r" % (value, value), id="percent"),  # noqa: UP031
        pytest.param(lambda value: repr([Holder(value)]), id="inside of others"),
        pytest.param(lambda value: repr(dir(value)), id="names"),
    ],
)
def test_no_text_shows_it(show: Callable[[SecretValue], str]) -> None:
    """Logs and messages are made of texts."""
    assert CANARY not in show(SecretValue(CANARY))
    assert CANARY[:5] not in show(SecretValue(CANARY))


@pytest.mark.parametrize(
    "leak",
    [
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(lambda value: pickle.dumps(value, protocol=0), id="pickle, the oldest"),
        pytest.param(lambda value: pickle.dumps(Holder(value)), id="pickle inside of others"),
        pytest.param(lambda value: value.__getstate__(), id="state"),
        pytest.param(lambda value: value.__reduce__(), id="reduce"),
        pytest.param(hash, id="hash"),
        pytest.param(json.dumps, id="json"),
        pytest.param(orjson.dumps, id="orjson"),
        pytest.param(lambda value: orjson.dumps(Holder(value)), id="orjson inside of others"),
        pytest.param(bytes, id="bytes"),
        pytest.param(list, id="list"),
        pytest.param(len, id="length"),
        pytest.param(vars, id="vars"),
    ],
)
def test_what_would_store_it_is_refused(leak: Callable[[SecretValue], object]) -> None:
    """A queue, a cache or a document takes the reference instead."""
    with pytest.raises(TypeError) as caught:
        leak(SecretValue(CANARY))

    assert CANARY not in str(caught.value)


def test_two_values_are_equal_by_being_the_same_object_only() -> None:
    """`==` would take longer the more is right."""
    one, other = SecretValue(CANARY), SecretValue(CANARY)

    assert one != other
    assert one.same_as(other)
    assert not one.same_as(SecretValue("another"))


def test_a_forgotten_value_is_overwritten() -> None:
    """The memory that held it holds zeros."""
    value = SecretValue(CANARY)
    held = value._kept  # noqa: SLF001  # what is left of it is the claim

    value.forget()
    value.forget()

    assert held == bytearray(len(CANARY))


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda value: value.text(), id="text"),
        pytest.param(lambda value: value.bytes(), id="bytes"),
        pytest.param(lambda value: value.same_as(SecretValue("x")), id="compared"),
        pytest.param(lambda value: SecretValue("x").same_as(value), id="compared with"),
    ],
)
def test_a_forgotten_value_is_not_read(read: Callable[[SecretValue], object]) -> None:
    """Nobody takes nothing for a value."""
    value = SecretValue(CANARY)
    value.forget()

    with pytest.raises(SecretValueError, match="forgotten"):
        read(value)


def test_bytes_that_are_no_text_say_so_without_themselves() -> None:
    """Python's own error would carry all of them."""
    with pytest.raises(SecretValueError) as caught:
        SecretValue(b"\xff" + CANARY.encode()).text()

    assert CANARY not in repr(caught.value)


def test_changing_what_it_was_made_of_changes_nothing() -> None:
    """It has its own copy."""
    source = bytearray(CANARY.encode())
    value = SecretValue(bytes(source))
    source[:] = bytes(len(source))

    assert value.text() == CANARY
