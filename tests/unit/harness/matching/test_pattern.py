"""Inputs are compared after defaults on both sides, and partial pairs are ranked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.matching.matcher import (
    MatcherError,
)
from harness.matching.pattern import compile_pattern, inputs_mismatch
from harness.scenario import StepPattern
from runtime.public import JsonObject, Step


@pytest.mark.parametrize(
    ("expected", "written", "similarity"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": 3}, 0.5, id="one of two"),
        pytest.param({"a": 1}, {"a": 1, "b": 3, "c": 4}, 1 / 3, id="extras count"),
        pytest.param({"a": 1}, {"a": 2}, 0.0, id="none"),
        pytest.param({"a": 1}, {"a": 1}, 1.0, id="all"),
        pytest.param({}, {}, 1.0, id="nothing to differ"),
        pytest.param({"a": [1, 2]}, {"a": [3, 4]}, 0.0, id="fields count once"),
        pytest.param({"$includes": {"a": 1, "b": 2}}, {"a": 1, "b": 0, "z": 0}, 0.5, id="open"),
        pytest.param({"$one_of": [{"a": 1}, {"b": 1}]}, {"a": 2}, 0.0, id="as a whole"),
        pytest.param({"$one_of": [{"a": 1}]}, {"a": 2}, 0.0, id="single option"),
    ],
)
def test_similarity_is_the_share_of_named_inputs_that_agree(
    expected: JsonObject, written: JsonObject, similarity: float
) -> None:
    """It ranks partial pairs."""
    pattern = compile_pattern(StepPattern(action="a.b", inputs=expected))
    found = pattern.similarity(written, pattern.unmet(written))
    assert found == pytest.approx(similarity)


def test_a_pattern_takes_id_and_defaults_from_the_completing_function() -> None:
    """It sees plain objects only: matchers are null or left out."""
    seen: list[JsonObject] = []

    def complete(step: Step) -> Step:
        seen.append(step.inputs)
        return Step(action=f"{step.action}@2", inputs={"unit": "C", **step.inputs})

    pattern = StepPattern(action="a.b", inputs={"t": {"$any": True}, "n": {"$optional": 1}})
    compiled = compile_pattern(pattern, complete=complete)
    assert compiled.action == "a.b@2"
    assert compiled.unmet({"t": 1, "unit": "C"}) == ()
    assert compiled.unmet({"t": 1}) != ()
    assert seen == [{}, {"t": None}]


def test_inputs_as_a_whole_can_not_be_absent() -> None:
    """A step has inputs, if only none."""
    with pytest.raises(MatcherError, match="can't be absent"):
        compile_pattern(StepPattern(action="a.b", inputs={"$optional": {"a": 1}}))


@pytest.mark.parametrize("complete", [dict, lambda inputs: {"d": {"$any": 1}, **inputs}])
def test_a_default_that_looks_like_a_matcher_is_literal(
    complete: Callable[[JsonObject], JsonObject],
) -> None:
    """Defaults come from schemas and are never matchers."""
    assert inputs_mismatch({"a": 1}, {"a": 1}, complete=complete) == ()


def test_inputs_mismatch_refuses_malformed_matchers() -> None:
    """Before any default is filled in."""
    with pytest.raises(MatcherError):
        inputs_mismatch({"a": {"$one_of": 5}}, {})
