"""Give tests who counts rates that projects share: a real one, or nobody."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Never

from redis.asyncio import Redis
from typing_extensions import override

from runtime.adapters.redis_rates.opening import open_rates
from runtime.adapters.redis_rates.scripts import BEGUN
from runtime.domain.errors import RatesUnavailableError
from runtime.domain.shared_rates import (
    RateCharge,
    RateClaim,
    RateGrant,
    RateHistory,
    RateUse,
    RateWindow,
)
from runtime.kit.clock import Clock, SystemClock
from runtime.ports.shared_rates import Forgotten, SharedRates
from runtime.services.execution.shared_rates import Rates
from runtime.store.session import Database


class NobodyCounts(SharedRates):
    """Answer nothing: whatever a rate could hold back is not done."""

    @override
    async def reserve(
        self,
        organization_id: str,
        claims: Sequence[RateClaim],
        *,
        charges: Sequence[RateCharge] = (),
    ) -> Sequence[RateGrant] | Forgotten:
        _refuse()

    @override
    async def foresee(
        self, organization_id: str, claims: Sequence[RateClaim]
    ) -> Sequence[RateGrant] | Forgotten:
        _refuse()

    @override
    async def settle(self, organization_id: str, charges: Sequence[RateCharge]) -> None:
        _refuse()

    @override
    async def uses(
        self, organization_id: str, windows: Sequence[RateWindow]
    ) -> Sequence[RateUse] | Forgotten:
        _refuse()

    @override
    async def recall(
        self, organization_id: str, histories: Sequence[RateHistory], *, since: str
    ) -> None:
        _refuse()

    @override
    async def ready(self) -> None:
        _refuse()

    @override
    async def close(self) -> None:
        """Do nothing."""


class Relaying(SharedRates):
    """Hand every call on, until the process it stands for is dead: then it says nothing more.

    Attributes:
        dead: nothing is handed on any more.
    """

    def __init__(self, counting: SharedRates) -> None:
        """Take who counts."""
        self._counting = counting
        self.dead = False

    def _alive(self) -> None:
        if self.dead:
            raise RatesUnavailableError(reason="the process is dead")

    @override
    async def reserve(
        self,
        organization_id: str,
        claims: Sequence[RateClaim],
        *,
        charges: Sequence[RateCharge] = (),
    ) -> Sequence[RateGrant] | Forgotten:
        self._alive()
        return await self._counting.reserve(organization_id, claims, charges=charges)

    @override
    async def foresee(
        self, organization_id: str, claims: Sequence[RateClaim]
    ) -> Sequence[RateGrant] | Forgotten:
        self._alive()
        return await self._counting.foresee(organization_id, claims)

    @override
    async def settle(self, organization_id: str, charges: Sequence[RateCharge]) -> None:
        self._alive()
        await self._counting.settle(organization_id, charges)

    @override
    async def uses(
        self, organization_id: str, windows: Sequence[RateWindow]
    ) -> Sequence[RateUse] | Forgotten:
        self._alive()
        return await self._counting.uses(organization_id, windows)

    @override
    async def recall(
        self, organization_id: str, histories: Sequence[RateHistory], *, since: str
    ) -> None:
        self._alive()
        await self._counting.recall(organization_id, histories, since=since)

    @override
    async def ready(self) -> None:
        self._alive()
        await self._counting.ready()

    @override
    async def close(self) -> None:
        await self._counting.close()


def _refuse() -> Never:
    raise RatesUnavailableError(reason="nobody counts")


def uncounted(database: Database) -> Rates:
    """Return rates for executions of organizations that have none."""
    return Rates(NobodyCounts(), database=database, clock=SystemClock())


def counted(stack: AsyncExitStack, database: Database, redis_url: str, *, clock: Clock) -> Rates:
    """Return rates that a real Redis counts, which grants at once after its start."""
    counting = open_rates([redis_url], longest_run_s=0)
    stack.push_async_callback(counting.close)
    rates = Rates(counting, database=database, clock=clock)
    stack.push_async_callback(rates.close)
    return rates


async def begun_long_ago(redis_url: str) -> None:
    """Let a Redis know everything that counts, as one that has run for long does."""
    counting = open_rates([redis_url])
    await counting.ready()
    await counting.close()
    async with Redis.from_url(redis_url) as client:
        said = await client.get(BEGUN)
        assert isinstance(said, bytes)
        run = said.decode().split(" ")[0]
        await client.set(BEGUN, f"{run} 1000")
