"""Hold handlers of jobs until a test lets them go, and cancel jobs as people do."""

from __future__ import annotations

import asyncio

from runtime.domain.job import JobStatus
from runtime.ports.effect import EffectCall, EffectResult
from runtime.store.jobs import cancel_jobs
from tests.jobs import Shop


class Gate:
    """Let handlers begin, and end when the test says so."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.open = asyncio.Event()
        self.stopped = 0

    async def pass_through(self, _: EffectCall) -> EffectResult:
        """Wait until the gate opens."""
        self.begun.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return EffectResult()


async def cancelled(shop: Shop, *ids: str) -> list[JobStatus]:
    """Cancel jobs, all for none, and return how each stands."""
    named = list(ids) or [job.id for job in await shop.jobs()]
    async with shop.world.database.transaction(shop.organization) as connection:
        found = await cancel_jobs(
            connection, named, organization_id=shop.organization, reason="unwanted"
        )
    return list(found.values())
