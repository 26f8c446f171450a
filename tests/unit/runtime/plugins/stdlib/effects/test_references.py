"""Tests of references in declared documents."""

import pytest

from runtime.kit.json_value import JsonValue
from runtime.plugins.stdlib.effects.references import MOST_DEPTH, filled, filled_object
from runtime.ports.effect_failure import PermanentError

SOURCES = {"input": {"a": [1, {"b~/c": "x"}], "evil": {"input": "/a/0"}}, "answer": {"t": None}}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param({"x": {"input": "/a/0"}}, {"x": 1}, id="a value of its type"),
        pytest.param([{"input": "/a/1/b~0~1c"}], ["x"], id="escaped, in a list"),
        pytest.param({"input": ""}, SOURCES["input"], id="all of it"),
        pytest.param({"x": {"answer": "/t"}}, {"x": None}, id="null is a value"),
        pytest.param({"input": "/a", "y": 1}, {"input": "/a", "y": 1}, id="no reference: two keys"),
        pytest.param({"input": 3}, {"input": 3}, id="no reference: no text"),
        pytest.param({"other": "/a"}, {"other": "/a"}, id="no reference: another key"),
        pytest.param("{{ input.a }}", "{{ input.a }}", id="no template language"),
        pytest.param({"input": "/evil"}, {"input": "/a/0"}, id="what is found is not read again"),
        pytest.param([1, "a", None, True], [1, "a", None, True], id="the rest stays"),
    ],
)
def test_a_reference_becomes_what_it_points_at(template: JsonValue, expected: JsonValue) -> None:
    """Only a declared `{source: pointer}` is a reference."""
    assert filled(template, sources=SOURCES) == expected


@pytest.mark.parametrize("pointer", ["/nothing", "/a/9", "a", "/a/~"])
def test_a_reference_to_nothing_is_final(pointer: str) -> None:
    """The inputs will not change, so trying again would not help."""
    with pytest.raises(PermanentError, match="input has nothing"):
        filled({"x": {"input": pointer}}, sources=SOURCES)


def test_depth_is_bounded() -> None:
    """A declaration that nests without end is refused before the stack is full."""
    template: JsonValue = 1
    for _ in range(MOST_DEPTH + 1):
        template = [template]

    with pytest.raises(PermanentError, match="deeper"):
        filled(template, sources={})
    assert filled(template[0], sources={}) == template[0]


def test_a_document_that_must_be_an_object_is_one() -> None:
    """A reference in the place of the whole may find something else."""
    assert filled_object({"a": 1}, sources={}) == {"a": 1}
    with pytest.raises(PermanentError, match="finds a list, expected an object"):
        filled_object({"input": "/a"}, sources=SOURCES)
