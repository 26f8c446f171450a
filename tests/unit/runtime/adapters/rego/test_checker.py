"""Trials of modules in a child that is there as long as somebody waits."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from runtime.adapters.rego.checker import RegoChecker
from runtime.adapters.rego.process import Caps, ChildProcess
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


async def test_those_who_wait_are_handed_the_child() -> None:
    """It is started once for all of them, and ended after the last."""
    checker, before = RegoChecker(Caps(time_s=20)), _children()
    async with asyncio.TaskGroup() as group:
        trials = [group.create_task(_checked(checker)) for _ in range(4)]

    pids = {pid for trial in trials for pid in trial.result()}
    assert len(pids - before) == 1
    assert _children() == before


async def _checked(checker: RegoChecker) -> set[int]:
    """Try modules, and return which children there are right after."""
    assert (await checker.check(a_unit().modules)).problems == ()
    return _children()


def _children() -> set[int]:
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    return {int(pid) for pid in text.split()}


async def test_who_waits_no_longer_leaves_no_child() -> None:
    """The child was kept for them, and there is nobody else."""
    before = _children()
    checker = RegoChecker(Caps(time_s=20))
    await checker._turn.acquire()  # noqa: SLF001  # another trial runs
    waiting = asyncio.create_task(checker.check(a_unit().modules))
    await asyncio.sleep(0)
    checker._handed = await ChildProcess.start(Caps(time_s=20))  # noqa: SLF001  # kept for it
    checker._turn.release()  # noqa: SLF001
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert _children() == before
    assert (await checker.check(a_unit().modules)).problems == ()


async def test_a_trial_that_fails_after_others_is_tried_in_a_fresh_child() -> None:
    """What they left behind in theirs is not held against it."""
    checker = RegoChecker(Caps(time_s=20))
    handed = await ChildProcess.start(Caps(time_s=20))
    checker._handed = handed  # noqa: SLF001  # as one that waited is handed it
    os.kill(handed.pid, signal.SIGSEGV)

    assert (await checker.check(a_unit().modules)).problems == ()
    assert handed.pid not in _children()


async def test_a_trial_that_is_slow_after_others_is_slow() -> None:
    """It has had its time, and others wait."""
    checker = RegoChecker(Caps(time_s=0.5))
    handed = await ChildProcess.start(Caps(time_s=0.5))
    checker._handed = handed  # noqa: SLF001  # as one that waited is handed it
    with pytest.raises(PolicyFaultError) as refusal:
        await checker.check(a_unit(ORGANIZATION + EXPLODING).modules)

    assert refusal.value.fault is PolicyFault.SLOW


async def _fault(checker: RegoChecker) -> str:
    with pytest.raises(PolicyFaultError) as refusal:
        await checker.check(a_unit(ORGANIZATION + EXPLODING).modules)
    return refusal.value.detail
