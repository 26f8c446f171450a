"""Rotate a secret while effects run: shared by a test and a measurement."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from tests.database import FreshDatabase
from tests.secret_site import SecretSite, named, secret_site
from tests.servers.receiver import Received

ACTION: Final = "box.tell@1"


@dataclass(slots=True, kw_only=True)
class Rotated:
    """Say what came of it.

    Attributes:
        rotations: how often the value changed.
        statuses: of jobs.
        refused: requests that brought an old value.
        tried_again: jobs that took more than one attempt.
        fetches: times that the keeper was asked.
    """

    rotations: int
    statuses: Mapping[str, int]
    refused: int
    tried_again: int
    fetches: int


async def rotated_under_load(
    database: FreshDatabase, redis_url: str, *, rotations: int, jobs_each: int
) -> Rotated:
    """Rotate once for every few jobs; the receiver refuses the old value in the same moment."""
    async with secret_site(
        database, redis_url, secrets={"crm": named("crm")}, headers={ACTION: ["crm"]}
    ) as site:
        turning = _Turning(site)
        site.receiver.answers = turning.answer
        for _ in range(rotations):
            for _ in range(jobs_each):
                await site.put(ACTION)
            async with asyncio.TaskGroup() as group:
                delivering = group.create_task(site.deliver())
                await _first_of(delivering, turning.arrived)
                turning.turn()
        await site.finish()
        return Rotated(
            rotations=rotations,
            statuses=await site.statuses(),
            refused=turning.refused,
            tried_again=await site.superuser.fetchval(
                "select count(*) from jobs where attempt > 1"
            ),
            fetches=len(site.provider.fetched),
        )


class _Turning:
    """Be a receiver that takes the newest value only."""

    def __init__(self, site: SecretSite) -> None:
        self._site = site
        self._number = 0
        self.refused = 0
        self.arrived = asyncio.Event()
        self.turn()

    def turn(self) -> None:
        """Change the value on both sides at once."""
        self._number += 1
        self._site.rotate("crm", self._value, str(self._number))
        self.arrived.clear()

    def answer(self, received: Received) -> web.Response:
        self.arrived.set()
        if received.headers["x-crm"] == self._value:
            return web.Response()
        self.refused += 1
        return web.Response(status=401)

    @property
    def _value(self) -> str:
        return f"value-{self._number}"


async def _first_of(delivering: asyncio.Task[None], arrived: asyncio.Event) -> None:
    """Return once a request has arrived, or all are over."""
    waiting = asyncio.create_task(arrived.wait())
    await asyncio.wait({delivering, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    await asyncio.wait({waiting})
