"""Run one worker process: Celery's threads take batches, one event loop does their trials."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from harness.remote.link import BrokerError, Link
from harness.remote.parcel import Batch
from harness.remote.queue import serve
from harness.remote.store import PRESENT_MS, be_gone, be_present
from harness.remote.workshop import Opener, Worker, Workshop

BEATS: Final = 3
CLOSING_S: Final = 30.0


def work(broker: str, worker: Worker, opener: Opener) -> int:
    """Do trials until the process is told to stop; what is under way then is finished first.

    Raises:
        BrokerError: the broker is none, or does not serve.
    """
    with _loop() as loop:
        link = Link(broker)
        asyncio.run_coroutine_threadsafe(be_present(link, worker.name), loop).result()
        workshop = Workshop(worker, link, opener)
        beating = asyncio.run_coroutine_threadsafe(_beat(link, worker.name), loop)

        def do(batch: Batch) -> None:
            asyncio.run_coroutine_threadsafe(workshop.do(batch), loop).result()

        try:
            return serve(broker, do=do, stopping=workshop.stop)
        finally:
            beating.cancel()
            ending = asyncio.run_coroutine_threadsafe(_end(workshop, link, worker.name), loop)
            ending.result(CLOSING_S)


async def _beat(link: Link, name: str) -> None:
    while True:
        await asyncio.sleep(PRESENT_MS / 1000 / BEATS)
        try:
            await be_present(link, name)
        except BrokerError:
            continue  # the next beat may come through


async def _end(workshop: Workshop, link: Link, name: str) -> None:
    try:
        await be_gone(link, name)
    finally:
        await workshop.close()


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop in a thread of its own, where contenders keep their connections."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="trials", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
