"""Prove what a question's id says about its category."""

from __future__ import annotations

import pytest

from harness.importing.bfcl_category import (
    Expects,
    category_of,
    has_turns,
    refuse_agentic,
    usual_expectation,
    writes_source,
)
from harness.importing.unusable import UnusableError


@pytest.mark.parametrize(
    ("question", "category", "expects"),
    [
        pytest.param("simple_python_7", "simple_python", Expects.CALLS, id="python"),
        pytest.param(
            "live_parallel_multiple_1-0-0", "live_parallel_multiple", Expects.CALLS, id="live"
        ),
        pytest.param("live_irrelevance_3-2-1", "live_irrelevance", Expects.NO_CALL, id="none fits"),
        pytest.param("live_relevance_3-2-1", "live_relevance", Expects.ANY_CALL, id="some fit"),
        pytest.param("memory_kv_0-customer-0", "memory_kv", Expects.CALLS, id="words after"),
        pytest.param("named", "named", Expects.CALLS, id="no number"),
    ],
)
def test_category_is_what_stands_before_the_number(
    question: str, category: str, expects: Expects
) -> None:
    """Relevance and irrelevance are told apart as words."""
    assert category_of(question) == category
    assert usual_expectation(category) is expects


@pytest.mark.parametrize(
    ("category", "turns", "source"),
    [
        pytest.param("multi_turn_miss_func", True, False, id="turns"),
        pytest.param("simple_java", False, True, id="Java"),
        pytest.param("javascript", False, True, id="JavaScript of version 3"),
        pytest.param("simple_python", False, False, id="Python"),
    ],
)
def test_category_says_how_answers_are_written(category: str, turns: bool, source: bool) -> None:  # noqa: FBT001  # a table's columns
    """Calls for each turn and source text are read by readers of their own."""
    assert has_turns(category) is turns
    assert writes_source(category) is source


@pytest.mark.parametrize("category", ["memory", "memory_rec_sum", "web_search"])
def test_agentic_category_is_refused(category: str) -> None:
    """The message says what decides there."""
    with pytest.raises(UnusableError, match=f"category {category} is judged by the text"):
        refuse_agentic(category)


def test_other_category_is_not_refused() -> None:
    """Only what is listed is agentic."""
    refuse_agentic("simple_memory")
