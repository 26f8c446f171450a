"""Send what is due in one lane, for as long as it is held: one process, one endpoint.

Reading, sending and writing go on beside each other. What is under way is known by its id, or by
its entity where order is kept, and is not read again before its end is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from runtime.domain.webhook import DeliveryCause, DeliveryStatus, Endpoint
from runtime.kit.clock import Clock
from runtime.services.webhooks.judging import Judging, unsendable
from runtime.services.webhooks.ledger import Ledger
from runtime.services.webhooks.measures import WebhookMeasures
from runtime.services.webhooks.rate import Rate
from runtime.services.webhooks.reading import LaneRead, read_lane
from runtime.services.webhooks.sending import OpenedEndpoint, Sending, UnsendableError
from runtime.store.session import Database
from runtime.store.webhook_ends import DeliveryEnd, LaneEnds
from runtime.store.webhook_lanes import Lane, release_lane
from runtime.store.webhook_sending import DueDelivery

MOST_WRITTEN: Final = 500
ASKED_AGAIN_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneParts:
    """Hold what every lane of a process is run with.

    Attributes:
        chance: gives numbers in [0, 1).
        linger_s: how long a lane is held in which nothing is due.
        gather_s: from one look at a busy lane to the next, and from one writing to the next: what
            comes meanwhile costs one transaction together.
    """

    database: Database
    clock: Clock
    sending: Sending
    ledger: Ledger
    measures: WebhookMeasures
    chance: Callable[[], float]
    linger_s: float = 2.0
    gather_s: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """Hold what is to be written, and what is under way no longer once it is."""

    end: DeliveryEnd | None
    over: str | None


class LaneRun:
    """Run one lane; `run` returns once it is let go, lost, or to be given back."""

    def __init__(self, lane: Lane, parts: LaneParts, *, until_s: float) -> None:
        """Run nothing yet.

        Args:
            lane: as it was leased.
            parts: what it is run with.
            until_s: until when, by the clock of the event loop, it is held for sure.
        """
        self.lane = lane
        self._until_s = until_s
        self._parts = parts
        self._judging = Judging(parts.chance)
        self._rate = Rate()
        self._endpoint: Endpoint | None = None
        self._held: set[str] = set()
        self._ends: list[_End] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._free = asyncio.Event()
        self._halted = asyncio.Event()
        self._unwritten = asyncio.Event()
        self._lost = False
        self._short = False
        self._read_s = 0.0

    @property
    def lost(self) -> bool:
        """Say whether the lane is another's by now."""
        return self._lost

    def told(self, lane: Lane, *, until_s: float | None = None) -> None:
        """Take note of how the lane stands, and until when it is held, if that is new."""
        self._until_s = until_s or self._until_s
        if lane.wakes != self.lane.wakes:
            self.lane = lane
            self._changed.set()

    def end(self, *, lost: bool = False) -> None:
        """Begin nothing more; what is under way ends, and is written unless the lane was lost."""
        self._lost = self._lost or lost
        self._halted.set()
        self._changed.set()
        self._free.set()

    async def run(self) -> bool:
        """Send what is due, and say whether the lane was let go.

        Raises:
            StorageUnavailableError: the database can't be asked; what was sent is sent again.
        """
        writing = asyncio.create_task(self._write_on(), name=f"ends {self.lane.endpoint_id}")
        writing.add_done_callback(lambda _: self.end())
        try:
            while not self._halted.is_set():
                if await self._let_go():
                    return True
            await self._settled(writing)
            return False
        finally:
            for task in (*self._tasks, writing):
                task.cancel()
            await asyncio.wait({*self._tasks, writing})
            if not writing.cancelled():
                writing.result()

    async def _let_go(self) -> bool:
        """Take one turn, and say whether the lane was let go in it."""
        await self._gathered()
        self._changed.clear()
        seen = self.lane
        read = await self._read(seen)
        if read.endpoint is not None and read.lines:
            opened = self._parts.sending.opened(read.endpoint, read.secrets)
            await self._send(opened, read.lines)
            self._short = read.short
            if read.short:
                await self._nothing_held(seen)
            return False
        if self._held:
            await self._changes(None)
            return False
        if read.endpoint is not None:
            await self._linger(read.next_due)
            if self._changed.is_set():
                return False
        if await release_lane(self._parts.database, seen, due_at=read.next_due):
            return True
        await self._changes(ASKED_AGAIN_S)  # there is something new: we are told what
        return False

    async def _gathered(self) -> None:
        """Look at a lane that has little no more often than pays."""
        loop, gather_s = asyncio.get_running_loop(), self._parts.gather_s
        wait_s = self._read_s + gather_s - loop.time()
        if self._short and wait_s > 0:
            await asyncio.sleep(wait_s)
        self._read_s = loop.time()

    async def _nothing_held(self, seen: Lane) -> None:
        """Wait until all that was due is over, or there is something new, or for a moment."""
        try:
            async with asyncio.timeout(ASKED_AGAIN_S):
                while self._held and seen.wakes == self.lane.wakes and not self._halted.is_set():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return

    async def _read(self, lane: Lane) -> LaneRead:
        parts = self._parts
        async with parts.database.transaction(lane.organization_id) as connection:
            read = await read_lane(
                connection, lane, judging=self._judging, held=self._held, now=parts.clock.now()
            )
        self._endpoint = read.endpoint or self._endpoint
        if read.given_up:
            parts.measures.ended(DeliveryStatus.FAILED.value, read.given_up)
        return read

    async def _linger(self, due_at: datetime | None) -> None:
        """Keep the lane for a moment: who has sent something often sends more."""
        now = self._parts.clock.now()
        if self._judging.rests(now):
            return
        wait_s = self._parts.linger_s
        if due_at is not None:
            wait_s = min(wait_s, (due_at - now).total_seconds())
        if wait_s > 0:
            await self._changes(wait_s)
        if due_at is not None and due_at <= self._parts.clock.now():
            self._changed.set()

    async def _changes(self, within_s: float | None) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _settled(self, writing: asyncio.Task[None]) -> None:
        """Wait until nothing is under way any more, and all of it is written."""
        while self._held and not self._lost and not writing.done():
            self._changed.clear()
            await self._changes(ASKED_AGAIN_S)

    async def _send(self, opened: OpenedEndpoint, lines: Sequence[Sequence[DueDelivery]]) -> None:
        """Send lines beside each other, as many as the endpoint takes at a time."""
        for line in lines:
            while len(self._tasks) >= self._at_once(opened) and not self._halted.is_set():
                self._free.clear()
                await self._free.wait()
            if not self._may_send():
                return
            key = _key(line[0], ordered=opened.endpoint.ordered)
            self._held.add(key)
            task = asyncio.create_task(self._line(opened, line, key=key))
            self._tasks.add(task)
            task.add_done_callback(self._line_ended)

    def _at_once(self, opened: OpenedEndpoint) -> int:
        return 1 if self._judging.health.open else opened.endpoint.at_once

    def _may_send(self) -> bool:
        if asyncio.get_running_loop().time() >= self._until_s:
            self.end(lost=True)  # others may send by now
        judging = self._judging
        return not (
            self._halted.is_set()
            or judging.failed is not None
            or judging.rests(self._parts.clock.now())
        )

    def _line_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._free.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._parts.measures.failed("delivery", error)
            self.end()

    async def _line(self, opened: OpenedEndpoint, line: Sequence[DueDelivery], *, key: str) -> None:
        """Send a line in its order, up to the first that is not taken."""
        for due in line:
            await self._rate.turn(opened.endpoint.per_minute, unless=self._halted)
            if not self._may_send():
                break
            end = await self._end_of(opened, due)
            over = due is line[-1] or end.status is not DeliveryStatus.DELIVERED
            self._note(_End(end=end, over=key if over else None))
            if over:
                return
        self._note(_End(end=None, over=key))

    async def _end_of(self, opened: OpenedEndpoint, due: DueDelivery) -> DeliveryEnd:
        """Make an attempt, and return what becomes of the delivery."""
        parts, delivery = self._parts, due.delivery
        if delivery.attempts == 0 and due.event is not None:
            waited = parts.clock.now() - due.event.created_at
            parts.measures.waited(max(0.0, waited.total_seconds()))
        try:
            attempted = await parts.sending.attempt(opened, due)
        except UnsendableError as error:
            return unsendable(delivery, str(error), now=parts.clock.now())
        parts.measures.tried(attempted.fate.value, took_s=attempted.attempt.took_ms / 1_000)
        return self._judging.end_of(delivery, attempted, now=parts.clock.now())

    @property
    def _patience(self) -> float:
        """Return how much longer writing may wait than reading: where order is kept, all wait."""
        ordered = self._endpoint is not None and self._endpoint.ordered
        return 0.5 if ordered else 2.0

    def _note(self, end: _End) -> None:
        self._ends.append(end)
        self._unwritten.set()

    async def _write_on(self) -> None:
        """Write ends as they come; while some are written, others gather."""
        while True:
            await self._unwritten.wait()
            self._unwritten.clear()
            while self._ends:
                batch = self._ends[:MOST_WRITTEN]
                del self._ends[:MOST_WRITTEN]
                if not await self._written([item.end for item in batch if item.end is not None]):
                    self.end(lost=True)
                    return
                self._held.difference_update(item.over for item in batch if item.over is not None)
                self._changed.set()
            await asyncio.sleep(self._parts.gather_s * self._patience)

    async def _written(self, ends: Sequence[DeliveryEnd]) -> bool:
        """Write ends with how the endpoint is by now; False: the lane was lost."""
        judging = self._judging
        if not ends or self._endpoint is None:
            return True
        return await self._parts.ledger.write(
            self.lane,
            self._endpoint,
            LaneEnds(
                ends=ends,
                health=judging.health,
                rests_until=judging.rests_until,
                failed=judging.failed,
            ),
        )


def _key(due: DueDelivery, *, ordered: bool) -> str:
    """Return what is held of a line: its entity, so that nothing of it is begun, or its id."""
    delivery = due.delivery
    in_line = ordered and delivery.entity and delivery.cause is not DeliveryCause.PING
    return delivery.entity if in_line else delivery.id
