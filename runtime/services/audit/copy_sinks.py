"""Put objects into the first immutable sink that takes them, and leave alone those that fail.

A sink that failed three times in a row is not put to any more: whoever asks is refused at once.
Once a second, when somebody asks, it is asked whether it could take copies; then it is tried again,
and given up again by the first failure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import AuditUnavailableError
from runtime.kit.canonical_json import digest_bytes
from runtime.ports.audit_sink import AuditSink, Receipt, SinkError, SinkObject
from runtime.services.audit.copying_measures import CopyingMeasures

FAILURES: Final = 3
ASKED_EVERY_S: Final = 1.0
PUT_WITHIN_S: Final = 2.0


@dataclass(slots=True)
class _Door:
    """Stand before one sink."""

    sink: AuditSink
    failures: int = 0
    asked_at_s: float = 0.0
    asking: asyncio.Task[None] | None = None

    @property
    def open(self) -> bool:
        return self.failures < FAILURES


class CopySinks:
    """Hold the immutable sinks of one process, in the order of preference."""

    def __init__(
        self,
        sinks: Sequence[AuditSink],
        *,
        monotonic_s: Callable[[], float],
        measures: CopyingMeasures,
        put_within_s: float = PUT_WITHIN_S,
    ) -> None:
        """Take the immutable ones of the sinks.

        Args:
            sinks: all that are configured; they are closed by who opened them.
            monotonic_s: the time.
            measures: told what happens.
            put_within_s: how long one sink may take over one object.
        """
        self._doors = [_Door(sink) for sink in sinks if sink.immutable]
        self._monotonic_s = monotonic_s
        self._measures = measures
        self._put_within_s = put_within_s

    def check(self) -> None:
        """Return if some sink is put to; ask the others whether they could be.

        Raises:
            AuditUnavailableError: all have failed of late, or there is none.
        """
        if not self._doors:
            raise AuditUnavailableError(reason="no immutable sink is configured")
        for door in self._doors:
            if not door.open:
                self._ask(door)
        if not any(door.open for door in self._doors):
            raise AuditUnavailableError(reason="no immutable sink answers")

    async def put(self, obj: SinkObject, *, records: int) -> Receipt:
        """Return the receipt of the first sink that has a copy, which is of exactly these bytes.

        Raises:
            AuditUnavailableError: none has.
        """
        self.check()
        for door in self._doors:
            if not door.open:
                continue
            began_s = self._monotonic_s()
            receipt = await self._put(door, obj)
            if receipt is None:
                continue
            self._reached(door)
            seconds = self._monotonic_s() - began_s
            self._measures.object_copied(door.sink.name, records=records, seconds=seconds)
            return receipt
        raise AuditUnavailableError(reason="no immutable sink has taken them")

    async def close(self) -> None:
        """Stop asking."""
        asking = [door.asking for door in self._doors if door.asking is not None]
        for task in asking:
            task.cancel()
        if asking:
            await asyncio.wait(asking)

    async def _put(self, door: _Door, obj: SinkObject) -> Receipt | None:
        try:
            async with asyncio.timeout(self._put_within_s):
                receipt = await door.sink.put(obj)
        except SinkError as error:
            why = error.reason
        except TimeoutError:
            why = f"it has not proven a copy in {self._put_within_s:g} s"
        except Exception as error:  # noqa: BLE001  # of whatever driver: it may hold what was sent
            why = type(error).__name__
        else:
            if (receipt.name, receipt.digest) == (obj.name, digest_bytes(obj.body)):
                return receipt
            why = "its receipt is of something else than was put"
        self._failed(door, why=why)
        return None

    def _failed(self, door: _Door, *, why: str) -> None:
        self._measures.sink_failed(door.sink.name, why=why)
        was_open = door.open
        door.failures += 1
        if was_open and not door.open:
            door.asked_at_s = self._monotonic_s()
            self._measures.sink_reachable(door.sink.name, reachable=False)

    def _reached(self, door: _Door) -> None:
        door.failures = 0

    def _ask(self, door: _Door) -> None:
        """Ask a sink that has failed whether it is well, unless it was asked a moment ago."""
        now_s = self._monotonic_s()
        if door.asking is None and now_s - door.asked_at_s >= ASKED_EVERY_S:
            door.asked_at_s = now_s
            door.asking = asyncio.create_task(self._asked(door), name="ask a sink")

    async def _asked(self, door: _Door) -> None:
        try:
            async with asyncio.timeout(self._put_within_s):
                await door.sink.ready()
        except Exception:  # noqa: BLE001  # of whatever driver
            return
        else:
            door.failures = FAILURES - 1
            self._measures.sink_reachable(door.sink.name, reachable=True)
        finally:
            door.asking = None
