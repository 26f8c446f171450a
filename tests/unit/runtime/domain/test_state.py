"""A state owns its document and carries its hash."""

import pytest

from runtime.domain.state import State
from runtime.kit.canonical_json import CanonicalJsonError, digest
from runtime.kit.json_value import JsonObject


def test_a_state_carries_its_hash() -> None:
    """Bytes and hash are those of the document."""
    state = State.of({"b": {"x": 1}, "a": {}}, version=4)

    assert (state.version, state.canonical) == (4, b'{"a":{},"b":{"x":1}}')
    assert state.digest == digest(state.components)
    assert State.of_canonical(state.canonical, version=4) == state


def test_a_state_owns_its_document() -> None:
    """Whoever changes the document later does not change the state."""
    document: JsonObject = {"a": {"x": 1}}

    state = State.of(document)
    document["a"]["x"] = 2

    assert state.components == {"a": {"x": 1}}


def test_states_that_hash_alike_are_alike() -> None:
    """25.0 and 25 hash alike, so they are the same value, also to rules that tell them apart."""
    assert repr(State.of({"a": {"x": 25.0}})) == repr(State.of({"a": {"x": 25}}))


def test_a_document_that_is_not_json_is_refused() -> None:
    """The error points at the place."""
    with pytest.raises(CanonicalJsonError, match="'/a/x' is a Python set"):
        State.of({"a": {"x": {1}}})
