"""Hold every evaluator of policy to the port's contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import TypeAdapter

from runtime.adapters.rego.evaluator import RegoEvaluator
from runtime.domain.policy_input import PolicyVerdict
from runtime.domain.policy_unit import PolicyUnit
from runtime.kit.json_value import JsonValue
from runtime.ports.policy import PolicyEvaluator, PolicyFault, PolicyFaultError
from tests.builders import a_principal
from tests.policy_units import ORGANIZATION, a_question, a_unit, answer_of
from tests.servers.opa_of_units import OpaOfUnits

DENYING = f"""{ORGANIZATION}
deny contains {{"message": "at most 10", "remedy": "take less"}} if input.inputs.value > 10
"""
UNDEFINED_IF_NEGATIVE = (
    f"{ORGANIZATION}\nroles contains role if {{ role := 1 / input.inputs.value }}"
)

EVALUATORS: dict[str, Callable[[], PolicyEvaluator]] = {
    "embedded": RegoEvaluator,
    "opa": OpaOfUnits,
}


@pytest.fixture(params=list(EVALUATORS))
async def evaluator(request: pytest.FixtureRequest) -> AsyncIterator[PolicyEvaluator]:
    """Open one evaluator of each kind."""
    opened = EVALUATORS[request.param]()
    yield opened
    await opened.close()


def _faults(answers: object) -> list[PolicyFault | None]:
    assert isinstance(answers, list)
    return [one.fault if isinstance(one, PolicyFaultError) else None for one in answers]


async def _allowed(evaluator: PolicyEvaluator, unit: PolicyUnit, value: int) -> JsonValue:
    (answer,) = await evaluator.decide(unit, [a_question(inputs={"value": value})])
    return answer_of(answer)["allow"]


async def test_the_shipped_rules_answer_with_a_verdict(evaluator: PolicyEvaluator) -> None:
    """What comes back is the document that the platform reads."""
    (answer,) = await evaluator.decide(a_unit(), [a_question()])

    verdict = TypeAdapter(PolicyVerdict).validate_python(answer)
    assert verdict.allow
    assert verdict.roles == ("admin",)


async def test_answers_come_in_the_order_of_the_inputs(evaluator: PolicyEvaluator) -> None:
    """A batch is answered one by one, each by its own input."""
    inputs = [a_question(inputs={"value": value}) for value in (1, 11, 2, 12, 3)]

    answers = await evaluator.decide(a_unit(DENYING), inputs)

    assert [answer_of(answer)["allow"] for answer in answers] == [True, False, True, False, True]


async def test_no_input_is_no_answer(evaluator: PolicyEvaluator) -> None:
    """Nothing is asked where there is nothing to ask."""
    assert list(await evaluator.decide(a_unit(), [])) == []


async def test_an_input_on_which_rules_say_nothing_has_its_own_fault(
    evaluator: PolicyEvaluator,
) -> None:
    """The others of the batch are answered."""
    answers = await evaluator.decide(a_unit(), [a_question(), {}, a_question()])

    assert _faults(answers) == [None, PolicyFault.UNDEFINED, None]


async def test_an_input_on_which_rules_fail_has_its_own_fault(evaluator: PolicyEvaluator) -> None:
    """A function that fails is not silence: dividing by zero is told."""
    unit = a_unit(UNDEFINED_IF_NEGATIVE)

    answers = await evaluator.decide(unit, [a_question(inputs={"value": 0})])

    assert _faults(answers) == [PolicyFault.FAILED]


async def test_rules_that_contradict_each_other_fail(evaluator: PolicyEvaluator) -> None:
    """Two values for one rule are no answer."""
    unit = a_unit(f"{ORGANIZATION}\ndeny := set() if input.inputs.value > 0\ndeny := {{1}}")

    answers = await evaluator.decide(unit, [a_question(inputs={"value": 1})])

    assert _faults(answers) == [PolicyFault.FAILED]


async def test_a_fault_says_nothing_of_the_input(evaluator: PolicyEvaluator) -> None:
    """Details end up in logs: no value of the input is in them."""
    unit = a_unit(f"{ORGANIZATION}\ndeny contains x if {{ x := input.inputs.value + 1 }}")

    (answer,) = await evaluator.decide(unit, [a_question(inputs={"value": "s3cret"})])

    assert isinstance(answer, PolicyFaultError)
    assert "s3cret" not in str(answer)


async def test_units_do_not_see_each_other(evaluator: PolicyEvaluator) -> None:
    """Two organizations are asked in turn, and each has its own rules."""
    strict, lax = a_unit(DENYING, organization_id="strict"), a_unit(organization_id="lax")

    answers = [await _allowed(evaluator, unit, 11) for unit in (strict, lax, strict, lax, strict)]

    assert answers == [False, True, False, True, False]


async def test_many_questions_at_once_get_their_own_answers(evaluator: PolicyEvaluator) -> None:
    """200 tasks share an evaluator; nobody gets the answer of another."""
    unit = a_unit(DENYING)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_allowed(evaluator, unit, value % 20)) for value in range(200)]

    assert [task.result() for task in tasks] == [value % 20 <= 10 for value in range(200)]


async def test_a_denial_says_what_the_rules_say(evaluator: PolicyEvaluator) -> None:
    """Reasons of the shipped rules come before those of a tenant."""
    question = a_question(a_principal(roles=()), inputs={"value": 11})

    (answer,) = await evaluator.decide(a_unit(DENYING), [question])

    denials = answer_of(answer)["denials"]
    assert [denial["code"] for denial in denials] == ["risk_too_high", "policy_denied"]
    assert denials[1]["remedy"] == "take less"


async def test_it_is_ready_before_anything_is_asked(evaluator: PolicyEvaluator) -> None:
    """Readiness does not need a question."""
    await evaluator.ready()
    assert await _allowed(evaluator, a_unit(), 1)


async def test_nothing_is_answered_after_the_end(evaluator: PolicyEvaluator) -> None:
    """What is closed says so, and closing again is no harm."""
    await evaluator.decide(a_unit(), [a_question()])
    await evaluator.close()

    with pytest.raises(PolicyFaultError) as refusal:
        await evaluator.decide(a_unit(), [a_question()])

    assert refusal.value.fault is PolicyFault.DOWN
    with pytest.raises(PolicyFaultError):
        await evaluator.ready()
    await evaluator.close()
