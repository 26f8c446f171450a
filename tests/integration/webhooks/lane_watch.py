"""Stand where a lane that a test plays ends: requests leave there, and ends are written."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Protocol

from typing_extensions import override

from runtime.domain.webhook import Endpoint
from runtime.ports.effect_failure import RetryableError
from runtime.ports.egress import HttpAnswer, HttpCall
from runtime.services.webhooks.ledger import Ledger
from runtime.store.webhook_ends import LaneEnds
from runtime.store.webhook_lanes import Lane

TAKEN: Final = 204
BUSY: Final = 429


class Court(Protocol):
    """Judge what is sent and what is written.

    Attributes:
        newest: the fence of each endpoint's lane.
    """

    newest: Counter[str]

    async def arrived(self, way: Way, call: HttpCall) -> int | None:
        """Return what a request is answered; None: nothing."""
        ...

    def wrote(self, ends: LaneEnds, *, late: bool, counts: bool) -> None:
        """Take note of ends: late, by a worker that was overtaken before; counted, or refused."""
        ...


@dataclass(eq=False, slots=True, kw_only=True)
class Waiting:
    """Hold a request that waits for its answer."""

    call: HttpCall
    answered: asyncio.Future[int | None]


@dataclass(eq=False, slots=True)
class Way:
    """Be the way out of one holder of a lane."""

    court: Court
    fence: int
    under_way: int = 0
    taken: set[str] = field(default_factory=set)

    async def send(self, call: HttpCall) -> HttpAnswer:
        """Arrive, and wait for the answer."""
        self.under_way += 1
        try:
            status = await self.court.arrived(self, call)
        finally:
            self.under_way -= 1
        if status is None:
            raise RetryableError("nobody answered")
        if status in {200, TAKEN}:
            self.taken.add(call.message_id)
        headers = {"retry-after": "600"} if status == BUSY else {}
        return HttpAnswer(status=status, headers=headers, body=b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedLedger(Ledger):
    """Write ends, and tell what was written under which lease."""

    court: Court

    @override
    async def write(self, lane: Lane, endpoint: Endpoint, ends: LaneEnds) -> bool:
        late = lane.fence < self.court.newest[endpoint.id]
        counts = await Ledger.write(self, lane, endpoint, ends)
        self.court.wrote(ends, late=late, counts=counts)
        return counts
