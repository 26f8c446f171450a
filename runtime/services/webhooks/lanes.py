"""Hold lanes in this process: lease those in which something is due, renew, and let go in order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import DomainError
from runtime.services.webhooks.lane_run import LaneParts, LaneRun
from runtime.store.webhook_lanes import (
    Lane,
    give_back_lanes,
    held_lanes,
    renew_lanes,
    take_lanes,
)

AGAIN_S: Final = 1.0
"""After how long a lane is given back that failed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePace:
    """Bound how many lanes a process holds, and how often it looks.

    Attributes:
        lease_s: for how long a lane is leased, from each renewal on.
        most: lanes at a time.
        each: lanes of one look, so that several processes share them.
        busy_s: from one look to the next while lanes are held.
        idle_s: the same at most, while none is.
    """

    lease_s: float = 15.0
    most: int = 500
    each: int = 50
    busy_s: float = 0.05
    idle_s: float = 0.25


class Lanes:
    """Run lanes; belongs to one event loop."""

    def __init__(self, parts: LaneParts, *, worker: str, pace: LanePace | None = None) -> None:
        """Hold none yet; no other process ever has the name of this worker."""
        self._parts = parts
        self._worker = worker
        self._pace = pace or LanePace()
        self._runs: dict[tuple[str, str], LaneRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._renewed_s = 0.0
        self._soon = asyncio.Event()
        self._ended = False

    @property
    def held(self) -> int:
        """Return how many lanes are held."""
        return len(self._runs)

    def look_soon(self) -> None:
        """Look now: there is something new."""
        self._soon.set()

    def end(self) -> None:
        """Take no lane any more, and begin no delivery."""
        self._ended = True
        self._soon.set()
        for run in self._runs.values():
            run.end()

    async def run(self) -> None:
        """Look until the end; whatever fails is tried again by the next look."""
        pause_s = self._pace.busy_s
        while not self._ended:
            try:
                found = await self.look()
            except Exception as error:  # noqa: BLE001  # who ends silently sends nothing any more
                self._parts.measures.failed("lanes", error)
                found = 0
            busy = found or self._runs
            pause_s = self._pace.busy_s if busy else min(2 * pause_s, self._pace.idle_s)
            await self._pause(pause_s)

    async def look(self) -> int:
        """Renew what is held, take what is due, and return how many lanes that were.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        if self._runs:
            await self._compare()
        room = min(self._pace.each, self._pace.most - len(self._runs))
        if self._ended or room <= 0:
            return 0
        until_s = asyncio.get_running_loop().time() + self._pace.lease_s
        taken = await take_lanes(
            self._parts.database,
            worker=self._worker,
            at=self._parts.clock.now(),
            most=room,
            lease_s=self._pace.lease_s,
        )
        for lane in taken:
            self._begin(lane, until_s=until_s)
        self._parts.measures.lanes_held(len(self._runs))
        return len(taken)

    async def close(self, *, grace_s: float) -> None:
        """Let end what is under way, and let others have the lanes."""
        self.end()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _compare(self) -> None:
        """Tell each run how its lane stands, and give back what nobody here runs."""
        database, before = self._parts.database, dict(self._runs)
        now_s, pace = asyncio.get_running_loop().time(), self._pace
        until_s: float | None = None
        if now_s - self._renewed_s >= pace.lease_s / 3:
            lanes = await renew_lanes(database, worker=self._worker, lease_s=pace.lease_s)
            self._renewed_s, until_s = now_s, now_s + pace.lease_s
        else:
            lanes = await held_lanes(database, worker=self._worker)
        stored = {_key(lane): lane for lane in lanes}
        for key, run in before.items():
            lane = stored.get(key)
            if lane is None or lane.fence != run.lane.fence:
                if self._runs.get(key) is run:
                    run.end(lost=True)
            else:
                run.told(lane, until_s=until_s)
        await give_back_lanes(database, [stored[key] for key in stored.keys() - before.keys()])

    def _begin(self, lane: Lane, *, until_s: float) -> None:
        known = self._runs.get(_key(lane))
        if known is not None:  # it was lost and is ours again: the older one ends by itself
            known.end(lost=True)
        run = LaneRun(lane, self._parts, until_s=until_s)
        self._runs[_key(lane)] = run
        task = asyncio.create_task(self._run(run), name=f"lane {lane.endpoint_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, run: LaneRun) -> None:
        """Run a lane to its end; what can't go on here is given back."""
        let_go = False
        try:
            let_go = await run.run()
        except Exception as error:  # noqa: BLE001  # of one lane: others go on
            self._parts.measures.failed("lane", error)
            if not self._ended:
                await asyncio.sleep(AGAIN_S)
        finally:
            if not let_go and not run.lost:
                await self._give_back([run.lane])
            if self._runs.get(_key(run.lane)) is run:
                del self._runs[_key(run.lane)]
            if let_go:
                self.look_soon()

    async def _give_back(self, lanes: Iterable[Lane]) -> None:
        try:
            await give_back_lanes(self._parts.database, tuple(lanes))
        except DomainError as error:  # the lease ends by itself
            self._parts.measures.failed("give back", error)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._soon.wait()
        except TimeoutError:
            return
        finally:
            self._soon.clear()


def _key(lane: Lane) -> tuple[str, str]:
    return lane.organization_id, lane.endpoint_id
