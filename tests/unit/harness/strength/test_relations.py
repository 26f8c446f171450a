"""Prove that twins differ in what the relation says, and have the same right answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from harness.prepared import PreparedScenario
from harness.strength.relations import DISTRACTORS, RELATIONS, Twins
from runtime.public import JsonValue, PolicyDecision, PolicyInput, Sandbox, StepStatus
from tests.worlds import Call, prepared, steps_of

CLOSE: Call = ("ticket.close", {"ticket": "t_106"})


def a_case(*calls: Call, **changes: JsonValue) -> PreparedScenario:
    """Prepare a scenario of the desk, by default one that closes a ticket."""
    when = {"message": "Close t_106, it is solved."}
    return prepared(*(calls or (CLOSE,)), **{"environment": "helpdesk", "when": when, **changes})


def twin_of(relation: str, case: PreparedScenario) -> PreparedScenario:
    """Build a twin that must exist."""
    twin = Twins().of(relation, case)
    assert isinstance(twin, PreparedScenario)
    return twin


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_twin_executes_its_golden_plan_under_an_id_of_its_own(relation: str) -> None:
    """An answer key by scenario id must not give the twin the other's answer."""
    twin = twin_of(relation, a_case())

    assert twin.scenario.id == f"helpdesk-case--{relation.replace('_', '-')}"
    assert twin.reference is not None
    assert twin.reference.outcome.status is StepStatus.DONE


def test_tools_come_in_another_order() -> None:
    """The same tools, the same state; only their order differs."""
    case = a_case()
    twin = twin_of("registry_order", case)

    orders = [
        [item["function"]["name"] for item in one.sandbox.book.tools.definitions]
        for one in (case, twin)
    ]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])
    assert twin.situation.state.digest == case.situation.state.digest


@pytest.mark.parametrize("number", [1, 2])
def test_few_tools_have_few_orders(number: int) -> None:
    """One tool has one order; two are turned round at least."""
    names = ("ticket.close", "ticket.resolve")[:number]
    case = a_case(given={"actions": list(names)})

    twin = Twins().of("registry_order", case)

    if number == 1:
        assert twin is None
        return
    assert isinstance(twin, PreparedScenario)
    assert twin.sandbox.book.tools != case.sandbox.book.tools


def test_distractors_are_added_to_what_is_offered() -> None:
    """They come from an environment that shares no name, and belong to none of the plan's parts."""
    case = a_case(given={"actions": ["ticket.close"]})
    twin = twin_of("distractors", case)

    added = set(twin.sandbox.book.names) - set(case.sandbox.book.names)
    assert 0 < len(added) <= DISTRACTORS
    assert set(case.sandbox.book.names) <= set(twin.sandbox.book.names)
    assert "ticket.reply@1" not in added
    assert set(case.situation.state.components) < set(twin.situation.state.components)


def test_no_distractor_where_no_plan_is_right() -> None:
    """A new action might be the one that was missing."""
    assert Twins().of("distractors", a_case(expect={"decline": True})) is None


def test_renamed_ids_reach_state_message_and_plan() -> None:
    """The old id is nowhere any more."""
    twin = twin_of("renamed_ids", a_case())

    assert "t_106" not in twin.situation.state.canonical.decode()
    assert "t_106" not in twin.conversation.message
    assert twin.golden is not None
    target = twin.golden.steps[0].inputs["ticket"]
    assert target in twin.situation.state.components["tickets"]
    assert target in twin.conversation.message


def test_nothing_is_renamed_where_there_are_no_ids() -> None:
    """A counter has no entities."""
    assert Twins().of("renamed_ids", prepared()) is None


def test_a_twin_that_can_not_be_built_is_told() -> None:
    """Here only the old id matches what is expected of the state."""
    odd = prepared(
        environment="facility",
        when={"message": "Acknowledge it."},
        expect={
            "plan": {"steps": steps_of(("alarm.acknowledge", {"alarm": "al_1"}))},
            "state": {"/furnace/zone": {"$pattern": "z_[1]"}},
        },
    )

    assert "/furnace/zone" in str(Twins().of("renamed_ids", odd))


def test_scenarios_of_one_registry_share_the_twins_sandbox() -> None:
    """Compiling one for each would take longer than replaying."""
    twins = Twins()

    one, other = (twins.of("registry_order", a_case(id=name)) for name in ("one", "other"))

    assert isinstance(one, PreparedScenario)
    assert isinstance(other, PreparedScenario)
    assert one.sandbox is other.sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowingRules:
    """Allow everything, under a name."""

    revision: str = "sha256:house"

    def decide(self, questions: Sequence[PolicyInput]) -> tuple[PolicyDecision, ...]:
        """Allow each step."""
        allowed = PolicyDecision(allow=True, revision=self.revision, decision_id="sha256:d")
        return (allowed,) * len(questions)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_twin_lives_by_the_same_rules(relation: str) -> None:
    """Else its right answer might be another."""
    case, rules = a_case(), AllowingRules()
    own = Sandbox.of(case.sandbox.plugin, case.sandbox.environment, rules=rules)

    assert twin_of(relation, replace(case, sandbox=own)).sandbox.rules is rules
