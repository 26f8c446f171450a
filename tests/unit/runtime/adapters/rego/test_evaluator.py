"""What the embedded evaluator adds to the port's contract: caps, batches, faults."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from runtime.adapters.rego.evaluator import RegoEvaluator, spelled_modules
from runtime.adapters.rego.evaluator import answer_of as read_answer
from runtime.domain.policy_unit import PolicyModule
from runtime.ports.policy import PolicyFault, PolicyFaultError
from tests.policy_units import EXPLODING, ORGANIZATION, a_question, a_unit, answer_of


@pytest.fixture
async def evaluator() -> AsyncIterator[RegoEvaluator]:
    """Open an evaluator with little patience for rules and much for the machine."""
    opened = RegoEvaluator(time_s=1.0, wait_s=20)
    yield opened
    await opened.close()


def test_equal_inputs_get_equal_answers() -> None:
    """Answers may be kept."""
    assert RegoEvaluator.remembers


async def test_modules_are_sent_to_a_child_once(evaluator: RegoEvaluator) -> None:
    """The second question finds them there, in the same child."""
    await evaluator.decide(a_unit(), [a_question()])
    before = evaluator.pool.pids
    await evaluator.decide(a_unit(), [a_question()])

    assert evaluator.pool.pids == before


async def test_a_child_that_was_killed_while_idle_is_replaced(evaluator: RegoEvaluator) -> None:
    """Each question after a kill from outside is answered, by the next child."""
    await evaluator.decide(a_unit(), [a_question()])
    (killed,) = evaluator.pool.pids
    os.kill(killed, signal.SIGKILL)

    (answer,) = await evaluator.decide(a_unit(), [a_question()])

    assert answer_of(answer)["allow"] is True
    assert killed not in evaluator.pool.pids
    assert answer_of((await evaluator.decide(a_unit(), [a_question()]))[0])["allow"] is True


async def test_readiness_does_not_depend_on_a_child_that_was_killed(
    evaluator: RegoEvaluator,
) -> None:
    """Another is started."""
    await evaluator.ready()
    os.kill(evaluator.pool.pids[0], signal.SIGKILL)

    await evaluator.ready()


async def test_rules_that_end_their_child_are_asked_once(evaluator: RegoEvaluator) -> None:
    """They are refused from then on, without another child."""
    text = (
        "roles contains role if {\n"
        "\tpairs := [[x, x] | some x in numbers.range(1, 10000000)]\n"
        '\trole := concat("", ["a" | count(pairs) > 1])\n}\n'
    )
    capped = RegoEvaluator(time_s=30, memory_bytes=64 * 2**20, wait_s=20)
    unit = a_unit(ORGANIZATION + text)
    faults = []
    for _ in range(2):
        with pytest.raises(PolicyFaultError) as refusal:
            await capped.decide(unit, [a_question()])
        faults.append(refusal.value.detail)
    pids = capped.pool.pids
    await capped.close()

    assert faults[0].startswith("the process that evaluates ended (")
    assert faults[1].startswith("rules of this organization took too much")
    assert pids == ()


async def test_rules_that_explode_are_slow(evaluator: RegoEvaluator) -> None:
    """The call ends by its time, with a code."""
    with pytest.raises(PolicyFaultError) as refusal:
        await evaluator.decide(a_unit(ORGANIZATION + EXPLODING), [a_question()])

    assert refusal.value.fault is PolicyFault.SLOW


async def test_modules_that_are_no_rego_fail(evaluator: RegoEvaluator) -> None:
    """They break no child, so they are not held against anybody either."""
    for _ in range(5):
        with pytest.raises(PolicyFaultError) as refusal:
            await evaluator.decide(a_unit(ORGANIZATION + "a := :="), [a_question()])
        assert refusal.value.fault is PolicyFault.FAILED
        assert "tenant/0.rego:2" in refusal.value.detail


async def test_an_answer_that_is_too_long_is_malformed(evaluator: RegoEvaluator) -> None:
    """It stays in the child; the next question of the batch is answered."""
    unit = a_unit(
        ORGANIZATION
        + "roles contains role if {\n"
        + '\trole := concat("", [input.inputs.text | some _ in numbers.range(1, 200)])\n}'
    )
    long, short = ({"text": "a" * 10_000}, {"text": "a"})

    answers = await evaluator.decide(unit, [a_question(inputs=long), a_question(inputs=short)])

    assert isinstance(answers[0], PolicyFaultError)
    assert answers[0].fault is PolicyFault.MALFORMED
    assert answer_of(answers[1])["allow"] is True


@pytest.mark.parametrize("spelled", [b"", b"<html>", b"[1", b"[" * 2000 + b"]" * 2000])
def test_an_answer_that_nobody_can_read_is_malformed(spelled: bytes) -> None:
    """What is no JSON, or too deep to be read, is told as such."""
    fault = read_answer(b"value", spelled)

    assert isinstance(fault, PolicyFaultError)
    assert fault.fault is PolicyFault.MALFORMED


async def test_an_input_that_is_too_deep_fails(evaluator: RegoEvaluator) -> None:
    """The engine refuses what it would have to read with its stack; the child lives on."""
    deep: dict[str, object] = {}
    for _ in range(240):
        deep = {"deep": deep}

    (answer,) = await evaluator.decide(a_unit(), [a_question(inputs=deep)])
    (next_answer,) = await evaluator.decide(a_unit(), [a_question()])

    assert isinstance(answer, PolicyFaultError)
    assert answer.fault is PolicyFault.FAILED
    assert answer_of(next_answer)["allow"] is True


async def test_modules_of_another_revision_are_not_loaded(evaluator: RegoEvaluator) -> None:
    """Else a child would keep them for all who ask by that name; it is held against nobody."""
    honest = a_unit(organization_id="honest")
    forged = replace(a_unit(ORGANIZATION + "roles := 1"), revision=honest.revision)

    for _ in range(5):
        with pytest.raises(PolicyFaultError, match="another revision") as refusal:
            await evaluator.decide(forged, [a_question()])
        assert refusal.value.fault is PolicyFault.FAILED

    (answer,) = await evaluator.decide(honest, [a_question()])
    assert answer_of(answer)["allow"] is True


async def test_an_input_that_is_no_json_has_its_own_fault(evaluator: RegoEvaluator) -> None:
    """It is not sent, and the others keep their places."""
    odd = a_question(inputs={"value": {1, 2}})

    answers = await evaluator.decide(a_unit(), [a_question(), odd, a_question()])

    assert answer_of(answers[0])["allow"] is True
    assert isinstance(answers[1], PolicyFaultError)
    assert answers[1].fault is PolicyFault.MALFORMED
    assert answer_of(answers[2])["allow"] is True


async def test_inputs_too_long_for_one_call_are_refused(evaluator: RegoEvaluator) -> None:
    """More than a child reads is not sent."""
    huge = a_question(inputs={"text": "a" * (33 * 2**20)})

    with pytest.raises(PolicyFaultError) as refusal:
        await evaluator.decide(a_unit(), [huge])

    assert refusal.value.fault is PolicyFault.MALFORMED


def test_a_module_that_is_not_unicode_fails() -> None:
    """A lone surrogate can't be sent."""
    with pytest.raises(PolicyFaultError) as refusal:
        spelled_modules([PolicyModule(path="a.rego", text="# \udcff")])

    assert refusal.value.fault is PolicyFault.FAILED
