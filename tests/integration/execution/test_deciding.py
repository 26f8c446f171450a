"""Rules are asked before anything is judged; what they decided is stored with what came of it."""

from __future__ import annotations

import pytest

from runtime.domain.plan import Plan, Step
from runtime.kit.json_value import JsonValue
from runtime.ports.policy import PolicyFault, PolicyFaultError
from runtime.services.execution.plans import PlanRequest
from tests.execution import World, an_increment, document_of

TWICE = Plan(steps=(Step(action="counter.increment"), Step(action="counter.increment")))


async def test_a_decision_is_stored_once_and_named_by_each_step(world: World) -> None:
    """Equal questions to equal rules are one row, however often they are asked."""
    first = await world.execute(TWICE)
    second = await world.execute(an_increment())

    named = {step["decision_id"] for item in (first, second) for step in item["steps"]}
    assert len(named) == 1
    assert await world.count("policy_decisions") == 1
    assert await world.count("policy_units") == 1


async def test_an_engine_that_remembers_is_asked_once(world: World) -> None:
    """An equal question has an equal answer."""
    for _ in range(3):
        await world.execute(TWICE)

    assert len(world.rules.asked) == 1


async def test_an_engine_that_may_change_is_asked_each_time(world: World) -> None:
    """No answer of a server is kept: it may have other rules by now."""
    world.rules.remembers = False

    for _ in range(3):
        await world.execute(TWICE)

    assert len(world.rules.asked) == 3
    assert await world.count("policy_decisions") == 1


@pytest.mark.parametrize("fault", list(PolicyFault))
async def test_no_answer_is_a_denial_that_is_recorded(world: World, fault: PolicyFault) -> None:
    """The step does not run, the outcome says why, and no decision is pretended."""
    world.rules.faults.append(PolicyFaultError(fault, "as told"))

    refused = await world.execute(an_increment())
    again = await world.execute(an_increment())

    assert (refused["status"], refused["refusal"]["code"]) == ("refused", fault.value)
    assert refused["steps"][0]["decision_id"] == ""
    assert again["status"] == "done"
    assert await world.count("outcomes") == 2


@pytest.mark.parametrize(
    "answer", [None, True, "yes", {"allow": True}, []], ids=["null", "true", "text", "part", "list"]
)
async def test_an_answer_that_is_none_is_a_denial(world: World, answer: JsonValue) -> None:
    """Nothing is let through for want of a document."""
    world.rules.faults.append(answer)

    refused = await world.execute(an_increment())

    assert refused["refusal"]["code"] == "policy_malformed"


async def test_a_simulation_asks_the_same_and_stores_nothing(world: World) -> None:
    """It names the decision that an execution would have."""
    asked = PlanRequest(plan=an_increment())
    simulated = document_of(
        await world.plans.simulate(world.context, world.project_id, asked=asked)
    )
    assert await world.count("policy_decisions") == 0

    executed = await world.execute(an_increment())

    assert simulated["steps"][0]["decision_id"] == executed["steps"][0]["decision_id"]
    assert len(world.rules.asked) == 1


async def test_a_decision_outlives_a_process_that_had_it_stored(world: World) -> None:
    """Another process that asks anew finds it there."""
    await world.execute(an_increment())
    replica = await world.replica()

    await replica.execute(an_increment())

    assert await world.count("policy_decisions") == 1
