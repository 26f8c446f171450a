"""Prove that the noisy oracle spoils what it should, and the same on every run."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.models.answer_key import CallAnswer, GoldenAnswer, ask_call, decline_call
from harness.models.noisy_oracle import MUTATIONS, Mutation, NoisyOracle, noise_rate, spoiled
from harness.models.oracle import Oracle
from runtime.public import ChatRequest, Completion, JsonObject

SCHEMA: JsonObject = {
    "type": "object",
    "required": ["n", "e", "t", "b", "l", "o"],
    "properties": {
        "n": {"type": "integer", "minimum": 3},
        "e": {"enum": ["red", "blue"]},
        "t": {"type": "string"},
        "b": {"type": "boolean"},
        "l": {"type": "array"},
        "o": {"type": "object"},
    },
}
NUMBERS = st.integers(-9, 9)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    st.sampled_from(["", "a"]),
    st.lists(NUMBERS, max_size=2),
    st.dictionaries(st.just("k"), NUMBERS),
)
CALLS = st.builds(
    CallAnswer,
    tool=st.sampled_from(["counter_set", "ticket_close"]),
    arguments=st.dictionaries(st.sampled_from("abc"), VALUES),
)
PLANS = st.builds(
    GoldenAnswer,
    calls=st.lists(CALLS, min_size=1, max_size=4).map(tuple),
    tools=st.just({"counter_set": SCHEMA}),
)
SPOKEN = st.sampled_from(
    [
        GoldenAnswer(calls=(ask_call("Which?", ("a",)),), tools={"counter_set": SCHEMA}),
        GoldenAnswer(calls=(decline_call("No."),), tools={"counter_set": SCHEMA}),
        GoldenAnswer(calls=(decline_call("No."),)),
    ]
)
GOLDEN = GoldenAnswer(calls=(CallAnswer(tool="counter_set", arguments={"value": 3}),))


def request(seed: int = 0, scenario: str = "known") -> ChatRequest:
    """Ask about a scenario."""
    return ChatRequest(messages=(), labels={"scenario": scenario, "seed": str(seed)})


async def answer(trial: int = 0, scenario: str = "known", **options: str) -> Completion:
    """Ask the noisy oracle."""
    oracle = NoisyOracle(key={"known": GOLDEN})
    return await oracle.answer("plangate/noisy-oracle", request(trial, scenario), options)


@given(PLANS | SPOKEN, st.randoms(use_true_random=False))
def test_a_spoiled_answer_is_never_the_golden_one(golden: GoldenAnswer, random: Random) -> None:
    """Some fault fits every answer."""
    assert spoiled(golden, random) != golden.calls


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: str(mutation.__name__))
@given(golden=PLANS | SPOKEN, seed=st.integers(0, 99))
def test_each_kind_of_fault_changes_the_calls(
    mutation: Mutation, golden: GoldenAnswer, seed: int
) -> None:
    """A fault that fits shows; only neighbours that are alike can be exchanged unseen."""
    calls = mutation(golden, Random(seed))
    assume(calls is not None)
    alike = any(one == two for one, two in zip(golden.calls, golden.calls[1:], strict=False))

    assert calls != golden.calls or (mutation.__name__ == "swap_steps" and alike)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: str(mutation.__name__))
def test_each_kind_of_fault_fits_some_answer(mutation: Mutation) -> None:
    """None of them is dead."""
    plan = GoldenAnswer(
        calls=(*GOLDEN.calls, CallAnswer(tool="b", arguments={})), tools={"counter_set": SCHEMA}
    )
    asking = GoldenAnswer(calls=(ask_call("Which?", ()),), tools={"counter_set": SCHEMA})

    assert mutation(plan, Random(1)) or mutation(asking, Random(1))


def test_an_added_call_has_inputs_of_the_declared_types() -> None:
    """The fault is a call too many, not a malformed one."""
    golden = GoldenAnswer(calls=(decline_call("No."),), tools={"counter_set": SCHEMA})

    (call,) = spoiled(golden, Random(0))

    assert call.arguments == {"n": 3, "e": "red", "t": "something", "b": True, "l": [], "o": {}}


async def test_a_rate_of_zero_is_the_oracle() -> None:
    """No fault at all."""
    oracle = await Oracle(key={"known": GOLDEN}).answer("m", request(), {})

    for seed in range(50):
        found = await answer(seed, rate="0")
        assert found.tool_calls == oracle.tool_calls


async def test_a_rate_of_one_spoils_every_answer() -> None:
    """A fault in each."""
    oracle = await Oracle(key={"known": GOLDEN}).answer("m", request(), {})

    for seed in range(50):
        assert (await answer(seed, rate="1")).tool_calls != oracle.tool_calls


async def test_faults_follow_from_the_seed() -> None:
    """The same seed gives the same answers; another seed gives others."""
    first = [await answer(seed) for seed in range(60)]

    assert [await answer(seed) for seed in range(60)] == first
    assert [await answer(seed, seed="7") for seed in range(60)] != first


async def test_about_one_in_five_is_spoiled_by_default() -> None:
    """The default rate is 0.2."""
    golden = (await answer(rate="0")).tool_calls
    bad = sum([(await answer(seed)).tool_calls != golden for seed in range(400)])

    assert 50 <= bad <= 110


async def test_an_unknown_scenario_is_declined() -> None:
    """It has no answer to spoil."""
    found = await answer(scenario="other")

    assert [call.name for call in found.tool_calls] == ["decline"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"rate": "1.5"}, "rate is '1.5'", id="above one"),
        pytest.param({"rate": "-0.1"}, "rate is '-0.1'", id="below zero"),
        pytest.param({"rate": "much"}, "rate is 'much'", id="no number"),
        pytest.param({"rate": "nan"}, "rate is 'nan'", id="not a number"),
        pytest.param({"noise": "1"}, "takes rate and seed, got noise", id="unknown"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options: dict[str, str], message: str) -> None:
    """Before the run, not in each trial."""
    with pytest.raises(ValueError, match=message):
        noise_rate(options)
