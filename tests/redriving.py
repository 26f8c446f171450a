"""Give tests dead letters, what people say of them, and what was recorded of that."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from sqlalchemy import text

from runtime.domain.job import JobStatus
from runtime.kit.json_value import JsonObject
from runtime.ports.effect import EffectCall, EffectResult
from runtime.ports.effect_failure import PermanentError
from runtime.services.jobs.redriving import Redriving
from tests.jobs import Shop


@dataclass(slots=True)
class Wakes:
    """Count how often relays are woken."""

    times: int = 0

    def wake(self) -> None:
        """Count."""
        self.times += 1


def redriving(shop: Shop, woken: Wakes | None = None) -> Redriving:
    """Wire the use cases in a shop."""
    world = shop.world
    return Redriving(database=world.database, ids=world.ids, wake=(woken or Wakes()).wake)


async def refuse(_: EffectCall) -> EffectResult:
    """Be a handler that never will."""
    raise PermanentError("no such printer")


async def dead(shop: Shop, times: int = 1) -> list[str]:
    """Make dead letters, and return their ids, the oldest first."""
    shop.does = refuse
    await shop.put(times=times, value=1)
    await shop.deliver(shop.worker())
    shop.does = shop.receiver.label
    assert await shop.statuses() == {JobStatus.DEAD: times}
    return [job.id for job in await shop.jobs()]


async def records(shop: Shop) -> list[tuple[str, JsonObject]]:
    """Return what people did to jobs, as it was recorded, the oldest first."""
    async with shop.world.database.transaction(shop.organization) as connection:
        asked = text(
            "select kind, document from audit_records where kind like 'job%' "
            "and kind not in ('job.dead_lettered', 'job.quarantined') order by turn"
        )
        return [(row.kind, orjson.loads(row.document)) for row in await connection.execute(asked)]
