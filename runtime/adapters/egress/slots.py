"""Bound how many requests are under way: to one host, so that a slow one holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Host:
    places: asyncio.Semaphore
    wanted: int = field(default=0)


class Slots:
    """Give out places; what nobody wants is forgotten."""

    def __init__(self, *, per_host: int, total: int) -> None:
        self._per_host = per_host
        self._all = asyncio.Semaphore(total)
        self._hosts: dict[str, _Host] = {}

    @property
    def hosts(self) -> int:
        """Return how many hosts somebody has a place of, or waits for one."""
        return len(self._hosts)

    @asynccontextmanager
    async def held(self, host: str) -> AsyncIterator[None]:
        """Hold a place of a host while the block runs; first the host's own, then one of all."""
        known = self._hosts.setdefault(host, _Host(asyncio.Semaphore(self._per_host)))
        known.wanted += 1
        try:
            async with known.places, self._all:
                yield
        finally:
            known.wanted -= 1
            if not known.wanted:
                del self._hosts[host]
