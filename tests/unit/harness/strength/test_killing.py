"""Prove that mutants are counted by what the real scorers make of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.matching.expectation import Mismatch
from harness.prepared import PreparedScenario
from harness.strength.killing import (
    GOLDEN,
    MUTATIONS,
    ScenarioStrength,
    SuiteStrength,
    scenario_strength,
    suite_strength,
)
from harness.strength.material import Larder
from harness.strength.mutant import Fate
from runtime.public import JsonObject, JsonValue
from tests.worlds import Call, prepared, steps_of

SET: Call = ("counter.set", {"value": 5})
MOVE: Call = ("counter.increment", {"by": 2})
FAR: Call = ("counter.increment", {"by": 7})

LOOSE: JsonObject = {
    "plan": {"mode": "reference", "steps": steps_of(SET, MOVE)},
    "state": {"/counter/value": {"$between": [0, 9], "$example": 7}},
}
ASKS: JsonObject = {"clarification": {"asks_for": [{"slot": "value", "words": ["you mean"]}]}}


def strength(scenario: PreparedScenario) -> ScenarioStrength:
    """Measure one scenario."""
    return scenario_strength(scenario, Larder())


def fates(found: ScenarioStrength, mutation: str) -> set[Fate]:
    """Return what became of the mutants of one kind."""
    return {item.fate for item in found.mutants if item.mutation == mutation}


def test_a_strict_scenario_kills_every_mutant() -> None:
    """Steps, order and values are all written down."""
    found = strength(prepared(SET, FAR))

    assert found.counted(Fate.KILLED) > 10
    assert found.survivors == ()
    removed = [item for item in found.mutants if item.mutation == "remove_argument"]
    assert {item.text: item.fate for item in removed} == {
        "step 1 counter.set()": Fate.STILLBORN,
        "step 2 counter.increment()": Fate.KILLED,
    }


def test_what_the_scenario_allows_is_declared() -> None:
    """Two moves that commute may come in any order."""
    found = strength(prepared(expect={"plan": {"mode": "unordered", "steps": steps_of(MOVE, FAR)}}))

    assert fates(found, "swap_steps") == {Fate.DECLARED}
    assert [item.why for item in found.mutants if item.fate is Fate.DECLARED] == ["order"]


def test_what_passes_without_being_allowed_survives() -> None:
    """Only one value of the state is expected, and that loosely."""
    survivors = {item.text for item in strength(prepared(expect=LOOSE)).survivors}

    assert "without step 2 counter.increment(by=2)" in survivors
    assert "step 1 counter.set(value=6)" in survivors


def test_a_question_that_meets_a_word_by_chance_survives() -> None:
    """The report names the word."""
    (survivor,) = strength(prepared(expect=ASKS)).survivors

    assert (survivor.mutation, survivor.text) == ("ask_vaguely", "asks: Which one do you mean?")
    assert survivor.why == "it has the slot's 'you mean'"


def test_what_must_never_happen_is_tried() -> None:
    """Where nothing else is expected, no answer in particular is right."""
    (found,) = strength(prepared(expect={"never": ["counter.reset"]})).mutants

    assert (found.mutation, found.fate) == ("act_instead", Fate.KILLED)


def test_no_mutant_is_counted_twice() -> None:
    """Equal answers are one mutant, whichever mutation makes them."""
    found = strength(prepared(SET, SET))

    texts = [item.text for item in found.mutants if item.mutation in {"drop_step", "swap_steps"}]
    assert texts == ["without step 1 counter.set(value=5)"]


def test_a_right_answer_that_fails_is_told() -> None:
    """A scenario that fails everything kills every mutant and proves nothing."""
    (found,) = strength(replace(prepared(SET), plans=prepared(MOVE).plans)).mutants

    assert (found.mutation, found.fate) == (GOLDEN, Fate.SURVIVED)
    assert "counter.increment is missing" in found.why


def test_a_suite_adds_up() -> None:
    """The share leaves out what is allowed and what could never be proposed."""
    suite = suite_strength([prepared(SET), prepared(expect=ASKS)])
    counts = suite.counts()

    assert suite.killed == sum(number for key, number in counts.items() if key[2] is Fate.KILLED)
    assert suite.survived == counts["counter", "ask_vaguely", Fate.SURVIVED] == 1
    assert suite.share == suite.killed / (suite.killed + 1)
    assert SuiteStrength(scenarios=()).share == 0.0


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutation_is_used(mutation: str) -> None:
    """Two scenarios are enough to see a mutant of each kind."""
    two_slots = {"clarification": {"asks_for": [{"slot": "value"}, {"slot": "by"}]}}
    close: Call = ("ticket.close", {"ticket": "t_106"})
    suite = [
        prepared(SET, MOVE),
        prepared(expect=two_slots),
        prepared(expect={"clarification": {"asks_for": [{"slot": "value"}]}}),
        prepared(close, environment="helpdesk"),
    ]

    assert mutation in {key[1] for key in suite_strength(suite).counts()}


class Crashing:
    """Crash when anything is judged by it."""

    text = "nothing"
    admits_absence = False

    def unmet(self, actual: JsonValue, pointer: str) -> tuple[Mismatch, ...]:
        """Crash."""
        raise RuntimeError(f"{pointer}: {actual}")

    def example(self, pointer: str) -> JsonValue:
        """Make nothing up."""
        return pointer


def test_a_crashed_scorer_kills_nothing() -> None:
    """A scenario whose scorers crash would seem perfectly strict."""
    broken = replace(prepared(SET), state=(("/counter/value", Crashing()),))

    assert "a scorer crashed: outcome" in {item.why for item in strength(broken).survivors}
