"""Prove that each mutation makes the wrong plans that it names, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.strength.material import Material, plausible_calls
from harness.strength.mutants import PLAN_MUTATIONS
from runtime.public import JsonObject, PlanProposal, Sandbox, Step
from tests.worlds import Call, prepared

SET: Call = ("counter.set", {"value": 5})
MOVE: Call = ("counter.increment", {"by": 2})
NO_PLAN: JsonObject = {"decline": True}


def material(*calls: Call, **changes: object) -> Material:
    """Gather the material of a counter scenario, or of another environment's."""
    scenario = prepared(*calls, **changes)
    return Material.of(scenario, plausible_calls(scenario.sandbox))


def mutated(name: str, source: Material) -> list[list[Call]]:
    """Return the plans of one mutation as calls."""
    plans = []
    for mutant in PLAN_MUTATIONS[name](source):
        assert isinstance(mutant.proposal, PlanProposal)
        plans.append([(step.action, step.inputs) for step in mutant.proposal.plan.steps])
    return plans


@pytest.mark.parametrize(
    ("name", "plans"),
    [
        pytest.param("drop_step", [[MOVE], [SET]], id="drop"),
        pytest.param("duplicate_step", [[SET, SET, MOVE], [SET, MOVE, MOVE]], id="duplicate"),
        pytest.param("swap_steps", [[MOVE, SET]], id="swap"),
    ],
)
def test_steps_are_dropped_repeated_and_swapped(name: str, plans: list[list[Call]]) -> None:
    """Each step has its turn."""
    assert mutated(name, material(SET, MOVE)) == plans


def test_one_step_is_not_dropped() -> None:
    """A plan without steps is no plan, and no model can propose one."""
    assert mutated("drop_step", material(SET)) == []


def test_arguments_change_one_at_a_time() -> None:
    """The other steps stay as they are."""
    found = mutated("alter_argument", material(SET, MOVE))

    assert [("counter.set", {"value": 6}), MOVE] in found
    assert [SET, ("counter.increment", {"by": 1})] in found
    assert mutated("remove_argument", material(SET)) == [[("counter.set", {})]]


def test_another_target_is_one_of_the_same_collection() -> None:
    """A ticket becomes another ticket, never an agent."""
    close: Call = ("ticket.close", {"ticket": "t_106"})

    found = mutated("change_target", material(close, environment="helpdesk"))

    assert found == [[("ticket.close", {"ticket": name})] for name in ("t_100", "t_101")]


def test_calls_are_added_behind_and_before() -> None:
    """The added call is never one that the golden plan makes already."""
    found = mutated("add_call", material(SET))

    added = [plan for plan in found if plan[0] == SET]
    assert len(added) == len(found) - 1
    assert found[-1][1] == SET
    assert all(len(plan) == 2 for plan in found)
    assert "counter.set" not in {plan[-1][0] for plan in added}


def test_calls_that_only_read_are_added_as_well() -> None:
    """A look that nobody asked for is a step too many."""
    source = material(SET)
    plugin = source.prepared.sandbox.plugin
    reading = replace(plugin.actions[0], id="counter.show@1", may_change=(), preconditions=())
    sandbox = Sandbox.of(
        replace(plugin, actions=(*plugin.actions, reading)), source.prepared.sandbox.environment
    )
    looking = replace(
        source,
        prepared=replace(source.prepared, sandbox=sandbox),
        calls=(*source.calls, Step(action="counter.show")),
    )

    assert [SET, ("counter.show", {})] in mutated("add_call", looking)
    assert [SET, ("counter.show", {})] not in mutated("add_call", source)


def test_an_action_is_replaced_by_ones_that_take_its_inputs() -> None:
    """What takes other inputs would be refused before it is scored."""
    found = mutated(
        "replace_action", material(("ticket.close", {"ticket": "t_106"}), environment="helpdesk")
    )

    assert len(found) == 2
    assert all(plan[0][1] == {"ticket": "t_106"} for plan in found)
    assert "ticket.close" not in {plan[0][0] for plan in found}


@pytest.mark.parametrize("name", PLAN_MUTATIONS)
def test_nothing_is_made_where_no_plan_is_expected(name: str) -> None:
    """Questions and declines have mutations of their own."""
    assert mutated(name, material(expect=NO_PLAN)) == []
