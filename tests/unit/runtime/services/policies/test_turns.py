"""Trials of one organization wait for each other, and for nobody else's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from runtime.domain.errors import PolicyUncheckableError
from runtime.services.policies.turns import Turns


@dataclass(slots=True)
class Trial:
    """Stand in a turn until it is let go."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, turns: Turns, organization: str) -> None:
        """Take a turn."""
        async with turns.taken(organization, scope="organization"):
            self.begun.set()
            await self.go.wait()


async def test_one_organization_has_one_trial_at_a_time() -> None:
    """The next begins when the one before ended; another organization's begins at once."""
    turns, first, second, other = Turns(), Trial(), Trial(), Trial()

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(first.run(turns, "org_1"))
        await first.begun.wait()
        group.create_task(second.run(turns, "org_1"))
        group.create_task(other.run(turns, "org_2"))
        await other.begun.wait()
        assert not second.begun.is_set()
        first.go.set()
        await second.begun.wait()
        second.go.set()
        other.go.set()


async def test_few_wait_and_not_for_long() -> None:
    """Both are told apart from rules that are wrong; whoever comes later finds the line free."""
    turns, first = Turns(most_waiting=1, wait_s=0.05), Trial()

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(first.run(turns, "org_1"))
        await first.begun.wait()
        waiting = group.create_task(_refused(turns))
        await asyncio.sleep(0)
        assert "1 trials of the organization wait already" in await _refused(turns)
        assert "took longer than 0.05 s" in await waiting
        first.go.set()
    first.begun.clear()
    await first.run(turns, "org_1")

    assert first.begun.is_set()


async def test_a_trial_that_fails_gives_its_turn_back() -> None:
    """As does one that is cancelled."""
    turns, stuck = Turns(wait_s=5), Trial()
    with pytest.raises(ZeroDivisionError):
        async with turns.taken("org_1", scope="organization"):
            raise ZeroDivisionError
    task = asyncio.create_task(stuck.run(turns, "org_1"))
    await stuck.begun.wait()
    task.cancel()
    await asyncio.wait([task])

    async with asyncio.timeout(1), turns.taken("org_1", scope="organization"):
        pass


async def _refused(turns: Turns) -> str:
    with pytest.raises(PolicyUncheckableError, match="policy_busy") as refused:
        async with turns.taken("org_1", scope="organization"):
            pass
    return str(refused.value)
