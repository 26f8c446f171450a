"""Prove which wrong answers are made where a question or a decline is right."""

from __future__ import annotations

import pytest

from harness.strength.answers import SPOKEN_MUTATIONS, VAGUE_QUESTIONS, right_answer
from harness.strength.material import Material, plausible_calls
from runtime.public import Clarification, JsonObject, PlanProposal
from tests.worlds import prepared

ASK: JsonObject = {
    "clarification": {
        "asks_for": [{"slot": "value", "words": ["number"]}, {"slot": "by", "words": ["step"]}]
    }
}
DECLINE: JsonObject = {"decline": True}
EITHER: JsonObject = {"either": ["decline", "clarification"]}
NEVER: JsonObject = {"never": ["counter.reset"]}


def material(expect: JsonObject) -> Material:
    """Gather the material of a counter scenario."""
    scenario = prepared(expect=expect)
    return Material.of(scenario, plausible_calls(scenario.sandbox))


def made(name: str, expect: JsonObject) -> list[str]:
    """Return what one mutation makes, in words."""
    return [mutant.text for mutant in SPOKEN_MUTATIONS[name](material(expect))]


def test_forbidden_acts_come_first() -> None:
    """What `never` names is proposed, and one other act where a kind of answer is expected."""
    assert made("act_instead", NEVER) == ["acts: counter.reset()"]
    acts = made("act_instead", {**DECLINE, **NEVER})
    assert acts[0] == "acts: counter.reset()"
    assert len(acts) == 2


@pytest.mark.parametrize(
    ("expect", "texts"),
    [
        pytest.param(ASK, ["declines"], id="a question is right"),
        pytest.param(DECLINE, ["asks: Which by?"], id="a decline is right"),
        pytest.param(EITHER, [], id="both are right"),
        pytest.param(NEVER, [], id="anything but one action is right"),
    ],
)
def test_the_other_kind_is_answered(expect: JsonObject, texts: list[str]) -> None:
    """Only kinds that the scenario does not expect are wrong."""
    assert made("answer_otherwise", expect) == texts


def test_questions_go_astray_only_where_one_is_expected() -> None:
    """A vague one names nothing, a half one leaves a slot out."""
    assert made("ask_vaguely", ASK) == [f"asks: {question}" for question in VAGUE_QUESTIONS]
    assert made("ask_for_less", ASK) == ["asks: Which by?", "asks: Which value?"]
    for name in ("ask_vaguely", "ask_for_less", "ask_for_another_slot"):
        assert made(name, DECLINE) == []


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        pytest.param([], 1, id="another slot"),
        pytest.param(["by"], 0, id="the slot's own word"),
        pytest.param(["b"], 1, id="part of a word"),
    ],
)
def test_another_slot_is_none_that_the_scenario_names(words: list[str], asked: int) -> None:
    """A question about a word of the slot is about the slot."""
    expect = {"clarification": {"asks_for": [{"slot": "value", "words": words}]}}

    found = made("ask_for_another_slot", expect)

    assert found.count("asks: Which by?") == asked
    assert "asks: Which value?" not in found


def test_the_right_answer_is_known_where_one_is_expected() -> None:
    """Where only `never` is expected nothing in particular is right."""
    asked = right_answer(material(ASK))

    assert isinstance(asked, Clarification)
    assert asked.asks_for == ("value", "by")
    kinds = [getattr(right_answer(material(item)), "kind", None) for item in (DECLINE, NEVER)]
    assert kinds == ["decline", None]
    assert isinstance(right_answer(Material.of(prepared(), ())), PlanProposal)


def test_no_act_is_made_up_where_a_plan_is_expected() -> None:
    """There the plan itself is mutated."""
    scenario = prepared()
    acts = SPOKEN_MUTATIONS["act_instead"]
    assert list(acts(Material.of(scenario, plausible_calls(scenario.sandbox)))) == []
