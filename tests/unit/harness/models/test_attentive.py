"""Prove that the attentive model is right where the prompt tells what it takes, and only there."""

from __future__ import annotations

import pytest

from harness.models.answer_key import CallAnswer, GoldenAnswer, ask_call, decline_call
from harness.models.attentive import Attentive
from runtime.public import ASK, DECLINE, ChatRequest

SET = CallAnswer(tool="counter_set", arguments={"counter": "c_7", "note": "so far", "value": 3})
SCHEMA = {"type": "object", "properties": {"value": {"type": "integer"}}, "required": ["value"]}
RULES = f"Call {ASK} or {DECLINE}. Don't ask for what you know. State: c_7"


async def answered(
    *calls: CallAnswer, rules: str = RULES, scenario: str = "s", seed: str = "1", **options: str
) -> list[str]:
    """Ask once and return the tools that were called with their arguments."""
    golden = GoldenAnswer(calls=calls, tools={"counter_set": SCHEMA})
    request = ChatRequest(
        messages=({"role": "system", "content": rules}, {"role": "user", "content": "go"}),
        labels={"scenario": scenario, "seed": seed},
    )
    completion = await Attentive(key={"s": golden}).answer("attentive", request, options)
    return [f"{call.name}{call.arguments}" for call in completion.tool_calls]


GOLDEN = ['counter_set{"counter":"c_7","note":"so far","value":3}']


async def test_what_the_prompt_tells_is_answered_right() -> None:
    """Texts in words and numbers are the model's own; only identifiers must be told."""
    assert await answered(SET) == GOLDEN


async def test_an_identifier_that_nobody_told_is_guessed() -> None:
    """A prompt that lost the state costs right answers."""
    assert await answered(SET, rules=RULES.replace("c_7", "none")) != GOLDEN


@pytest.mark.parametrize(
    ("call", "named"),
    [
        pytest.param(ask_call("Which?", ("value",)), ASK, id="question"),
        pytest.param(decline_call("No."), DECLINE, id="decline"),
    ],
)
async def test_a_way_out_is_taken_where_the_prompt_names_it(call: CallAnswer, named: str) -> None:
    """A prompt that lost the rule makes the model act instead."""
    (told,) = await answered(call)
    (untold,) = await answered(call, rules=RULES.replace(named, "nothing"))

    assert told.startswith(named)
    assert untold == 'counter_set{"value":1}'


async def test_what_nobody_discourages_happens_in_a_third_of_the_cases() -> None:
    """A prompt that lost the sentence makes it ask without need."""
    rules = RULES.replace("Don't ask for what you know. ", "")
    answers = [await answered(SET, rules=rules, seed=str(at)) for at in range(300)]

    asked = sum(answer[0].startswith(ASK) for answer in answers)
    assert 70 < asked < 130
    assert all(answer == GOLDEN for answer in answers if not answer[0].startswith(ASK))


async def test_slips_follow_the_rate() -> None:
    """At rate one every answer has a fault; without a rate none has."""
    assert await answered(SET, rate="1") != GOLDEN
    assert await answered(SET, rate="0") == GOLDEN


async def test_an_unknown_scenario_is_declined() -> None:
    """It answers from the key and from nothing else."""
    (said,) = await answered(SET, scenario="other")

    assert said.startswith(DECLINE)


async def test_other_options_are_refused() -> None:
    """A misspelt option would change nothing."""
    with pytest.raises(ValueError, match="takes rate and seed"):
        await answered(SET, noise="1")
