"""Give tests a real broker, and consumers of this process that note what they hear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import pytest
import redis

from runtime.adapters.celery.broker import QUEUE
from runtime.adapters.celery.consumer import Heard, JobConsumer
from runtime.ports.job_queue import JobMessage
from tests.servers.stoppable_redis import StoppableRedis

ORGANIZATION: Final = "org_01KDVDNA000000000000000000"
PATIENCE_S: Final = 20.0
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def a_job_id(number: int) -> str:
    """Return the id of a job by its number, below 1024."""
    return f"job_01KDVDNA00000000000000{_LETTERS[number // 32]}{_LETTERS[number % 32]}00"


def a_message(*numbers: int, priority: int = 4, alone: bool = False) -> JobMessage:
    """Build a message of jobs by their numbers."""
    return JobMessage(
        organization_id=ORGANIZATION,
        job_ids=tuple(a_job_id(number) for number in numbers or (1,)),
        priority=priority,
        alone=alone,
    )


@pytest.fixture
def broker() -> Iterator[StoppableRedis]:
    """Serve a broker that keeps what it has."""
    with StoppableRedis(durable=True) as server:
        yield server


def left_in(broker: StoppableRedis) -> int:
    """Count messages that wait, and those that nobody acknowledged."""
    with redis.Redis.from_url(broker.url) as client:
        lists = [key for key in client.scan_iter(f"{QUEUE}*") if client.type(key) == b"list"]
        waiting: int = sum(client.llen(key) for key in lists)
        unacknowledged: int = client.hlen(f"{QUEUE}.unacked")
        return waiting + unacknowledged


@dataclass(slots=True)
class Taker:
    """Take messages, and note them and what was heard; `does` may be replaced."""

    taken: list[JobMessage] = field(default_factory=list)
    heard: list[tuple[Heard, str]] = field(default_factory=list)
    does: Callable[[JobMessage], Awaitable[None]] | None = None

    async def handle(self, message: JobMessage) -> None:
        """Note a message, and do what the test wants."""
        self.taken.append(message)
        if self.does is not None:
            await self.does(message)

    def tell(self, heard: Heard, *, reason: str = "") -> None:
        """Note what was heard."""
        self.heard.append((heard, reason))

    def reasons(self, heard: Heard) -> list[str]:
        """Return why something was heard."""
        return [reason for kind, reason in self.heard if kind is heard]


@asynccontextmanager
async def consuming(
    broker: StoppableRedis, taker: Taker, *, most_jobs: int = 100, visibility_s: int = 600
) -> AsyncIterator[JobConsumer]:
    """Consume while the block runs."""
    consumer = JobConsumer(
        broker.url,
        taker.handle,
        tell=taker.tell,
        most_jobs=most_jobs,
        visibility_s=visibility_s,
    )
    consumer.start()
    try:
        await until(lambda: consumer.connected)
        yield consumer
    finally:
        await consumer.close()


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is true that another thread or process makes so."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  # no event of this loop tells
            await asyncio.sleep(0.01)
