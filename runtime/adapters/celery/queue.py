"""Put messages into the queue, from a thread of its own, so that no event loop waits for a broker.

What could not be put is not tried again here: who asked has it still, and asks again. Celery is
loaded in that thread, when something is first put.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from runtime.adapters.celery.address import broker_url, shown
from runtime.domain.errors import QueueUnavailableError
from runtime.ports.job_queue import JobMessage, JobQueue


class _Sends(Protocol):
    """Be `sender.Sender`, which is loaded late."""

    def put(self, messages: Sequence[JobMessage]) -> None: ...

    def look(self) -> None: ...

    def close(self) -> None: ...


class CeleryQueue:
    """Be the queue for those who put; connects when it is first used, and again when it must."""

    def __init__(self, url: str) -> None:
        """Name the broker.

        Raises:
            BrokerUrlError: it is none that this can use.
        """
        broker_url(url)
        self._url = url
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="plangate-queue")
        self._sender: _Sends | None = None
        self._closed = False

    async def put(self, messages: Sequence[JobMessage]) -> None:
        """Return once the broker has all of them.

        Raises:
            QueueUnavailableError: it may have some of them, or none.
        """
        if messages:
            await self._told(lambda sender: sender.put(messages))

    async def ready(self) -> None:
        """Return when messages could be put now.

        Raises:
            QueueUnavailableError: they could not.
        """
        await self._told(lambda sender: sender.look())

    async def close(self) -> None:
        """Release the connection and the thread."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
            self._thread.shutdown(wait=False)

    async def _told(self, act: Callable[[_Sends], None]) -> None:
        """Do something in the thread; whatever goes wrong there is the broker's doing."""
        if self._closed:
            raise QueueUnavailableError(reason="this process ends")
        await asyncio.get_running_loop().run_in_executor(self._thread, self._try, act)

    def _try(self, act: Callable[[_Sends], None]) -> None:
        try:
            act(self._sending())
        except Exception as error:
            self._disconnect()
            cause = error.__cause__ or error
            reason = f"{shown(self._url)} can't be used ({type(cause).__name__})"
            raise QueueUnavailableError(reason=reason) from error

    def _sending(self) -> _Sends:
        if self._sender is None:
            from runtime.adapters.celery.sender import Sender  # noqa: PLC0415  # loads Celery

            self._sender = Sender(self._url)
        return self._sender

    def _disconnect(self) -> None:
        if self._sender is not None:
            self._sender.close()


def open_queue(url: str) -> JobQueue:
    """Return the queue of a broker; nothing is connected yet.

    Args:
        url: `redis://`, `rediss://`, `unix://`, `sqs://` or `gcpubsub://`; may hold a password,
            which no message repeats.

    Raises:
        BrokerUrlError: it is none of these, or what it takes is not installed.
    """
    return CeleryQueue(url)
