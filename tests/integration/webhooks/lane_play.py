"""Play workers that hold lanes against a receiver that answers when a test says, and judge them.

What `Lanes` does by the clock (lease, renew, compare) is done here when the test says; lines are
run by the real `LaneRun`. A law that is broken is noted, as workers survive what their parts raise.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from runtime.domain.webhook import DeliveryStatus, Endpoint, EndpointFilter, EndpointStatus
from runtime.domain.webhook_filter import hears
from runtime.ports.egress import HttpCall
from runtime.services.webhooks.fan_out import delivery_id
from runtime.services.webhooks.lane_run import LaneParts, LaneRun
from runtime.services.webhooks.measures import UnmeasuredWebhooks
from runtime.services.webhooks.sending import Sending
from runtime.store.session import Database
from runtime.store.webhook_ends import LaneEnds
from runtime.store.webhook_lanes import Lane, give_back_lanes, held_lanes, take_lanes
from tests.integration.webhooks.lane_watch import TAKEN, Waiting, WatchedLedger, Way
from tests.webhooks import SEAL, WebhookWorld, a_webhook_world

WORKERS: Final = ("w1", "w2")
LAST: Final = "w3"
LEASE_S: Final = 3_600.0
"""Leases end when the test says so: nobody waits."""
PATIENCE_S: Final = 10.0
GLANCE_S: Final = 0.03
LONGEST_WAIT: Final = timedelta(hours=25)
_LAPSE: Final = (
    "update webhook_lanes set leased_until = now() - interval '1 s' "
    "where leased_by = :worker returning fence"
)
_LOST: Final = """
select w.id, e.id, e.type, e.project_id from webhook_endpoints as w cross join events as e
where w.status = 'enabled'
  and not exists (select from webhook_deliveries as d where d.endpoint_id = w.id
    and d.event_id = e.id)
  and not exists (select from event_outbox as o where o.event_id = e.id)
"""


@dataclass(eq=False, slots=True, kw_only=True)
class Holder:
    """Hold a lane that a worker believes to be its own."""

    worker: str
    run: LaneRun
    task: asyncio.Task[None]


@dataclass(eq=False, slots=True, kw_only=True)
class LanePlay:
    """Hold all that happens, and what was wrong with it.

    Attributes:
        unheard: events of each endpoint that happened before it was enabled.
        open: everything is taken at once.
        repeated: requests whose event had been sent to the endpoint before.
        refused: writings that did not count.
        newest: the fence of each endpoint's lane.
        sent: events in the order of their first requests, by endpoint and entity.
    """

    world: WebhookWorld
    endpoints: Sequence[Endpoint]
    unheard: dict[str, frozenset[str]]
    open: bool = False
    repeated: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    holders: list[Holder] = field(default_factory=list)
    newest: Counter[str] = field(default_factory=Counter)
    sent: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _entities: dict[str, str] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)
    _stored: set[str] = field(default_factory=set)
    _happened: asyncio.Event = field(default_factory=asyncio.Event)

    async def emit(self, event_type: str, *, count: int) -> None:
        """Let events of one type happen; those of members are the organization's."""
        own = not event_type.startswith("member.")
        made = await self.world.emit(*[event_type] * count, project_id="own" if own else None)
        for event_id in made:
            self._entities[event_id] = "project" if own else "organization"
            self._places[event_id] = len(self._places)

    async def fan(self, *, beside: int) -> None:
        """Let fan-outs run beside each other."""
        async with asyncio.TaskGroup() as group:
            for _ in range(beside):
                group.create_task(self.world.fan_out().look())

    async def take(self, worker: str) -> None:
        """Let a worker take what is due, and begin to send."""
        world = self.world
        lanes = await take_lanes(
            world.database, worker=worker, at=world.clock.now(), most=10, lease_s=LEASE_S
        )
        until_s = asyncio.get_running_loop().time() + LEASE_S
        for lane in lanes:
            if lane.fence <= self.newest[lane.endpoint_id]:
                self.wrong.append(f"lease {lane.fence} of {lane.endpoint_id} is not a newer one")
            self.newest[lane.endpoint_id] = lane.fence
            run = LaneRun(lane, self._parts(lane), until_s=until_s)
            task = asyncio.create_task(self._run(run))
            self.holders.append(Holder(worker=worker, run=run, task=task))

    async def tell(self, worker: str) -> None:
        """Let a worker compare what it holds with what is stored."""
        stored = {
            lane.endpoint_id: lane for lane in await held_lanes(self.world.database, worker=worker)
        }
        for holder in self._holding(worker):
            lane = stored.get(holder.run.lane.endpoint_id)
            if lane is None or lane.fence != holder.run.lane.fence:
                holder.run.end(lost=True)
            else:
                holder.run.told(lane)

    async def lapse(self, worker: str) -> None:
        """Let a worker freeze until its leases have ended, by its own clock and the database's."""
        now_s = asyncio.get_running_loop().time()
        for holder in self._holding(worker):
            holder.run.told(holder.run.lane, until_s=now_s)
        await self.world.rows(_LAPSE, worker=worker)

    async def answer(self, number: int, *, status: int | None) -> None:
        """Answer one of the requests that wait; None: nobody answers."""
        if not self.waiting and any(not holder.task.done() for holder in self.holders):
            await self._glanced()
        if self.waiting:
            self.waiting.pop(number % len(self.waiting)).answered.set_result(status)

    async def enable(self) -> None:
        """Let a person enable what has failed; what happened meanwhile is not for it."""
        for endpoint in self.endpoints:
            found = await self.world.rows(
                "select 1 from webhook_endpoints where id = :id and status = 'failed'",
                id=endpoint.id,
            )
            if found:
                await self.world.change(
                    endpoint, status=EndpointStatus.ENABLED, failures=0, failing_since=None
                )
                happened = await self.world.rows("select id from events")
                self.unheard[endpoint.id] = frozenset(row[0] for row in happened)

    async def until(self, true: Callable[[], bool], *, within_s: float = PATIENCE_S) -> None:
        """Return once something is true of requests or writings.

        Raises:
            TimeoutError: it does not become true.
        """
        async with asyncio.timeout(within_s):
            while not true():
                self._happened.clear()
                await self._happened.wait()

    async def finish(self) -> None:
        """Let all workers freeze, all be well, and one worker do the rest."""
        for worker in WORKERS:
            await self.lapse(worker)
        self.open = True
        while self.waiting:
            await self.answer(0, status=TAKEN)
        for worker in WORKERS:
            await self.tell(worker)
        await self.enable()
        self.world.clock.advance(LONGEST_WAIT)
        async with asyncio.timeout(PATIENCE_S):
            while await self._work_is_left():
                await self.fan(beside=1)
                await self.take(LAST)
                await self._glanced()
                await self.tell(LAST)

    async def close(self) -> None:
        """End what is left."""
        self.open = True
        for holder in self.holders:
            holder.task.cancel()
        if self.holders:
            await asyncio.wait({holder.task for holder in self.holders})
        await self.world.rows("delete from event_outbox returning 1")
        await self.world.rows("delete from webhook_lanes returning 1")

    async def laws_hold(self) -> None:
        """Hold what was seen, and all rows, to the laws."""
        assert not self.wrong, self.wrong
        by_id = {endpoint.id: endpoint for endpoint in self.endpoints}
        for endpoint_id, event_id, event_type, project_id in await self.world.rows(_LOST):
            unheard = self.unheard[endpoint_id]
            wanted = hears(by_id[endpoint_id], event_type, project_id) and event_id not in unheard
            assert not wanted, f"{event_type} {event_id} is nowhere for {endpoint_id}"

    async def all_ended(self) -> None:
        """Hold the end to its law: what waited was taken; only who wanted no more has failures."""
        waits = await self.world.rows("select 1 from webhook_deliveries where status = 'waiting'")
        assert waits == [], "deliveries wait though all is well"
        failed = await self.world.rows(
            "select count(*) from webhook_deliveries as d where status = 'failed' and not exists "
            "(select from webhook_attempts as a where a.delivery_id = d.id and a.status_code = 410)"
        )
        assert failed == [(0,)], failed

    async def arrived(self, way: Way, call: HttpCall) -> int | None:
        """Judge a request as it comes, and return what it is answered."""
        self._judge(way, call)
        if self.open:
            return TAKEN
        item = Waiting(call=call, answered=asyncio.get_running_loop().create_future())
        self.waiting.append(item)
        try:
            self._happened.set()
            return await item.answered
        finally:
            if item in self.waiting:
                self.waiting.remove(item)

    def wrote(self, ends: LaneEnds, *, late: bool, counts: bool) -> None:
        """Judge ends that were written, or refused."""
        self._happened.set()
        if not counts:
            self.refused += 1
            return
        if late:
            self.wrong.append("an overtaken worker wrote ends")
        for end in ends.ends:
            if end.status is not DeliveryStatus.WAITING:
                self._stored.add(end.attempt.delivery_id)

    def holds(self, worker: str) -> bool:
        """Say whether a worker believes to hold a lane."""
        return bool(self._holding(worker))

    def _judge(self, way: Way, call: HttpCall) -> None:
        endpoint = next(item for item in self.endpoints if call.url.endswith(item.id))
        event_id = call.message_id
        if delivery_id(event_id, endpoint.id) in self._stored:
            self.wrong.append(f"{event_id} was sent after its end was stored")
        if way.fence < self.newest[endpoint.id]:
            self.wrong.append(f"{event_id} was sent by a worker that was overtaken before")
        if way.under_way > endpoint.at_once:
            self.wrong.append(f"{way.under_way} are under way, expected at most {endpoint.at_once}")
        line = self.sent.setdefault((endpoint.id, self._entities.get(event_id, "")), [])
        if event_id in line:
            self.repeated += 1
            return
        line.append(event_id)
        if endpoint.ordered and event_id in self._entities:
            self._judge_order(way, endpoint, line)

    def _judge_order(self, way: Way, endpoint: Endpoint, line: Sequence[str]) -> None:
        """See that the last of a line is newer than all before it, and that they are over."""
        *earlier, event_id = line
        if any(self._places[item] > self._places[event_id] for item in earlier):
            self.wrong.append(f"{event_id} came after a newer one")
        for item in earlier:
            if item not in way.taken and delivery_id(item, endpoint.id) not in self._stored:
                self.wrong.append(f"{event_id} was sent before {item} was over")

    async def _run(self, run: LaneRun) -> None:
        let_go = False
        try:
            let_go = await run.run()
        finally:
            if not let_go and not run.lost:
                await give_back_lanes(self.world.database, [run.lane])
            self._happened.set()

    def _holding(self, worker: str) -> list[Holder]:
        return [item for item in self.holders if item.worker == worker and not item.task.done()]

    async def _work_is_left(self) -> bool:
        left = await self.world.rows(
            "select 1 from event_outbox union all "
            "select 1 from webhook_deliveries where status = 'waiting' limit 1"
        )
        return bool(left)

    async def _glanced(self) -> None:
        """Give workers a moment, which ends as soon as a request waits."""
        with suppress(TimeoutError):
            await self.until(lambda: bool(self.waiting), within_s=GLANCE_S)

    def _parts(self, lane: Lane) -> LaneParts:
        world, measures = self.world, UnmeasuredWebhooks()
        return LaneParts(
            database=world.database,
            clock=world.clock,
            sending=Sending(egress=Way(self, lane.fence), seal=SEAL, clock=world.clock),
            ledger=WatchedLedger(
                database=world.database, ids=world.ids, measures=measures, court=self
            ),
            measures=measures,
            chance=lambda: 0.5,
            linger_s=0.0,
            gather_s=0.0,
        )


@asynccontextmanager
async def a_lane_play(database: Database) -> AsyncIterator[LanePlay]:
    """Begin with three endpoints of a new organization: in order, picky, and in a hurry."""
    world = await a_webhook_world(database)
    endpoints = (
        await world.endpoint(ordered=True, at_once=2),
        await world.endpoint(at_once=1, filter=EndpointFilter(types=("plan.*",))),
        await world.endpoint(at_once=3),
    )
    happened = frozenset(row[0] for row in await world.rows("select id from events"))
    unheard = {endpoint.id: happened for endpoint in endpoints}
    play = LanePlay(world=world, endpoints=endpoints, unheard=unheard)
    try:
        yield play
    finally:
        await play.close()
