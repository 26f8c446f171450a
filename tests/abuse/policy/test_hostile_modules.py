"""Modules that are meant to harm: each ends in a denial with a code, and nobody else notices.

What is refused by its text is shown to be refused, and what gets further is shown to be stopped by
the evaluator, as if nothing had looked at it. After each, honest questions are answered.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest

from runtime.adapters.rego.checker import RegoChecker
from runtime.adapters.rego.evaluator import RegoEvaluator
from runtime.adapters.rego.process import Caps
from runtime.domain.policy_modules import PolicyLevel, module_problems
from runtime.domain.policy_unit import PolicyUnit, unit_of
from runtime.kit.json_value import JsonValue
from runtime.ports.policy import PolicyFault, PolicyFaultError
from tests.policy_units import (
    EXPLODING,
    ORGANIZATION,
    a_module,
    a_question,
    a_unit,
    answer_of,
)

NUMBERS = "numbers.range(1, 10000000)"


def _deny(body: str) -> str:
    return f"deny contains x if {{\n\t{body}\n}}"


TEN = '"0123456789"'
HOSTILE = {
    "a loop in a loop": EXPLODING,
    "a comprehension that grows": _deny(
        f"x := [[i, j] | some i in {NUMBERS}; some j in {NUMBERS}]"
    ),
    "memory": _deny(f"x := [[i, i, i] | some i in {NUMBERS}]"),
    "a text that grows by itself": _deny(
        f'a := concat("", [{TEN} | some i in numbers.range(1, 100000)])\n'
        '\tx := [replace(a, y, a) | some y in split(a, "")]'
    ),
    "an answer of megabytes": (
        'roles contains concat("", a) if {\n'
        f"\ta := [{TEN} | some i in numbers.range(1, 200000)]\n}}"
    ),
    "a function that calls itself": _deny("x := f(1)") + "\nf(x) := f(x + 1)",
    "rules that need each other": "deny := roles\nroles := deny",
    "rules that contradict": "deny := set()\ndeny := {1}",
    "our decision in its own": "import data.plangate\n" + _deny("x := plangate.decision"),
    "an answer that allows": 'deny := {"allow": true}',
    "a thousand levels": _deny("x := " + "[" * 1000 + "]" * 1000),
    "a call of the network": _deny('not http.send({"method": "get", "url": "u"})\n\tx := 1'),
    "a pattern that backtracks": (
        _deny(f'x := regex.match(`^(a+)+$`, concat("", ["a" | some i in {NUMBERS}]))')
    ),
    "a sum of everything": _deny(f"x := sum({NUMBERS})"),
    "a failure": _deny("x := 1 / 0"),
    "no Rego at all": "<html>",
}


@pytest.fixture
async def evaluator() -> AsyncIterator[RegoEvaluator]:
    """Open an evaluator as it is served, with less time for a question."""
    opened = RegoEvaluator(time_s=0.7, memory_bytes=128 * 2**20, wait_s=20)
    yield opened
    await opened.close()


async def _said(evaluator: RegoEvaluator, unit: PolicyUnit) -> JsonValue | PolicyFaultError:
    try:
        (answer,) = await evaluator.decide(unit, [a_question()])
    except PolicyFaultError as error:
        return error
    return answer


async def _allowed(evaluator: RegoEvaluator, organization_id: str = "honest") -> bool:
    said = await _said(evaluator, a_unit(organization_id=organization_id))
    return bool(answer_of(said)["allow"])


def _evil(text: str, organization_id: str = "evil") -> PolicyUnit:
    return a_unit(ORGANIZATION + text, organization_id=organization_id)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_module_allows_nothing_and_harms_nobody(
    evaluator: RegoEvaluator, text: str
) -> None:
    """Each ends in a fault or in a denial; the next honest question is answered."""
    said = await _said(evaluator, _evil(text))

    assert isinstance(said, PolicyFaultError) or said["allow"] is False
    assert await _allowed(evaluator)


async def test_a_flood_of_exploding_questions_leaves_others_their_turn(
    evaluator: RegoEvaluator,
) -> None:
    """30 questions on 30 different exploding revisions at once, and each honest one is served."""
    floods = [_evil(f"{EXPLODING}x := {number}") for number in range(30)]

    async with asyncio.TaskGroup() as group:
        flood = [group.create_task(_said(evaluator, unit)) for unit in floods]
        honest = [await _allowed(evaluator, f"honest{number}") for number in range(20)]

    assert honest == [True] * 20
    faults = [task.result() for task in flood]
    assert all(isinstance(said, PolicyFaultError) for said in faults)
    assert {said.fault for said in faults} == {PolicyFault.SLOW}


async def test_several_organizations_explode_at_once_and_are_refused_soon(
    evaluator: RegoEvaluator,
) -> None:
    """Both children are taken for a moment; then the rules that took them are known."""
    evil = [_evil(EXPLODING, f"evil{number}") for number in range(2)]
    async with asyncio.TaskGroup() as group:
        for unit in evil:
            group.create_task(_said(evaluator, unit))
        assert await _allowed(evaluator)

    loop = asyncio.get_running_loop()
    began = loop.time()
    again = [await _said(evaluator, unit) for unit in evil]

    assert all(isinstance(said, PolicyFaultError) for said in again)
    assert loop.time() - began < 0.5
    assert await _allowed(evaluator)


async def test_the_event_loop_goes_on_while_rules_explode(evaluator: RegoEvaluator) -> None:
    """Others on the same loop are not held up for the time that a question may take."""
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(_said(evaluator, _evil(EXPLODING)))
    longest, last = 0.0, loop.time()
    while not task.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, loop.time() - last), loop.time()

    assert isinstance(task.result(), PolicyFaultError)
    assert longest < 0.35, longest


def test_another_tenants_data_cannot_be_named() -> None:
    """Each spelling of it is refused before anything is stored."""
    for text in (
        "import data.tenant.project\nx := project.secret",
        "import data.other_tenant as mine",
        'x := data["other"].organization.roles',
        "x := data[input.inputs.tenant]",
        "x := {y | walk(data, [_, y])}",
        "x := data.tenant[name]",
    ):
        assert module_problems([a_module(ORGANIZATION + text)], level=PolicyLevel.ORGANIZATION)


def test_ours_cannot_be_shadowed() -> None:
    """A module of our package, a copy of ours, and one that hides the question are refused."""
    shadowing: Sequence[str] = (
        "package plangate\ndenials := []",
        "package plangate\ndecision := {}",
        "package data.plangate\ndecision := {}",
        f"{ORGANIZATION}import data.tenant.organization as data",
        f"{ORGANIZATION}input := {{}}",
        f"{ORGANIZATION}x if data.plangate.denials with data.plangate.denials as []",
    )
    for text in shadowing:
        assert module_problems([a_module(text)], level=PolicyLevel.ORGANIZATION), text


async def test_ours_that_is_shadowed_nevertheless_does_not_allow(evaluator: RegoEvaluator) -> None:
    """Were such a module asked, its answer would contradict ours, and that is a failure."""
    said = await _said(evaluator, a_unit('package plangate\ndecision := {"allow": true}'))

    assert isinstance(said, PolicyFaultError)
    assert said.fault is PolicyFault.FAILED


async def test_bytes_that_are_no_utf8_are_a_problem(evaluator: RegoEvaluator) -> None:
    """A text with half a character is refused by each who could see it."""
    text = f"{ORGANIZATION}# " + b"\xff".decode(errors="surrogateescape")

    assert module_problems([a_module(text)], level=PolicyLevel.ORGANIZATION)
    assert (await RegoChecker().check([a_module(text)])).problems
    unit = PolicyUnit(
        organization_id="evil", key="base", number=1, revision="r", modules=(a_module(text),)
    )
    said = await _said(evaluator, unit)
    assert isinstance(said, PolicyFaultError)
    assert await _allowed(evaluator)


def test_a_thousand_levels_are_refused_by_their_text() -> None:
    """The engine would read them for years."""
    for brackets in ("[]", "{}", "()"):
        text = f"{ORGANIZATION}x := {brackets[0] * 1000}{brackets[1] * 1000}"
        assert module_problems([a_module(text)], level=PolicyLevel.ORGANIZATION)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_trial_of_a_hostile_module_ends(text: str) -> None:
    """It is told what is wrong, or that it took too much, or that nothing is; soon."""
    checker = RegoChecker(Caps(time_s=0.7, memory_bytes=128 * 2**20))
    with suppress(PolicyFaultError):
        await checker.check(_evil(text).modules)

    assert (await checker.check(a_unit().modules)).problems == ()


async def test_a_test_that_explodes_or_crashes_ends_its_trial_alone() -> None:
    """A `test_` rule is a tenant's text like any other."""
    tests = "package tenant.organization_test\n"
    checker = RegoChecker(Caps(time_s=0.7))
    for text in (
        f"{tests}test_a if {{\n\tsome x in {NUMBERS}\n\tsome y in {NUMBERS}\n\tx * y == -1\n}}",
        f"{tests}test_a if f(1)\nf(x) := f(x + 1)",
    ):
        unit = unit_of((*a_unit().modules, a_module(text)), organization_id="evil")
        try:
            check = await checker.check(unit.modules)
        except PolicyFaultError:
            continue
        assert check.problems


async def test_a_child_killed_from_outside_is_replaced(evaluator: RegoEvaluator) -> None:
    """Whoever asks next is answered, by another child; nobody is punished for it."""
    assert await _allowed(evaluator)

    for pid in evaluator.pool.pids:
        os.kill(pid, signal.SIGKILL)

    unlucky = a_unit(organization_id="unlucky")
    for _ in range(2):
        assert answer_of(await _said(evaluator, unlucky))["allow"] is True
    assert await _allowed(evaluator)


@pytest.mark.parametrize("name", ["memory", "a text that grows by itself"])
async def test_a_module_that_ends_its_child_is_no_accident(name: str) -> None:
    """It is asked once, and refused from then on without a child of its own."""
    evaluator = RegoEvaluator(time_s=20, memory_bytes=64 * 2**20, wait_s=20)
    evil = _evil(HOSTILE[name])
    first = await _said(evaluator, evil)
    left = evaluator.pool.pids
    second = await _said(evaluator, evil)
    await evaluator.close()

    assert isinstance(first, PolicyFaultError)
    assert left == ()
    assert isinstance(second, PolicyFaultError)
    assert "took too much" in second.detail
