"""Tests of events in words."""

from __future__ import annotations

import re

import pytest

from runtime.domain.event_catalogue import EVENT_TYPES
from runtime.services.webhooks.wording import LONGEST_FIELD, LONGEST_SENTENCE, WORDS, said

OUTCOME = {
    "refusal": {"code": "budget_exceeded", "expected": "at most 5 units", "remedy": "wait"},
    "steps": [],
}


def test_a_refused_plan_says_why_when_its_outcome_is_there() -> None:
    """The code and what was expected stand in the sentence; what would help among the facts."""
    words = said(
        "plan.refused", {"outcome": "out_1", "principal": "mem_1", "outcome_document": OUTCOME}
    )

    assert words.title == "Plan refused"
    assert words.sentence == (
        "Plan out_1 was refused by mem_1: budget_exceeded, expected at most 5 units."
    )
    assert words.facts == {"remedy": "wait"}


def test_what_is_missing_is_left_out() -> None:
    """A sentence needs no field: it is as long as what is known."""
    assert said("plan.refused", {"outcome": "out_1"}).sentence == "Plan out_1 was refused."
    assert said("plan.refused", {}).sentence == "Plan refused."


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_each_type_of_the_catalogue_is_said_in_words_of_its_own(event_type: str) -> None:
    """The example of a type makes a sentence that says more than its name, or all there is."""
    example = EVENT_TYPES[event_type].example
    words = said(event_type, example)
    title, *parts = WORDS[event_type]

    assert words.title == title
    assert len(words.sentence) > len("".join(re.findall(r"^[^{]*", parts[0])))
    assert "{" not in words.sentence


@pytest.mark.parametrize("event_type", WORDS)
def test_words_name_fields_that_the_type_has(event_type: str) -> None:
    """A part that asks for a field which no event of its type has would never be said."""
    assert event_type in EVENT_TYPES
    fields = EVENT_TYPES[event_type].data.model_fields
    beyond = {"code", "expected", "after_version"}

    asked = set(re.findall(r"\{([a-z_]+)\}", "".join(WORDS[event_type])))
    assert asked - beyond <= set(fields)


def test_what_stands_one_level_down_is_said() -> None:
    """The state's versions are one level down, and are facts as well."""
    words = said("state.changed", {"after": {"version": 4}, "before": {"version": 3}})

    assert words.sentence == "The state is now version 4."
    assert words.facts == {"before_version": "3"}


def test_an_unknown_type_is_said_by_its_name() -> None:
    """A type that was added without words is a message all the same, with what it says."""
    words = said("oven.door_opened", {"oven": "ovn_1", "deep": {"a": {"b": 1}}, "none": None})

    assert words.title == "Oven door opened"
    assert words.sentence == "Oven door opened."
    assert words.facts == {"oven": "ovn_1"}


def test_values_of_every_kind_become_one_line() -> None:
    """Numbers, truth, lists and lines are said in one line; what is nested is left out."""
    words = said(
        "x.y",
        {"n": 5, "t": True, "f": False, "l": ["a", 1, {}], "s": "a\n\tb\u202e", "e": ""},
    )

    assert words.facts == {"n": "5", "t": "yes", "f": "no", "l": "a, 1", "s": "a b"}


def test_a_value_is_not_read_as_a_field() -> None:
    """A name with braces in it brings nothing else into the sentence."""
    words = said("approval.denied", {"approval": "{reason}", "reason": "{approval}"})

    assert words.sentence == "Approval {reason} was refused: {approval}."


@pytest.mark.parametrize("field", ["reason", "approval"])
def test_long_values_are_cut(field: str) -> None:
    """A value has its bound, and so has the sentence."""
    words = said("approval.denied", {"approval": "apr_1", field: "x" * 10_000})

    assert "x" * (LONGEST_FIELD - 1) + "…" in words.sentence
    assert len(words.sentence) <= LONGEST_SENTENCE
