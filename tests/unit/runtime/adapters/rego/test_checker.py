"""Trials of modules in children of their own."""

from __future__ import annotations

import asyncio

import pytest

from runtime.adapters.rego.checker import RegoChecker
from runtime.adapters.rego.process import Caps
from runtime.ports.policy import PolicyFault, PolicyFaultError, PolicyTest
from tests.policy_units import EXPLODING, ORGANIZATION, a_module, a_unit

TESTS = "package tenant.organization_test\n"


async def test_a_trial_tells_problems_tests_and_coverage() -> None:
    """What the child reports is read into the port's own words."""
    check = await RegoChecker().check(
        [
            *a_unit(f"{ORGANIZATION}a := 1\nb := 2").modules,
            a_module(f"{TESTS}test_a if data.tenant.organization.a == 1", "a_test.rego"),
        ]
    )

    assert check.problems == ()
    assert check.tests == (PolicyTest(name="tenant.organization_test.test_a", passed=True),)
    assert check.uncovered == (("tenant/0.rego", (3,)),)
    assert check.covered_share == 0.5


async def test_modules_that_are_not_unicode_are_a_problem() -> None:
    """They are not even sent."""
    check = await RegoChecker().check([a_module(f"{ORGANIZATION}# \udcff")])

    assert check.problems == ("a module is not UTF-8",)


async def test_a_trial_that_takes_too_long_is_slow() -> None:
    """A test that does not end does not hold the next trial up for ever."""
    checker = RegoChecker(Caps(time_s=0.5))
    with pytest.raises(PolicyFaultError) as refusal:
        await checker.check(a_unit(ORGANIZATION + EXPLODING).modules)

    assert refusal.value.fault is PolicyFault.SLOW
    assert (await RegoChecker().check(a_unit().modules)).problems == ()


async def test_trials_take_turns_and_do_not_wait_for_ever() -> None:
    """While one runs, another that has no patience is refused, and the next is served."""
    checker = RegoChecker(Caps(time_s=1.0), wait_s=0.01)

    async with asyncio.TaskGroup() as group:
        slow = group.create_task(_fault(checker))
        await asyncio.sleep(0)
        assert await _fault(checker) == "other trials took longer than 0.01 s"

    assert slow.result() == "no answer within 1 s"
    assert (await checker.check(a_unit().modules)).problems == ()


async def _fault(checker: RegoChecker) -> str:
    with pytest.raises(PolicyFaultError) as refusal:
        await checker.check(a_unit(ORGANIZATION + EXPLODING).modules)
    return refusal.value.detail
