"""Bring what logs have to every sink: new leaves of many organizations in one object, then heads.

How far each sink is stands in the database, and nothing waits in memory but the object that is on
its way: a sink that is down is behind, and stops neither the others nor any log. One process at a
time ships to a sink; should two do so for a moment, the sink has some leaves twice.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import DomainError
from runtime.domain.record import Event
from runtime.domain.tree_head import SignedHead
from runtime.kit.backoff import delay_s
from runtime.kit.canonical_json import canonical_text
from runtime.kit.clock import Clock
from runtime.ports.audit_sink import AuditSink, CopyLostError, Receipt, SinkError, SinkObject
from runtime.services.audit.measures import AuditLogMeasures, UnmeasuredAuditLog
from runtime.services.audit.shipped_objects import (
    LEAVES_PREFIX,
    LeafLines,
    anchor_object,
    leaf_line,
)
from runtime.services.context import Ids
from runtime.store.audit_heads import heads_after
from runtime.store.audit_log import NumberedLeaf, leaf_hashes, next_leaves
from runtime.store.audit_shipments import (
    Behind,
    add_anchor,
    give_back_sink,
    hold_sink,
    logs_behind,
    note_shipped,
)
from runtime.store.records import add_event
from runtime.store.session import Database

ENOUGH_SINKS: Final = 2
_ANCHORED: Final = "audit.anchored"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingPace:
    """Bound what one object holds, and say how often to look.

    Attributes:
        leaves: of one log in one object.
        lines: of one object.
        most_bytes: of one object, but for one line that is larger.
        heads: of one log that are brought in one look.
        organizations: of one look.
        every_s: from one look to the next, give or take a half.
        held_s: how long a sink stays with who ships to it, should that one die.
        put_s: how long a sink has for one object.
        cap_s: between two tries at most, where a sink does not say when.
        longest_s: the same where it does.
    """

    leaves: int = 250
    lines: int = 1_000
    most_bytes: int = 4_194_304
    heads: int = 20
    organizations: int = 200
    every_s: float = 1.0
    held_s: float = 90.0
    put_s: float = 60.0
    cap_s: float = 60.0
    longest_s: float = 600.0


class Shipping:
    """Ship to one sink; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        sink: AuditSink,
        clock: Clock,
        *,
        sinks: int,
        pace: ShippingPace | None = None,
        measures: AuditLogMeasures | None = None,
    ) -> None:
        """Ship nothing yet.

        Args:
            database: where logs are, and how far each sink is.
            sink: where to.
            clock: says when an object was made.
            sinks: how many are configured: a head is anchored once two have it, or all.
            pace: how much at once, and how often.
            measures: told what happens.
        """
        self._database = database
        self._sink = sink
        self._ids = Ids(clock)
        self._enough = min(sinks, ENOUGH_SINKS)
        self._pace = pace or ShippingPace()
        self._measures = measures or UnmeasuredAuditLog()
        self._holder = self._ids.new("shp")
        self._after = ""
        self._given_up = set[str]()
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let `run` return after the object that is on its way."""
        self._ended.set()

    async def run(self) -> None:
        """Ship until the end; whatever fails is tried again, less and less often."""
        failures, pause_s = 0, 0.0
        while not await self._rests(pause_s):
            try:
                more = await self.look()
            except Exception as error:  # noqa: BLE001  # who ends silently tells nobody anything
                self._measures.failed(f"ship to {self._sink.name}", error)
                pause_s = self._rest_after(error, failures)
                failures += 1
            else:
                failures = 0
                pause_s = 0.0 if more else self._pace.every_s * (0.5 + random.random())
        await self._give_back()

    async def look(self) -> bool:
        """Ship what the next logs have, unless another process does; say whether there is more.

        Raises:
            SinkError: the sink did not take it.
            StorageUnavailableError: the database can't be asked.
        """
        if not await self._holds():
            return False
        behind = await logs_behind(
            self._database, self._sink.name, after=self._after, most=self._pace.organizations
        )
        full = len(behind) == self._pace.organizations
        self._after = then = behind[-1].organization_id if full else ""
        if not full:
            self._given_up.clear()
        more = await self._ship_leaves(behind)
        for log in behind:
            if self._ended.is_set() or not await self._holds():
                return False
            self._after = log.organization_id  # should it fail each time, others get their turn
            more |= await self._ship_heads(log)
        self._after = then
        return more or full

    async def _ship_leaves(self, behind: Sequence[Behind]) -> bool:
        """Bring new leaves of logs in as few objects as hold them; say whether there are more."""
        lines, more = self._no_lines(), False
        for log in behind:
            if log.size == log.shipped or self._ended.is_set():
                continue
            new = await self._new_leaves(log)
            more |= bool(new) and new[-1].sequence + 1 < log.size  # what is gone does not come
            for numbered in new:
                line = leaf_line(numbered)
                if not lines.has_room_for(line):
                    await self._put_leaves(lines)
                    lines = self._no_lines()
                lines.add(numbered, line)
        if lines:
            await self._put_leaves(lines)
        return more

    async def _put_leaves(self, lines: LeafLines) -> None:
        await self._put(lines.made(self._ids.new(LEAVES_PREFIX), now=self._ids.now()))
        await note_shipped(self._database, self._sink.name, lines.sizes)
        self._measures.shipped(self._sink.name, len(lines))

    async def _new_leaves(self, log: Behind) -> Sequence[NumberedLeaf]:
        async with self._database.transaction(log.organization_id, read_only=True) as connection:
            return await next_leaves(
                connection,
                log.organization_id,
                first=log.shipped,
                most=self._pace.leaves,
                most_bytes=self._pace.most_bytes,
            )

    async def _ship_heads(self, log: Behind) -> bool:
        """Bring signed heads of a log, the oldest first; say whether it has more."""
        organization_id, previous = log.organization_id, log.anchored
        if log.headed == previous or organization_id in self._given_up:
            return False
        try:
            async with self._database.transaction(organization_id, read_only=True) as connection:
                heads = await heads_after(
                    connection, organization_id, previous, limit=self._pace.heads
                )
            for signed in heads:
                await self._ship_head(signed, previous_size=previous)
                previous = signed.head.size
        except (CopyLostError, ValueError) as error:  # of one log: others go on
            self._given_up.add(organization_id)
            self._measures.broken(organization_id, reason=str(error))
            return False
        return bool(heads) and previous < log.headed

    async def _ship_head(self, signed: SignedHead, *, previous_size: int) -> None:
        head = signed.head
        organization_id = head.organization_id
        async with self._database.transaction(organization_id, read_only=True) as connection:
            leaves = await leaf_hashes(
                connection, organization_id, first=previous_size, end=head.size
            )
        receipt = await self._put(anchor_object(signed, leaves, previous_size=previous_size))
        async with self._database.transaction(organization_id) as connection:
            now = self._ids.now()
            sinks = await add_anchor(
                connection, receipt, organization_id=organization_id, size=head.size, now=now
            )
            if sinks == self._enough:
                event = Event(
                    id=self._ids.new("evt"),
                    type=_ANCHORED,
                    document=canonical_text({**signed.document(), "sinks": sinks}),
                )
                await add_event(connection, event, organization_id=organization_id, now=now)
        self._measures.anchored(self._sink.name)

    async def _put(self, obj: SinkObject) -> Receipt:
        """Bring one object.

        Raises:
            SinkError: the sink did not take it in time.
        """
        try:
            async with asyncio.timeout(self._pace.put_s):
                return await self._sink.put(obj)
        except TimeoutError:
            reason = f"it did not take an object within {self._pace.put_s:g} s"
            raise SinkError(reason, sink=self._sink.name) from None

    async def _holds(self) -> bool:
        """Say whether this process ships to the sink for the time of one more object."""
        return await hold_sink(
            self._database, self._sink.name, holder=self._holder, for_s=self._pace.held_s
        )

    async def _give_back(self) -> None:
        try:
            await give_back_sink(self._database, self._sink.name, holder=self._holder)
        except DomainError as error:  # it is given back by its time
            self._measures.failed(f"ship to {self._sink.name}", error)

    def _no_lines(self) -> LeafLines:
        return LeafLines(most=self._pace.lines, most_bytes=self._pace.most_bytes)

    def _rest_after(self, error: Exception, failures: int) -> float:
        """Return how long to wait after a failure, the more failures there were the longer."""
        asked_s = error.retry_after_s if isinstance(error, SinkError) else None
        if asked_s is not None:
            return min(asked_s, self._pace.longest_s) * (1 + random.random() / 10)
        waited_s = delay_s(failures, base_s=2.0, cap_s=self._pace.cap_s, jitter=random.random())
        return self._pace.every_s / 2 + waited_s

    async def _rests(self, seconds: float) -> bool:
        """Rest, and say whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True
