"""Let a process deliver webhooks: match events with endpoints, send, and delete what is old."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from runtime.adapters.egress.client import EgressBounds, EgressClient
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.resolving import SystemResolver
from runtime.bootstrap.egress import egress_rules
from runtime.bootstrap.sealing import server_seal
from runtime.domain.errors import DomainError
from runtime.domain.webhook import MOST_AT_ONCE
from runtime.kit.clock import Clock
from runtime.ports.egress import Egress
from runtime.ports.seal import Seal
from runtime.services.context import Ids
from runtime.services.webhooks.fan_out import FanOut
from runtime.services.webhooks.forgetting import Forgetting
from runtime.services.webhooks.lane_run import LaneParts
from runtime.services.webhooks.lanes import LanePace, Lanes
from runtime.services.webhooks.ledger import Ledger
from runtime.services.webhooks.measures import WebhookMeasures
from runtime.services.webhooks.sending import Sending
from runtime.settings import ServiceSettings
from runtime.store.session import Database
from runtime.store.webhook_lanes import backlog

BOUNDS: Final = EgressBounds(per_host=16 * MOST_AT_ONCE, total=16 * MOST_AT_ONCE)
"""Lanes bound what is under way of each endpoint, and several may share a host."""
COUNT_S: Final = 10.0


class Webhooks:
    """Hold what delivers in one process, until it is closed."""

    def __init__(
        self,
        database: Database,
        lanes: Lanes,
        *,
        clock: Clock,
        measures: WebhookMeasures,
    ) -> None:
        """Begin to deliver."""
        self.lanes = lanes
        self._database = database
        self._clock = clock
        self._measures = measures
        self._fan_out = FanOut(database, clock, woke=lanes.look_soon, measures=measures)
        self._forgetting = Forgetting(database, clock, measures=measures)
        self._counting = asyncio.create_task(self._count_on(), name="webhook backlog")
        self._tasks = {
            asyncio.create_task(self._fan_out.run(), name="webhook fan-out"),
            asyncio.create_task(lanes.run(), name="webhook lanes"),
            asyncio.create_task(self._forgetting.run(), name="webhook forgetting"),
        }

    async def close(self, *, grace_s: float) -> None:
        """Take nothing more, let end what is under way, and let others have the rest."""
        self._fan_out.end()
        self._forgetting.end()
        self._counting.cancel()
        await self.lanes.close(grace_s=grace_s)
        await asyncio.wait({*self._tasks, self._counting})

    async def _count_on(self) -> None:
        """Count what waits, again and again."""
        while True:
            try:
                events, lanes = await backlog(self._database, at=self._clock.now())
                self._measures.backlog(events, lanes=lanes)
            except DomainError as error:
                self._measures.failed("backlog", error)
            await asyncio.sleep(COUNT_S)


def open_webhooks(
    database: Database,
    egress: Egress,
    seal: Seal,
    *,
    clock: Clock,
    measures: WebhookMeasures,
    worker: str,
    pace: LanePace | None = None,
) -> Webhooks:
    """Begin to deliver what is due, whoever's it is.

    Args:
        database: where endpoints and events are.
        egress: the way out.
        seal: opens addresses and secrets.
        clock: the time.
        measures: told what happens.
        worker: the name of this process, which no other one ever has.
        pace: how many lanes, and how fast.
    """
    parts = LaneParts(
        database=database,
        clock=clock,
        sending=Sending(egress=egress, seal=seal, clock=clock),
        ledger=Ledger(database=database, ids=Ids(clock), measures=measures),
        measures=measures,
        chance=random.random,
    )
    lanes = Lanes(parts, worker=worker, pace=pace)
    return Webhooks(database, lanes, clock=clock, measures=measures)


@asynccontextmanager
async def delivering(
    settings: ServiceSettings,
    database: Database,
    *,
    clock: Clock,
    measures: WebhookMeasures,
    worker: str,
) -> AsyncIterator[Webhooks]:
    """Deliver while the block runs; who closes it before decides how long that may take.

    Raises:
        SettingsError: `PLANGATE_EGRESS_ALLOW` can't be read, or there is no key.
    """
    rules = egress_rules(settings.work.effects.egress_allow)
    seal = server_seal(settings.identity)
    egress = EgressClient(Gate(rules, SystemResolver()), clock=clock, bounds=BOUNDS)
    try:
        webhooks = open_webhooks(
            database, egress, seal, clock=clock, measures=measures, worker=worker
        )
        try:
            yield webhooks
        finally:
            await webhooks.close(grace_s=0)
    finally:
        await egress.close()
