"""What asks for room at the same time is asked together, and each is answered with its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from runtime.domain.errors import RatesUnavailableError
from runtime.domain.shared_rates import RateClaim, RateGrant
from runtime.ports.shared_rates import Forgotten
from runtime.services.execution.together import MOST_TOGETHER, Together

ACME, OTHER = "org_a", "org_b"


def claims(*names: int) -> list[RateClaim]:
    """Build claims that are granted as many steps as their names say."""
    return [RateClaim(outcome_id=str(name), windows=(), stretches=()) for name in names]


def grants(*names: int) -> list[RateGrant]:
    """Return what such claims are granted."""
    return [RateGrant(steps=name) for name in names]


@dataclass(slots=True)
class Counting:
    """Answer once it is let, and note what was asked."""

    asked: list[tuple[str, list[str]]] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    let: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | Forgotten | None = None

    async def ask(
        self, organization_id: str, found: Sequence[RateClaim]
    ) -> Sequence[RateGrant] | Forgotten:
        """Grant each claim what it is named."""
        self.asked.append((organization_id, [claim.outcome_id for claim in found]))
        self.begun.set()
        await self.let.wait()
        if isinstance(self.fault, Exception):
            raise self.fault
        return self.fault or [RateGrant(steps=int(claim.outcome_id)) for claim in found]


async def _asked(counting: Counting, *groups: tuple[str, list[RateClaim]]) -> list[object]:
    """Ask for one group, for the others while that is under way, and let the answers come."""
    together = Together(counting.ask)
    first, *later = groups
    tasks = [asyncio.create_task(together.ask(*first))]
    await counting.begun.wait()
    tasks += [asyncio.create_task(together.ask(*group)) for group in later]
    await asyncio.sleep(0)
    counting.let.set()
    await asyncio.wait(tasks)
    return [task.exception() or task.result() for task in tasks]


async def test_what_waits_is_asked_together() -> None:
    """The first leaves at once, the rest in one question, and each gets its own grants."""
    counting = Counting()

    found = await _asked(counting, (ACME, claims(1)), (ACME, claims(2, 3)), (ACME, claims(4)))

    assert counting.asked == [(ACME, ["1"]), (ACME, ["2", "3", "4"])]
    assert found == [grants(1), grants(2, 3), grants(4)]


async def test_organizations_are_asked_apart() -> None:
    """Neither waits for the other."""
    counting = Counting()

    found = await _asked(counting, (ACME, claims(1)), (OTHER, claims(2)))

    assert sorted(counting.asked) == [(ACME, ["1"]), (OTHER, ["2"])]
    assert found == [grants(1), grants(2)]


async def test_a_question_has_an_end() -> None:
    """What does not fit is asked next; a group that is too large goes alone."""
    counting, large = Counting(), list(range(MOST_TOGETHER + 1))

    found = await _asked(
        counting, (ACME, claims(1)), (ACME, claims(*large)), (ACME, claims(2)), (ACME, claims(3))
    )

    assert [len(names) for _, names in counting.asked] == [1, MOST_TOGETHER + 1, 2]
    assert found == [grants(1), grants(*large), grants(2), grants(3)]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(RatesUnavailableError(reason="down"), id="no answer"),
        pytest.param(Forgotten(windows=(), since="s"), id="forgotten"),
    ],
)
async def test_all_are_told_what_went_wrong(fault: Exception | Forgotten) -> None:
    """And the next question is asked all the same."""
    counting = Counting(fault=fault)

    found = await _asked(counting, (ACME, claims(1)), (ACME, claims(2)), (ACME, claims(3)))

    assert found == [fault, fault, fault]
    assert len(counting.asked) == 2


async def test_who_left_is_not_waited_for() -> None:
    """The others are answered."""
    counting = Counting()
    together = Together(counting.ask)
    leaving, staying = (asyncio.create_task(together.ask(ACME, claims(name))) for name in (1, 2))
    await counting.begun.wait()

    leaving.cancel()
    counting.let.set()

    assert await staying == grants(2)
    assert leaving.cancelled()
