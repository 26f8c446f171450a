"""Say whether what the process depends on answers, asked at most once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import SchemaMismatchError
from runtime.kit.clock import Clock
from runtime.services.remembered import Remembered, Told
from runtime.store.revisions import head_revision
from runtime.store.schema import found_revision
from runtime.store.session import Database

PATIENCE_S: Final = 2.0
FRESH_S: Final = 1.0

Probe = Callable[[], Awaitable[None]]
"""Ask a dependency something small; whatever is raised means that it is down."""


class DegradedError(Exception):
    """Raise in a probe: what it asks answers, though not for long as things are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Say how a dependency answered; why it did not is nobody's business outside."""

    up: bool
    latency_ms: float
    degraded: bool = False


class Readiness:
    """Probe dependencies by name."""

    def __init__(
        self, probes: Mapping[str, Probe], clock: Clock, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._probes = dict(probes)
        self._monotonic_s = clock.monotonic_s
        self._patience_s = patience_s
        self._remembered = Remembered[dict[str, Found]](monotonic_s=clock.monotonic_s)

    async def found(self) -> Mapping[str, Found]:
        """Return how each dependency answers; all are asked at once."""
        return await self._remembered.told("all", self._asked) or {}

    async def close(self) -> None:
        """Wait for what is being asked."""
        await self._remembered.close()

    async def _asked(self) -> Told[dict[str, Found]]:
        async with asyncio.TaskGroup() as group:
            asked = {
                name: group.create_task(self._probed(probe)) for name, probe in self._probes.items()
            }
        answers = {name: task.result() for name, task in asked.items()}
        return Told(value=answers, fresh_s=FRESH_S)

    async def _probed(self, probe: Probe) -> Found:
        began_s = self._monotonic_s()
        degraded = False
        try:
            async with asyncio.timeout(self._patience_s):
                await probe()
        except DegradedError:
            up = degraded = True
        except Exception:  # noqa: BLE001  # of whatever driver: down is down
            up = False
        else:
            up = True
        latency_ms = round((self._monotonic_s() - began_s) * 1000, 2)
        return Found(up=up, latency_ms=latency_ms, degraded=degraded)


def database_probe(database: Database) -> Probe:
    """Return a probe that compares the schema's revision with the one that this code needs."""
    needed = head_revision()

    async def probe() -> None:
        async with database.engine.connect() as connection:
            found = await found_revision(connection)
        if found != needed:
            raise SchemaMismatchError(found=found, needed=needed, remedy="migrate it")

    return probe
