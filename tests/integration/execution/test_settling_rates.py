"""What was done is told to who counts: with the next reservation, soon, and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from typing_extensions import override

from runtime.domain.errors import RatesUnavailableError, StorageUnavailableError
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_rates import (
    RateCharge,
    RateClaim,
    RateGrant,
    RateHistory,
    RateStretch,
    RateUse,
    RateWindow,
)
from runtime.domain.shared_use import Counter
from runtime.kit.clock import SystemClock
from runtime.ports.shared_rates import Forgotten
from runtime.services.execution.commits import Commits
from runtime.services.execution.judges import Judges
from runtime.services.execution.lines import Lines
from runtime.services.execution.needs import Needs
from runtime.services.execution.past import Past
from runtime.services.execution.rate_asking import RECALLS
from runtime.services.execution.rate_telling import SETTLED_AGAIN
from runtime.services.execution.shared_rates import Rates
from runtime.services.expired_keys import ExpiredKeys
from runtime.store.executions import Commit
from tests.execution import ENVIRONMENTS, World, an_increment, document_of, opened
from tests.integration.execution.test_shared_rates import a_rate, used
from tests.rates import NobodyCounts
from tests.rules import decisions_by_table
from tests.shared_limits import set_limits

WINDOW = RateWindow(
    scope=BudgetScope.ORGANIZATION, subject="org_1", measure=LimitMeasure.PER_MINUTE, most=5
)


@dataclass
class Heard(NobodyCounts):
    """Grant everything, lend nothing, and remember what is told.

    Attributes:
        down: how many calls are refused from now on.
        forgets: what was counted is forgotten, whatever is recalled.
        hangs: settling takes for ever.
        alone: charges that were told alone.
        carried: charges that a reservation carried.
        told: set whenever something was settled alone.
        asked: how often settling was tried.
        recalled: how often something was recalled.
        granted_at: when something was granted last.
    """

    down: int = 0
    forgets: bool = False
    hangs: bool = False
    alone: list[RateCharge] = field(default_factory=list)
    carried: list[RateCharge] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0
    recalled: int = 0
    granted_at: datetime | None = None

    def _answer(self) -> None:
        if self.down:
            self.down -= 1
            raise RatesUnavailableError(reason="as the test says")

    @override
    async def reserve(
        self,
        organization_id: str,
        claims: Sequence[RateClaim],
        *,
        charges: Sequence[RateCharge] = (),
    ) -> Sequence[RateGrant] | Forgotten:
        self._answer()
        self.carried += charges
        self.granted_at = SystemClock().now()
        return [RateGrant(steps=0 if claim.share else claim.steps) for claim in claims]

    @override
    async def settle(self, organization_id: str, charges: Sequence[RateCharge]) -> None:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        self._answer()
        self.alone += charges
        self.told.set()

    @override
    async def uses(
        self, organization_id: str, windows: Sequence[RateWindow]
    ) -> Sequence[RateUse] | Forgotten:
        if self.forgets:
            return Forgotten(windows=tuple(windows), since="1")
        return [RateUse(window=window, used=0, free_at=None) for window in windows]

    @override
    async def recall(
        self, organization_id: str, histories: Sequence[RateHistory], *, since: str
    ) -> None:
        self.recalled += 1


def a_claim(outcome_id: str) -> RateClaim:
    """Build the claim of one step."""
    return RateClaim(
        outcome_id=outcome_id,
        windows=(WINDOW,),
        stretches=(RateStretch(steps=1, urgent=False),),
    )


def heard_by(world: World, heard: Heard) -> Rates:
    """Return rates that are told to a double."""
    rates = Rates(heard, database=world.database, clock=SystemClock())
    world.stack.push_async_callback(rates.close)
    return rates


async def ready(world: World, rates: Rates) -> World:
    """Return a process that asks a double, in an organization that has a rate."""
    await set_limits(world, rates=(a_rate(99),))
    return await opened(
        world.stack,
        world.database,
        world.redis_url,
        caller=world.caller,
        project_id=world.project_id,
        leases=world.leases,
        rates=rates,
    )


def ids(charges: Sequence[RateCharge]) -> list[tuple[str, int]]:
    """Return what was told."""
    return [(charge.outcome_id, charge.done) for charge in charges]


async def waited(event: asyncio.Event) -> None:
    """Wait for an event, and not for ever."""
    async with asyncio.timeout(10):
        await event.wait()


async def test_what_was_done_is_told_soon(world: World) -> None:
    """All of an organization's together; what did nothing too."""
    heard = Heard()
    rates = heard_by(world, heard)

    rates.settle("org_1", [a_claim("a"), a_claim("b")], done={"a": 1})
    rates.settle("org_1", [a_claim("c")], done={"c": 1})
    await waited(heard.told)

    assert ids(heard.alone) == [("a", 1), ("b", 0), ("c", 1)]
    assert heard.asked == 1


async def test_a_reservation_carries_what_was_done_before(world: World) -> None:
    """So that it costs no call of its own, and comes first."""
    heard = Heard()
    rates = heard_by(world, heard)
    place = await ready(world, rates)

    await place.execute(an_increment())
    await place.execute(an_increment())
    await rates.close()

    assert [charge.done for charge in heard.carried + heard.alone] == [1, 1]
    assert len(heard.carried) == 1


async def test_nothing_is_done_before_there_was_room_for_it(world: World) -> None:
    """So that outcomes, as they are dated, pass no rate either."""
    heard = Heard()
    place = await ready(world, heard_by(world, heard))

    outcome = await place.execute(an_increment())

    assert heard.granted_at is not None
    assert datetime.fromisoformat(outcome["created_at"]) >= heard.granted_at


async def test_what_could_not_be_told_is_told_again(world: World) -> None:
    """Until it can be; what has no reservation would not be counted at all."""
    heard = Heard(down=SETTLED_AGAIN - 1)
    rates = heard_by(world, heard)

    rates.settle("org_1", [a_claim("a")], done={"a": 1})
    await waited(heard.told)

    assert ids(heard.alone) == [("a", 1)]
    assert heard.asked == SETTLED_AGAIN


async def test_what_can_not_be_told_is_given_up(world: World) -> None:
    """What was reserved counts until its time is over; later charges are told."""
    heard = Heard(down=SETTLED_AGAIN)
    rates = heard_by(world, heard)
    rates.settle("org_1", [a_claim("a")], done={"a": 1})
    async with asyncio.timeout(10):
        while heard.down:  # noqa: ASYNC110  # the double's count sets no event
            await asyncio.sleep(0.01)
    await rates.close()

    rates.settle("org_1", [a_claim("b")], done={"b": 1})
    await waited(heard.told)

    assert ids(heard.alone) == [("b", 1)]


async def test_a_reservation_that_fails_gives_back_what_it_carried(world: World) -> None:
    """It is told by the next one, or alone; so is that the refused execution did nothing."""
    heard = Heard()
    rates = heard_by(world, heard)
    place = await ready(world, rates)
    await place.execute(an_increment())
    heard.down = 2  # on the head that is remembered, and on the one that is read

    with pytest.raises(RatesUnavailableError):
        await place.execute(an_increment())
    await rates.close()

    told = heard.carried + heard.alone
    executions = [charge.done for charge in told if charge.outcome_id.startswith("out_")]
    loans = [charge.done for charge in told if not charge.outcome_id.startswith("out_")]
    assert executions == [1, 0]
    assert loans == [0, 0]  # whatever was lent, of which the answer got lost


async def test_who_does_not_listen_delays_no_end(world: World) -> None:
    """A process that ends waits for a moment only."""
    heard = Heard(hangs=True)
    rates = heard_by(world, heard)
    rates.settle("org_1", [a_claim("a")], done={"a": 1})

    async with asyncio.timeout(5):
        await rates.close()

    assert heard.alone == []


async def test_what_is_forgotten_again_and_again_can_not_be_told(world: World) -> None:
    """Somebody who counts and remembers nothing is no answer."""
    heard = Heard(forgets=True)
    rates = heard_by(world, heard)

    told = await rates.uses(world.caller.organization_id, [WINDOW])

    assert told is None
    assert heard.recalled == RECALLS


class SilentCommits(Commits):
    """Write, or don't, and say of the next commit that its answer got lost."""

    writes: bool = True
    lost: int = 0

    @override
    async def write(self, group: Commit) -> Mapping[Counter, int]:
        if not self.lost:
            return await super().write(group)
        self.lost -= 1
        if self.writes:
            await super().write(group)
        raise StorageUnavailableError(reason="the answer got lost")


@asynccontextmanager
async def losing(world: World, *, writes: bool) -> AsyncIterator[Lines]:
    """Open lines whose first commit is not answered, whether it was written or not."""
    clock, commits = SystemClock(), SilentCommits(world.database)
    commits.writes, commits.lost = writes, 1
    needs = Needs(
        database=world.database,
        commits=commits,
        leases=world.leases,
        judge=Judges(ENVIRONMENTS).of,
        decisions=decisions_by_table(world.database, clock),
        past=Past(world.database),
        clock=clock,
        rates=world.rates,
        measures=world.measures,
    )
    lines = Lines(needs, expired_keys=ExpiredKeys(world.database, clock))
    try:
        yield lines
    finally:
        await lines.close()


@pytest.mark.parametrize("writes", [True, False], ids=["it was written", "it was not"])
async def test_a_commit_that_says_nothing_counts_once(world: World, *, writes: bool) -> None:
    """Found done, or done anew: as many actions count as the counter moved."""
    rate = a_rate(5)
    await set_limits(world, rates=(rate,))

    async with losing(world, writes=writes) as lines:
        executed = await lines.join(
            world.execution(),
            project_id=world.project_id,
            standing=world.standing,
            patience_s=5,
        )

    assert document_of(executed)["status"] == "done"
    assert await world.counter() == 1
    assert await used(world, rate) == [1]
