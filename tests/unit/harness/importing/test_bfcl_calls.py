"""Prove how calls that are written as Python source are read."""

from __future__ import annotations

import pytest

from harness.importing.actions import Function
from harness.importing.bfcl_calls import read_call
from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue

FUNCTIONS = {
    name: Function(
        name=name, description=name, schema={"properties": {"path": {}, "depth": {}, "tags": {}}}
    )
    for name in ("walk", "files.walk")
}


@pytest.mark.parametrize(
    ("text", "name", "inputs"),
    [
        pytest.param("walk()", "walk", {}, id="no input"),
        pytest.param(" walk(path='a', depth=-2)", "walk", {"path": "a", "depth": -2}, id="names"),
        pytest.param("walk('a', 2)", "walk", {"path": "a", "depth": 2}, id="by position"),
        pytest.param(
            "walk('a', tags=('x', None))",
            "walk",
            {"path": "a", "tags": ["x", None]},
            id="a tuple is a list",
        ),
        pytest.param(
            "files.walk(tags={'a': [1.5, True]})",
            "files.walk",
            {"tags": {"a": [1.5, True]}},
            id="a name with a dot",
        ),
    ],
)
def test_call_is_read(text: str, name: str, inputs: JsonObject) -> None:
    """Inputs without a name take the declared ones in order."""
    call = read_call(text, FUNCTIONS)

    assert (call.function, call.inputs) == (name, inputs)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(3, "expected one call", id="a number"),
        pytest.param("walk(", "expected one call", id="half a call"),
        pytest.param("walk; walk()", "expected one call", id="two statements"),
        pytest.param("'walk'", "expected one call", id="a text"),
        pytest.param("\0", "expected one call", id="a zero byte"),
        pytest.param("fly()", "'fly', which is not on offer", id="an unknown function"),
        pytest.param("walk(1, 2, 3, 4)", "more inputs than 'walk' declares", id="too many"),
        pytest.param("walk('a', path='b')", "an input twice", id="one input twice"),
        pytest.param("walk(**{'path': 1})", "without a name", id="unpacked"),
        pytest.param("walk(path=home)", "more than plain values", id="a variable"),
        pytest.param("walk(path={1, 2})", "more than plain values", id="a set"),
        pytest.param("walk(path={1: 2})", "more than plain values", id="a number for a key"),
        pytest.param("walk(path=1j)", "more than plain values", id="an imaginary number"),
    ],
)
def test_anything_else_is_refused(text: JsonValue, why: str) -> None:
    """Nothing is executed to find out what an answer means."""
    with pytest.raises(UnusableError, match=why):
        read_call(text, FUNCTIONS)
