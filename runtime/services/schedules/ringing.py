"""Listen for alarms of schedules, in every process of the platform that is to execute them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

from runtime.domain.errors import StorageUnavailableError
from runtime.store.schedule_alarms import Alarm, take_alarms
from runtime.store.session import Database

POLL_S: Final = 1.0
AT_ONCE: Final = 16
ALARM_LEASE_S: Final = 30.0
"""How long it takes until the alarms of a process that died ring elsewhere."""
GRACE_S: Final = 10.0

Serve: TypeAlias = Callable[[Alarm], Awaitable[object]]


class Ringing:
    """Take alarms as they ring, a bounded number at once; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        serve: Serve,
        *,
        poll_s: float = POLL_S,
        at_once: int = AT_ONCE,
        grace_s: float = GRACE_S,
    ) -> None:
        self._database = database
        self._serve = serve
        self._poll_s = poll_s
        self._at_once = at_once
        self._grace_s = grace_s
        self._serving: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen from now on."""
        self._listening = asyncio.create_task(self._listen(), name="listen for alarms")

    async def close(self) -> None:
        """Take no alarm any more, and finish those that were taken; what takes long is given up.

        What is given up is tried again elsewhere, or later.
        """
        self._ending.set()
        if self._listening is not None:
            await asyncio.wait([self._listening])
        if self._serving:
            await asyncio.wait(self._serving, timeout=self._grace_s)
        for task in tuple(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    async def _listen(self) -> None:
        while not self._ending.is_set():
            free = self._at_once - len(self._serving)
            taken = await self._taken(free) if free else ()
            for alarm in taken:
                task = asyncio.create_task(self._answer(alarm), name=f"fire {alarm.schedule_id}")
                self._serving.add(task)
                task.add_done_callback(self._serving.discard)
            if not free:
                await self._one_is_done()
            elif len(taken) < free:
                await self._pause()

    async def _taken(self, free: int) -> tuple[Alarm, ...]:
        try:
            return await take_alarms(self._database, limit=free, lease_s=ALARM_LEASE_S)
        except StorageUnavailableError:
            return ()

    async def _answer(self, alarm: Alarm) -> None:
        """Serve an alarm; whatever happens, it rings again as long as there is something to do."""
        try:
            await self._serve(alarm)
        except StorageUnavailableError:
            return
        except Exception as error:  # noqa: BLE001  # the edge: one schedule holds up no other
            told = {"message": f"schedule {alarm.schedule_id} was not served", "exception": error}
            asyncio.get_running_loop().call_exception_handler(told)

    async def _one_is_done(self) -> None:
        await asyncio.wait(self._serving, timeout=self._poll_s, return_when=asyncio.FIRST_COMPLETED)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), self._poll_s)
