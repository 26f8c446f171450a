"""Give tests processes that borrow room in rates of one real server, and let one of them die."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final

import pytest
from typing_extensions import override

from runtime.adapters.redis_rates.opening import open_rates
from runtime.domain.errors import RatesUnavailableError
from runtime.domain.shared_rates import RateCharge, RateClaim, RateGrant, RateWindow
from runtime.domain.usage_book import UsageBook
from runtime.kit.clock import SystemClock
from runtime.ports.shared_rates import Forgotten, SharedRates
from runtime.services.execution.rate_asking import Asking
from runtime.services.execution.rate_books import Books
from runtime.services.execution.rate_slices import Handed
from tests.rates import Relaying, begun_long_ago
from tests.servers.stoppable_redis import StoppableRedis
from tests.unit.runtime.adapters.redis_rates.world import ORGANIZATION, a_claim

CLOCK: Final = SystemClock()


class NoBooks(Books):
    """Tell that nothing was done: servers of these tests remember everything."""

    def __init__(self) -> None:
        """Need no database."""

    @override
    async def lately(self, organization_id: str) -> list[tuple[str, UsageBook]]:
        return []


class Counted(Relaying):
    """Ask a real one, and count the questions; fail when told to.

    Attributes:
        questions: how often it was asked to reserve.
        claims: for how much in all.
        down: how many questions fail after they were answered.
    """

    def __init__(self, counting: SharedRates) -> None:
        """Take the real one."""
        super().__init__(counting)
        self.questions = 0
        self.claims: list[RateClaim] = []
        self.down = 0

    @override
    async def reserve(
        self,
        organization_id: str,
        claims: Sequence[RateClaim],
        *,
        charges: Sequence[RateCharge] = (),
    ) -> Sequence[RateGrant] | Forgotten:
        self.questions += 1
        self.claims += claims
        answer = await super().reserve(organization_id, claims, charges=charges)
        if self.down:
            self.down -= 1
            raise RatesUnavailableError(reason="the answer got lost")
        return answer


@dataclass
class Process:
    """Act as a process of the platform does, on rates alone."""

    counting: Counted
    asking: Asking
    claimed: dict[str, RateClaim] = field(default_factory=dict)

    async def take(self, claim: RateClaim) -> RateGrant:
        """Take room for a claim."""
        handed = None
        if claim.outcome_id not in self.claimed:
            handed = self.asking.handed(ORGANIZATION, claim)
        if handed is not None:
            return handed
        before = tuple(self.claimed)
        self.claimed[claim.outcome_id] = claim  # whatever is answered, room may be held for it
        (grant,) = await self.asking.reserved(ORGANIZATION, [claim], before=before)
        if isinstance(grant, Handed):
            del self.claimed[claim.outcome_id]
        return grant

    def settle(self, claim: RateClaim, grant: RateGrant, *, done: int) -> None:
        """Tell what was done."""
        if isinstance(grant, Handed):
            self.asking.settled(ORGANIZATION, grant, done=done)
            return
        del self.claimed[claim.outcome_id]
        charge = RateCharge(outcome_id=claim.outcome_id, windows=claim.windows, done=done)
        self.asking.tell(ORGANIZATION, [charge])

    async def act(self, *windows: RateWindow, steps: int = 1) -> RateGrant:
        """Take room, and do all that is granted."""
        claim = a_claim(steps, windows=windows)
        grant = await self.take(claim)
        self.settle(claim, grant, done=grant.steps)
        return grant

    def borrowed(self, *windows: RateWindow) -> int:
        """Return how much this process may hand out of windows, or has."""
        found = self.asking.handed(ORGANIZATION, a_claim(0, windows=windows))
        return 0 if found is None else sum(piece.units for piece in found.slices)

    async def busy(self, *windows: RateWindow) -> None:
        """Act until room is borrowed in each window."""
        for _ in range(3):
            await self.act(*windows)
        assert self.borrowed(*windows)

    async def used(self, window: RateWindow) -> int:
        """Return what counts once this process has told everything."""
        await self.asking.close()
        (use,) = await self.asking.uses(ORGANIZATION, [window])
        return use.used


@dataclass
class Rated:
    """Hold a server and the processes that use it."""

    server: StoppableRedis
    stack: AsyncExitStack

    def process(self, *, longest_run_s: float = 1.0) -> Process:
        """Start a process."""
        counting = Counted(open_rates([self.server.url], longest_run_s=longest_run_s))
        self.stack.push_async_callback(counting.close)
        asking = Asking(counting, books=NoBooks(), clock=CLOCK)
        self.stack.push_async_callback(asking.close)
        return Process(counting, asking)


@pytest.fixture
async def rated() -> AsyncIterator[Rated]:
    """Run a server that began long ago."""
    with StoppableRedis() as server:
        await begun_long_ago(server.url)
        async with AsyncExitStack() as stack:
            yield Rated(server, stack)
