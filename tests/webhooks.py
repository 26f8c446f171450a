"""Build a world of webhooks on a real database: endpoints, events, and who sends; others answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import text

from runtime.adapters.aes_seal import AesSeal
from runtime.domain.record import Event
from runtime.domain.webhook import Endpoint, EndpointSecret, SigningScheme
from runtime.kit.clock import FixedClock
from runtime.ports.egress import HttpAnswer, HttpCall
from runtime.ports.seal import Seal
from runtime.services.context import Ids
from runtime.services.webhooks.fan_out import FanOut
from runtime.services.webhooks.lane_run import LaneParts
from runtime.services.webhooks.lanes import LanePace, Lanes
from runtime.services.webhooks.ledger import Ledger
from runtime.services.webhooks.measures import UnmeasuredWebhooks
from runtime.services.webhooks.sealing import secret_of, url_of
from runtime.services.webhooks.sending import Sending
from runtime.store import records
from runtime.store.session import Database
from runtime.store.webhook_endpoints import add_endpoint, change_endpoint, held_endpoint
from runtime.store.webhook_lanes import make_lane, stir_lane, wake_lane
from runtime.store.webhook_secrets import add_secret
from tests.tenants import a_project, a_tenancy, a_tenant

SECRET: Final = "whsec_" + "A" * 43 + "="
SEAL: Final = AesSeal([b"k" * 32])
TAKEN: Final = HttpAnswer(status=204, headers={}, body=b"")
Answers = Callable[[HttpCall], HttpAnswer | Exception]


def answering(status: int, **headers: str) -> Answers:
    """Answer everything with one status."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: HttpAnswer(status=status, headers=given, body=b"said")


@dataclass(slots=True)
class Receiver:
    """Be the one way out: answer as told, and remember what was sent.

    Attributes:
        gate: requests wait for it before they are answered.
        at_once: how many were under way at most, by their address.
    """

    answer: Answers = field(default=lambda _: TAKEN)
    calls: list[HttpCall] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: dict[str, int] = field(default_factory=dict)
    _now: dict[str, int] = field(default_factory=dict)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        """Let everything pass."""
        self.gate.set()

    async def send(self, call: HttpCall) -> HttpAnswer:
        """Return what the table says."""
        self._now[call.url] = self._now.get(call.url, 0) + 1
        self.at_once[call.url] = max(self.at_once.get(call.url, 0), self._now[call.url])
        try:
            async with self.arrived:
                self.calls.append(call)
                self.arrived.notify_all()
            await self.gate.wait()
            await asyncio.sleep(0)
            answer = self.answer(call)
        finally:
            self._now[call.url] -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def got(self, count: int, *, within_s: float = 8.0) -> Sequence[HttpCall]:
        """Return what was sent, once that is as much."""
        async with asyncio.timeout(within_s), self.arrived:
            await self.arrived.wait_for(lambda: len(self.calls) >= count)
        return self.calls

    @property
    def ids(self) -> list[str]:
        """Return the ids of the events that were sent, in order."""
        return [call.message_id for call in self.calls]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookWorld:
    """Hold one organization with a project, its time, and what receives."""

    database: Database
    organization_id: str
    project_id: str
    member_id: str
    clock: FixedClock
    receiver: Receiver
    seal: Seal = SEAL

    @property
    def ids(self) -> Ids:
        """Return what makes ids."""
        return Ids(self.clock)

    async def endpoint(self, **changes: Any) -> Endpoint:  # noqa: ANN401  # any part of it
        """Store an endpoint with a secret and its lane."""
        endpoint_id, now = self.ids.new("whe"), self.clock.now()
        url = f"https://hooks.example/{endpoint_id}"
        made = Endpoint(
            id=endpoint_id,
            organization_id=self.organization_id,
            project_id=None,
            name=f"endpoint {endpoint_id}",
            sealed_url=SEAL.sealed(url, bound_to=url_of(endpoint_id)),
            shown_url="https://hooks.example",
            created_at=now,
            created_by=self.member_id,
            updated_at=now,
        )
        made = replace(made, **changes)
        secret_id = self.ids.new("whs")
        secret = EndpointSecret(
            id=secret_id,
            endpoint_id=endpoint_id,
            scheme=SigningScheme.HMAC,
            sealed=SEAL.sealed(SECRET, bound_to=secret_of(secret_id)),
            created_at=now,
        )
        async with self.database.transaction(self.organization_id) as connection:
            await add_endpoint(connection, made)
            await add_secret(connection, secret, organization_id=self.organization_id)
            await make_lane(connection, self.organization_id, endpoint_id)
        return made

    async def change(self, endpoint: Endpoint, **changes: Any) -> None:  # noqa: ANN401  # any part
        """Change an endpoint as a person does."""
        async with self.database.transaction(self.organization_id) as connection:
            held = await held_endpoint(connection, endpoint.id)
            assert held is not None
            await change_endpoint(connection, replace(held, **changes))
            place = (self.organization_id, endpoint.id)
            await wake_lane(connection, *place, at=self.clock.now())
            if "status" in changes:
                await stir_lane(connection, *place, at=self.clock.now())

    async def emit(self, *types: str, project_id: str | None = "own") -> list[str]:
        """Write events in one transaction, and return their ids."""
        made = []
        where = self.project_id if project_id == "own" else project_id
        async with self.database.transaction(self.organization_id) as connection:
            for event_type in types:
                event = Event(
                    id=self.ids.new("evt"),
                    type=event_type,
                    document='{"weight":7}',
                    project_id=where,
                )
                await records.add_event(
                    connection,
                    event,
                    organization_id=self.organization_id,
                    now=self.clock.now(),
                )
                made.append(event.id)
        return made

    async def rows(self, query: str, **values: Any) -> list[Any]:  # noqa: ANN401  # any column
        """Return what a query of the organization finds."""
        async with self.database.transaction(self.organization_id) as connection:
            return [tuple(row) for row in await connection.execute(text(query), values)]

    def fan_out(self) -> FanOut:
        """Return a fan-out."""
        return FanOut(self.database, self.clock)

    def lanes(self, worker: str = "w1", *, pace: LanePace | None = None) -> Lanes:
        """Return who sends."""
        measures = UnmeasuredWebhooks()
        parts = LaneParts(
            database=self.database,
            clock=self.clock,
            sending=Sending(egress=self.receiver, seal=self.seal, clock=self.clock),
            ledger=Ledger(database=self.database, ids=self.ids, measures=measures),
            measures=measures,
            chance=lambda: 0.5,
            linger_s=0.05,
            gather_s=0.01,
        )
        return Lanes(parts, worker=worker, pace=pace or LanePace(busy_s=0.01, idle_s=0.05))

    async def fan(self) -> None:
        """Make deliveries of all events."""
        fan_out = self.fan_out()
        while await fan_out.look():
            pass

    @asynccontextmanager
    async def sending(
        self, worker: str = "w1", *, pace: LanePace | None = None
    ) -> AsyncIterator[Lanes]:
        """Send while the block runs."""
        lanes = self.lanes(worker, pace=pace)
        task = asyncio.create_task(lanes.run())
        try:
            yield lanes
        finally:
            await lanes.close(grace_s=3)
            await asyncio.wait({task})

    async def drained(self, *, within_s: float = 8.0) -> None:
        """Fan out, and send until no lane has anything due now and none is held."""
        await self.fan()
        async with self.sending() as lanes:
            await self.quiet(lanes, within_s=within_s)

    async def quiet(self, lanes: Lanes, *, within_s: float = 8.0) -> None:
        """Wait until no lane has anything due now and none is held."""
        async with asyncio.timeout(within_s):
            while True:
                due = await self.rows(
                    "select endpoint_id from webhook_lanes where leased_by is not null "
                    "or (due_at <= :at and coalesce(rests_until, :at) <= :at)",
                    at=self.clock.now(),
                )
                if not due and not lanes.held:
                    return
                await asyncio.sleep(0.02)

    async def statuses(self) -> dict[str, int]:
        """Return how many deliveries are of each status."""
        return dict(
            await self.rows("select status, count(*) from webhook_deliveries group by status")
        )


async def a_webhook_world(database: Database) -> WebhookWorld:
    """Make an organization with a project; its clock stands at the real instant."""
    tenant = await a_tenant(a_tenancy(database))
    project = await a_project(tenant)
    return WebhookWorld(
        database=database,
        organization_id=tenant.id,
        project_id=project,
        member_id=tenant.owner.caller.member_id,
        clock=FixedClock(datetime.now(UTC)),  # rows are old by the server's clock
        receiver=Receiver(),
    )
