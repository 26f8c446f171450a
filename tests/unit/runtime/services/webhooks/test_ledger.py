"""Ends are written once, with the event of an endpoint that fails, though answers get lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from runtime.domain.errors import StorageUnavailableError
from runtime.domain.webhook import DeliveryAttempt, DeliveryStatus, Endpoint
from runtime.domain.webhook_verdict import Health
from runtime.services.documents import spelled_instant
from runtime.services.webhooks.ledger import DISABLED, TRIES, Ledger
from runtime.services.webhooks.measures import UnmeasuredWebhooks
from runtime.store.session import Database
from runtime.store.webhook_ends import DeliveryEnd, LaneEnds
from runtime.store.webhook_lanes import Lane, give_back_lanes, take_lanes
from tests.webhooks import WebhookWorld, a_webhook_world

GONE: Final = "It answered 410: it wants nothing any more."
TOLD: Final = "select type, document from events where type = 'endpoint.disabled'"


class LosingDatabase(Database):
    """Be a database that is away before, or whose answer is lost after, a transaction."""

    losses: tuple[str, ...] = ()

    @classmethod
    def of(cls, database: Database, *losses: str) -> LosingDatabase:
        """Return one on the connections of another, which closes them."""
        made = cls(engine=database.engine, direct=database.direct)
        made.losses = losses
        return made

    @override
    @asynccontextmanager
    async def transaction(
        self, organization_id: str, *, read_only: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        loss, self.losses = (*self.losses, "none")[0], self.losses[1:]
        if loss == "before":
            raise StorageUnavailableError(reason="lost before", sent=False)
        async with super().transaction(organization_id, read_only=read_only) as connection:
            yield connection
        if loss == "after":
            raise StorageUnavailableError(reason="lost after")


class Counted(UnmeasuredWebhooks):
    """Count what is told."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    @override
    def ended(self, status: str, count: int) -> None:
        self.counts[status] += count

    @override
    def disabled(self) -> None:
        self.counts["disabled"] += 1

    @override
    def lost(self) -> None:
        self.counts["lost"] += 1

    @override
    def failed(self, what: str, error: BaseException) -> None:
        self.counts[f"{what}: {type(error).__name__}"] += 1


class Bench:
    """Hold a world in which two deliveries wait in a lane that is held."""

    def __init__(self, world: WebhookWorld, endpoint: Endpoint, lane: Lane) -> None:
        self.world = world
        self.endpoint = endpoint
        self.lane = lane
        self.measures = Counted()

    def ledger(self, *losses: str) -> Ledger:
        """Return a ledger whose database loses these, one after the other."""
        database = LosingDatabase.of(self.world.database, *losses)
        return Ledger(database=database, ids=self.world.ids, measures=self.measures)

    async def ends(self, *statuses: DeliveryStatus) -> LaneEnds:
        """Return ends of the deliveries."""
        rows = await self.world.rows("select id from webhook_deliveries order by turn")
        now = self.world.clock.now()
        return LaneEnds(
            ends=[
                DeliveryEnd(
                    attempt=DeliveryAttempt(
                        delivery_id=row[0], number=1, at=now, status_code=200, took_ms=1
                    ),
                    status=status,
                    due_at=now,
                    ended_at=None if status is DeliveryStatus.WAITING else now,
                )
                for row, status in zip(rows, statuses, strict=False)
            ],
            health=Health(),
        )

    async def failing(self) -> LaneEnds:
        """Return ends by which the endpoint fails."""
        ends = await self.ends(DeliveryStatus.FAILED)
        since = self.world.clock.now()
        return replace(ends, health=Health(failures=1, failing_since=since), failed=GONE)


@pytest.fixture
async def bench(database: Database) -> Bench:
    """Lease the lane of an endpoint for which two events wait."""
    world = await a_webhook_world(database)
    endpoint = await world.endpoint()
    await world.emit("project.updated", "project.updated")
    await world.fan()
    (lane,) = await take_lanes(database, worker="w1", at=world.clock.now(), most=1, lease_s=3_600)
    return Bench(world, endpoint, lane)


async def test_ends_are_written_and_counted_by_what_became_of_them(bench: Bench) -> None:
    """What waits on has not ended."""
    ends = await bench.ends(DeliveryStatus.DELIVERED, DeliveryStatus.WAITING)

    counts = await bench.ledger().write(bench.lane, bench.endpoint, ends)

    assert counts is True
    assert bench.measures.counts == {"delivered": 1}
    assert await bench.world.statuses() == {"delivered": 1, "waiting": 1}
    assert await bench.world.rows("select count(*) from webhook_attempts") == [(2,)]


@pytest.mark.parametrize("loss", ["before", "after"])
async def test_what_is_asked_twice_is_written_once(bench: Bench, loss: str) -> None:
    """Whether the first time came to the database or not."""
    ends = await bench.ends(DeliveryStatus.DELIVERED, DeliveryStatus.WAITING)

    counts = await bench.ledger(loss).write(bench.lane, bench.endpoint, ends)

    assert counts is True
    assert await bench.world.statuses() == {"delivered": 1, "waiting": 1}
    assert await bench.world.rows("select count(*) from webhook_attempts") == [(2,)]
    assert bench.measures.counts == {"delivered": 1, "ends: StorageUnavailableError": 1}


@pytest.mark.parametrize("losses", [(), ("before",), ("after",)], ids=["none", "before", "after"])
async def test_an_endpoint_that_fails_is_told_of_once(
    bench: Bench, losses: tuple[str, ...]
) -> None:
    """In the commit by which it failed: in an event and a record, with the reason."""
    ends = await bench.failing()

    await bench.ledger(*losses).write(bench.lane, bench.endpoint, ends)

    [(told, document)] = await bench.world.rows(TOLD)
    audited = await bench.world.rows("select 1 from audit_records where kind = 'endpoint.disabled'")
    status = await bench.world.rows("select status, status_reason from webhook_endpoints")
    assert told == DISABLED
    assert orjson.loads(document) == {
        "endpoint": bench.endpoint.id,
        "name": bench.endpoint.name,
        "status": "failed",
        "reason": GONE,
        "failing_since": spelled_instant(bench.world.clock.now()),
    }
    assert len(audited) == 1
    assert status == [("failed", GONE)]


async def test_a_lane_that_is_another_s_takes_nothing(bench: Bench) -> None:
    """Neither ends, nor the failure of the endpoint, nor its event."""
    await give_back_lanes(bench.world.database, [bench.lane])
    bench.world.clock.advance(timedelta(seconds=1))
    await take_lanes(
        bench.world.database, worker="w2", at=bench.world.clock.now(), most=1, lease_s=3_600
    )
    ends = await bench.failing()

    counts = await bench.ledger().write(bench.lane, bench.endpoint, ends)

    assert counts is False
    assert bench.measures.counts == {"lost": 1}
    assert await bench.world.statuses() == {"waiting": 2}
    assert await bench.world.rows(TOLD) == []


async def test_a_database_that_stays_away_is_given_up(bench: Bench) -> None:
    """What was sent is sent again by whoever takes the lane; nothing is counted as ended."""
    ends = await bench.ends(DeliveryStatus.DELIVERED)
    ledger = bench.ledger(*["before"] * TRIES)

    with pytest.raises(StorageUnavailableError):
        await ledger.write(bench.lane, bench.endpoint, ends)

    assert bench.measures.counts == {"ends: StorageUnavailableError": TRIES - 1}
    assert await bench.world.statuses() == {"waiting": 2}
