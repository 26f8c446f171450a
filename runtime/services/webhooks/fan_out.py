"""Make deliveries of events: match each with the endpoints that listen, in its order.

Any number of fan-outs may run: of one organization one at a time works. An event leaves the outbox
in the transaction that makes its deliveries, so none is lost and none is made twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import cel

from runtime.domain.errors import DeclarationError, DomainError
from runtime.domain.webhook import (
    DELIVERY_PREFIX,
    MOST_ENDPOINTS,
    DeliveryCause,
    Endpoint,
    EventToSend,
)
from runtime.domain.webhook_filter import hears
from runtime.engine.webhook_condition import (
    CompiledCondition,
    ConditionFailedError,
    compile_condition,
    context_of,
)
from runtime.kit.clock import Clock
from runtime.kit.ids import ENTROPY_BYTES, new_id, parse_id
from runtime.services.webhooks.measures import UnmeasuredWebhooks, WebhookMeasures
from runtime.store.event_outbox import take_events, waiting_tenants
from runtime.store.session import Database
from runtime.store.webhook_deliveries import NewDelivery, add_deliveries
from runtime.store.webhook_endpoints import enabled_endpoints
from runtime.store.webhook_lanes import wake_lanes

KEPT_CONDITIONS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOutPace:
    """Bound what one transaction takes, and how often to look.

    Attributes:
        most: events of one transaction.
        tenants: organizations of one look.
        busy_s: from one look to the next while there is something.
        idle_s: the same at most, while there is nothing.
    """

    most: int = 500
    tenants: int = 100
    busy_s: float = 0.05
    idle_s: float = 0.25


class FanOut:
    """Make deliveries; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        woke: Callable[[], None] | None = None,
        pace: FanOutPace | None = None,
        measures: WebhookMeasures | None = None,
    ) -> None:
        """Make nothing yet.

        Args:
            database: where events are.
            clock: says when deliveries are due.
            woke: told that there are new deliveries.
            pace: how fast.
            measures: told what happens.
        """
        self._database = database
        self._clock = clock
        self._woke = woke or _nothing
        self._pace = pace or FanOutPace()
        self._measures = measures or UnmeasuredWebhooks()
        self._conditions: dict[str, CompiledCondition | None] = {}
        self._after = ""
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let `run` return after the transaction that runs."""
        self._ended.set()

    async def run(self) -> None:
        """Look until the end; whatever fails is tried again by the next look."""
        pause_s = self._pace.busy_s
        while not await self._rests(pause_s):
            try:
                found = await self.look()
            except Exception as error:  # noqa: BLE001  # who ends silently tells nobody anything
                self._measures.failed("fan out", error)
                found = 0
            doubled_s = 2 * pause_s
            pause_s = self._pace.busy_s if found else min(doubled_s, self._pace.idle_s)

    async def look(self) -> int:
        """Take what the next organizations have; return how many events that were.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        taken = 0
        tenants = await waiting_tenants(self._database, after=self._after, most=self._pace.tenants)
        for organization_id in tenants:
            if self._ended.is_set():
                break
            taken += await self._of(organization_id)
        self._after = tenants[-1] if len(tenants) == self._pace.tenants else ""
        return taken

    async def _of(self, organization_id: str) -> int:
        """Make deliveries of the oldest events of an organization, and return how many it had."""
        try:
            async with self._database.transaction(organization_id) as connection:
                found = await take_events(connection, organization_id, most=self._pace.most)
                if not found.taken:
                    return 0
                endpoints = await enabled_endpoints(connection, limit=MOST_ENDPOINTS)
                new = self._matched(found.events, endpoints)
                if new:
                    now = self._clock.now()
                    await add_deliveries(
                        connection,
                        new,
                        organization_id=organization_id,
                        cause=DeliveryCause.EVENT,
                        at=now,
                    )
                    heard = {item.endpoint_id for item in new}
                    await wake_lanes(connection, organization_id, heard, at=now)
        except DomainError as error:  # of one organization: others go on
            self._measures.failed("fan out", error)
            return 0
        self._measures.fanned_out(found.taken, deliveries=len(new))
        if new:
            self._woke()
        return found.taken

    def _matched(
        self, events: Sequence[EventToSend], endpoints: Sequence[Endpoint]
    ) -> list[NewDelivery]:
        """Return what is to be delivered, in the order of the events."""
        made: list[NewDelivery] = []
        for event in events:
            context: cel.Context | None = None
            for endpoint in endpoints:
                if not hears(endpoint, event.type, event.project_id):
                    continue
                if endpoint.filter.condition:
                    context = context or context_of(event)
                    if not self._lets_through(endpoint.filter.condition, context):
                        continue
                made.append(_delivery(event, endpoint))
        return made

    def _lets_through(self, text: str, context: cel.Context) -> bool:
        compiled = self._compiled(text)
        if compiled is None:
            self._measures.condition_failed()
            return False
        try:
            return compiled.lets_through(context)
        except ConditionFailedError:
            self._measures.condition_failed()
            return False

    def _compiled(self, text: str) -> CompiledCondition | None:
        if text not in self._conditions:
            if len(self._conditions) >= KEPT_CONDITIONS:
                self._conditions.clear()
            try:
                self._conditions[text] = compile_condition(text)
            except DeclarationError:  # of an older release, which let it be stored
                self._conditions[text] = None
        return self._conditions[text]

    async def _rests(self, seconds: float) -> bool:
        """Rest, and say whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True


def delivery_id(event_id: str, endpoint_id: str) -> str:
    """Return the one id that the delivery of an event to an endpoint can have."""
    digest = hashlib.sha256(f"{event_id}/{endpoint_id}".encode()).digest()
    created_ms = parse_id(event_id, "evt").created_ms
    return new_id(DELIVERY_PREFIX, now_ms=created_ms, entropy=digest[:ENTROPY_BYTES])


def _delivery(event: EventToSend, endpoint: Endpoint) -> NewDelivery:
    entity = event.project_id or event.organization_id
    return NewDelivery(
        id=delivery_id(event.id, endpoint.id),
        endpoint_id=endpoint.id,
        event_id=event.id,
        event_type=event.type,
        entity=entity if endpoint.ordered else "",
    )


def _nothing() -> None:
    """Do nothing."""
