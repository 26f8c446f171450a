"""Most room is handed out without a call, and no rate is passed nor refused wrongly for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from typing_extensions import override

from runtime.domain.errors import RatesUnavailableError
from runtime.domain.limits import LimitMeasure
from runtime.domain.shared_rates import (
    RateCharge,
    RateClaim,
    RateGrant,
    RateRefusal,
    RateWindow,
)
from runtime.ports.shared_rates import LENT_S, Forgotten
from runtime.services.execution.rate_asking import PAUSE_S, Asking
from runtime.services.execution.rate_slices import SHARE, Handed
from tests.borrowing import CLOCK, Counted, NoBooks, Process, Rated
from tests.rates import NobodyCounts
from tests.unit.runtime.adapters.redis_rates.world import ORGANIZATION, a_claim, a_window


async def used(process: Process, window: RateWindow) -> int:
    """Return what a process is told that counts."""
    (use,) = await process.asking.uses(ORGANIZATION, [window])
    return use.used


async def test_most_executions_need_no_call(rated: Rated) -> None:
    """A thousand, one after the other, ask a few times; all of them count."""
    window, hour = a_window(10**6), a_window(10**6, measure=LimitMeasure.PER_HOUR)
    process = rated.process()

    for _ in range(1000):
        await process.act(window, hour)

    assert process.counting.questions < 40
    assert await process.used(window) == 1000
    assert await process.used(hour) == 1000


async def test_those_who_wait_for_an_answer_get_of_what_it_brings(rated: Rated) -> None:
    """A crowd that comes at once asks for some of it, and is handed the rest."""
    window = a_window(10**6)
    process = rated.process()
    await process.busy(window)
    for _ in range(200):
        await process.act(window)
    before = len(process.counting.claims)

    async with asyncio.TaskGroup() as group:
        for _ in range(200):
            group.create_task(process.act(window))

    assert len(process.counting.claims) - before < 100
    assert await process.used(window) == 403


async def test_near_its_limit_nothing_is_borrowed(rated: Rated) -> None:
    """Where a part of what is left is not a whole action, each is asked for."""
    window = a_window(SHARE)
    process = rated.process()

    grants = [await process.act(window) for _ in range(SHARE + 1)]

    assert [grant.steps for grant in grants] == [1] * SHARE + [0]
    assert not any(isinstance(grant, Handed) for grant in grants)


async def test_the_last_unit_can_be_used_by_one_process(rated: Rated) -> None:
    """What it has borrowed itself keeps nothing from it, and the figures are exact."""
    window = a_window(900)
    process = rated.process()

    done = [grant.steps for grant in [await process.act(window) for _ in range(905)]]
    refused = await process.take(a_claim(1, windows=[window]))

    assert sum(done) == 900
    assert refused.refusal is not None
    assert (refused.refusal.used, refused.refusal.returns_in_s) == (900, None)


async def test_what_a_process_has_borrowed_comes_back_before_it_is_refused(rated: Rated) -> None:
    """A plan that needs all that is left is granted it."""
    window = a_window(1000)
    process = rated.process()
    await process.busy(window)

    grant = await process.act(window, steps=997)

    assert grant.refusal is None
    assert await process.used(window) == 1000


async def test_what_others_have_borrowed_comes_back_before_anybody_is_refused(
    rated: Rated,
) -> None:
    """Who is refused is told what is really used."""
    window = a_window(1000)
    one, other = rated.process(), rated.process()
    await one.busy(window)
    fits, wide = a_claim(997, windows=[window]), a_claim(998, windows=[window])

    refused = await other.take(wide)
    granted = await other.take(fits)

    assert refused.refusal is not None
    assert refused.refusal.used == 3
    assert granted.refusal is None


async def test_who_only_looks_is_told_what_is_used_as_well(rated: Rated) -> None:
    """A simulation is refused as an execution would be."""
    window = a_window(1000)
    one, other = rated.process(), rated.process()
    await one.busy(window)

    for process in (one, other):
        wide = a_claim(998, windows=[window])
        (foreseen,) = await process.asking.foreseen(ORGANIZATION, [wide])

        assert foreseen.refusal is not None
        assert foreseen.refusal.used == 3


async def test_use_is_told_without_what_is_only_borrowed(rated: Rated) -> None:
    """By the process that has borrowed it."""
    window = a_window(1000)
    process = rated.process()
    await process.busy(window)

    assert await used(process, window) == 3


async def test_an_idle_process_gives_back_what_it_has_borrowed(rated: Rated) -> None:
    """By itself, once its moment is over."""
    window = a_window(1000)
    one, other = rated.process(), rated.process()
    await one.busy(window)

    async with asyncio.timeout(5):
        while await used(other, window) != 3:  # noqa: ASYNC110  # a server's clock sets no event
            await asyncio.sleep(0.01)

    assert one.borrowed(window) == 0


async def test_what_a_dead_process_has_borrowed_counts(rated: Rated) -> None:
    """It may have been used: it keeps room from others, and lets nothing pass."""
    window = a_window(1000)
    dead, other = rated.process(longest_run_s=30), rated.process(longest_run_s=30)
    await dead.busy(window)
    lent = dead.borrowed(window)
    dead.counting.dead = True

    refused = await other.take(a_claim(1000, windows=[window]))

    assert lent > 1
    assert refused.refusal is not None
    assert refused.refusal.used >= lent


async def test_an_answer_that_gets_lost_keeps_nothing(rated: Rated) -> None:
    """What it would have lent is given back."""
    window = a_window(1000)
    process = rated.process()
    await process.act(window)
    process.counting.down = 1
    claim = a_claim(1, windows=[window])

    with pytest.raises(RatesUnavailableError):
        await process.take(claim)
    process.settle(claim, RateGrant(steps=0), done=0)

    assert await process.used(window) == 1


async def test_what_who_counts_holds_room_for_is_not_handed_out(rated: Rated) -> None:
    """A claim that is asked for again counts once, though room was borrowed meanwhile."""
    window = a_window(1000)
    process = rated.process()
    claim = a_claim(1, windows=[window])
    first = await process.take(claim)
    await process.busy(window)

    again = await process.take(claim)
    process.settle(claim, again, done=1)

    assert not isinstance(first, Handed)
    assert not isinstance(again, Handed)
    assert await process.used(window) == 4


async def test_a_process_that_ends_gives_back_what_it_has_borrowed(rated: Rated) -> None:
    """At once, so that the others have it."""
    window = a_window(1000)
    one, other = rated.process(), rated.process()
    await one.busy(window)

    await one.asking.close()

    assert await used(other, window) == 3


async def test_nothing_is_remembered_of_who_was_refused(rated: Rated) -> None:
    """Nor of who was judged anew: their names would pile up."""
    window = a_window(3)
    process = rated.process()
    claim = a_claim(1, windows=[window])
    await process.take(claim)

    await process.take(claim)
    refused = await process.take(a_claim(3, windows=[window]))
    await process.asking.foreseen(ORGANIZATION, [a_claim(3, windows=[window])])

    assert refused.refusal is not None
    assert process.asking._exactly == set()  # noqa: SLF001  # nothing else tells


class Hesitating(NobodyCounts):
    """Refuse one claim half way at first, and lend whatever is asked for.

    Attributes:
        hesitates: who is refused.
        asked: how often they asked.
        refused: set once they were.
    """

    def __init__(self, hesitates: RateClaim) -> None:
        """Take whom to refuse."""
        self.hesitates = hesitates
        self.asked = 0
        self.refused = asyncio.Event()

    @override
    async def reserve(
        self,
        organization_id: str,
        claims: Sequence[RateClaim],
        *,
        charges: Sequence[RateCharge] = (),
    ) -> Sequence[RateGrant] | Forgotten:
        return [self._granted(claim) for claim in claims]

    @override
    async def settle(self, organization_id: str, charges: Sequence[RateCharge]) -> None:
        """Learn nothing."""

    def _granted(self, claim: RateClaim) -> RateGrant:
        if claim.outcome_id != self.hesitates.outcome_id:
            return RateGrant(steps=claim.steps)
        self.asked += 1
        if self.asked > 1:
            return RateGrant(steps=claim.steps)
        self.refused.set()
        refusal = RateRefusal(
            window=claim.windows[0],
            used=9,
            wanted=1,
            free_at=None,
            returns_in_s=PAUSE_S + 2 * LENT_S,
        )
        return RateGrant(steps=1, refusal=refusal)


async def test_who_was_granted_a_part_is_handed_nothing_more() -> None:
    """The rest comes from who holds the part, though room was borrowed meanwhile."""
    window = a_window(1000)
    claim = a_claim("u1", 1, windows=[window])
    counting = Hesitating(claim)
    asking = Asking(counting, books=NoBooks(), clock=CLOCK)
    process = Process(Counted(counting), asking)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        waiting = group.create_task(process.take(claim))
        await counting.refused.wait()
        while not waiting.done():
            await process.act(window)
            await asyncio.sleep(0.005)
    await asking.close()

    assert counting.asked == 2
    assert not isinstance(waiting.result(), Handed)
