"""Jobs go through SQS as they do through Redis, but for priorities, which it has none of.

Skipped where the `sqs` extra or moto is missing; `pip install 'plangate[sqs]' 'moto[server]'` runs
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest

from runtime.adapters.celery.broker import POLL_S
from runtime.adapters.celery.consumer import SETTLING_S, JobConsumer
from runtime.adapters.celery.queue import open_queue
from runtime.domain.errors import QueueUnavailableError
from runtime.ports.job_queue import JobMessage
from tests.broker import Taker, a_message, until

_WHY: Final = "pip install 'plangate[sqs]' 'moto[server]' runs it"
boto3: Any = pytest.importorskip("boto3", reason=_WHY)
pytest.importorskip("pycurl", reason=_WHY)
moto: Any = pytest.importorskip("moto.server", reason=_WHY)

pytestmark = [
    # What boto3 and the server of moto warn of is theirs.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
NAME: Final = "plangate-jobs"


@dataclass(frozen=True, slots=True)
class Site:
    """Hold a server that speaks as SQS does."""

    url: str
    client: Any

    def left(self) -> int:
        """Count messages that wait, and those that nobody acknowledged."""
        named = self.client.get_queue_url(QueueName=NAME)["QueueUrl"]
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client.get_queue_attributes(QueueUrl=named, AttributeNames=asked)
        return sum(int(value) for value in found["Attributes"].values())


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Serve an empty SQS."""
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("sqs", endpoint_url=f"http://{host}:{port}")
    for queue in client.list_queues().get("QueueUrls", []):
        client.delete_queue(QueueUrl=queue)
    try:
        yield Site(f"sqs://key:secret@{host}:{port}", client)
    finally:
        client.close()
        server.stop()


@asynccontextmanager
async def _consuming(site: Site, taker: Taker) -> AsyncIterator[JobConsumer]:
    """Consume while the block runs, and outwait the last request for messages."""
    consumer = JobConsumer(site.url, taker.handle, tell=taker.tell, most_jobs=1_000)
    consumer.start()
    try:
        await until(lambda: consumer.connected)
        yield consumer
        await consumer.pause()
    finally:
        await consumer.close()


async def _put(site: Site, *messages: JobMessage) -> None:
    queue = open_queue(site.url)
    await queue.ready()
    await queue.put(messages)
    await queue.close()


def test_a_worker_that_ends_outwaits_its_last_request() -> None:
    """Else what the request brings is out of sight for hours."""
    assert POLL_S < SETTLING_S


async def test_what_is_put_is_taken_and_acknowledged(site: Site) -> None:
    """Two hundred of them, whatever their priority."""
    taker = Taker()
    wanted = [a_message(number, priority=number % 10) for number in range(200)]
    await _put(site, *wanted)

    async with _consuming(site, taker):
        await until(lambda: len(taker.taken) == len(wanted))
        await until(lambda: site.left() == 0)

    assert {item.job_ids for item in taker.taken} == {item.job_ids for item in wanted}


async def test_what_could_not_be_begun_is_offered_again(site: Site) -> None:
    """After a moment, not after the hours of a message that nobody acknowledged."""
    taker = Taker()

    async def refuse_once(_: JobMessage) -> None:
        if len(taker.taken) == 1:
            raise QueueUnavailableError(reason="not now")

    taker.does = refuse_once
    await _put(site, a_message())

    async with _consuming(site, taker):
        await until(lambda: len(taker.taken) == 2)
        await until(lambda: site.left() == 0)


async def test_what_nobody_acknowledges_comes_again(site: Site) -> None:
    """The queue's own visibility timeout says when, if it was made beforehand."""
    site.client.create_queue(QueueName=NAME, Attributes={"VisibilityTimeout": "2"})
    taker, gate = Taker(), asyncio.Event()

    async def wait(_: JobMessage) -> None:
        await gate.wait()

    taker.does = wait
    await _put(site, a_message())

    async with _consuming(site, taker):
        await until(lambda: len(taker.taken) == 2)
        gate.set()
        await until(lambda: site.left() == 0)
