"""Take messages from the queue, in a thread of its own, and let an event loop do what they ask.

Celery's worker keeps the connection, for ever; a message costs no thread and no process. It is
acknowledged when all it asks for is over. How much is taken is bounded by jobs, not by messages, so
that many of any organization are under way beside each other and none is hoarded.

Celery keeps some of its state by process: there is one consumer at a time.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import Final, Protocol

from celery.utils.log import base_logger  # type: ignore[import-untyped]  # ships no types
from celery.worker import WorkController, state  # type: ignore[import-untyped]  # as above
from kombu.asynchronous import set_event_loop
from kombu.message import Message

from runtime.adapters.celery.broker import QUEUE, TASK, VISIBILITY_S, job_app
from runtime.adapters.celery.hub_consumer import HubConsumer, libraries_told
from runtime.adapters.celery.parcels import read_parcel
from runtime.domain.errors import (
    JobMessageError,
    QueueUnavailableError,
    StorageUnavailableError,
)
from runtime.ports.job_queue import JobMessage

MOST_JOBS: Final = 1_000
"""That a worker holds or is about to; while it has so many, it takes no further message."""
SETTLING_S: Final = 1.2
"""Longer than the broker keeps a request for a message, which may bring one after we want none."""
ENDING_S: Final = 15.0
_LONGEST_WAIT_S: Final = 5.0
"""Of a message that could not be begun, before anybody is offered it again."""
_AGAIN_S: Final = 1.0


class Heard(StrEnum):
    """Say what a consumer has to tell."""

    CONNECTED = "connected"
    LOST = "lost"
    UNREADABLE = "unreadable"
    FAILED = "failed"


class Tell(Protocol):
    """Take note of what a consumer tells; called from any thread."""

    def __call__(self, heard: Heard, *, reason: str = "") -> None:
        """Take note."""
        ...


class JobConsumer:
    """Take messages for one event loop."""

    def __init__(
        self,
        url: str,
        handle: Callable[[JobMessage], Awaitable[object]],
        *,
        tell: Tell,
        most_jobs: int = MOST_JOBS,
        visibility_s: int = VISIBILITY_S,
    ) -> None:
        """Take nothing yet.

        Args:
            url: of the broker, as for `open_queue`.
            handle: does what a message asks for, and returns when that is over. What it raises:
                `QueueUnavailableError` and `StorageUnavailableError` let others have the message.
            tell: learns what happens.
            most_jobs: that are under way at a time.
            visibility_s: when a message comes again that nobody acknowledged.

        Raises:
            BrokerUrlError: the address is none that this can use.
        """
        job_app(url).close()
        self._url = url
        self._visibility_s = visibility_s
        self._handle = handle
        self._tell = tell
        self._hub = _HubSide(self._begin, tell=tell, most_jobs=most_jobs)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._carrying: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Say whether messages come."""
        return self._hub.consumer is not None

    @property
    def carrying(self) -> int:
        """Return how many messages are under way."""
        return len(self._carrying)

    def start(self) -> None:
        """Take messages from now on, whenever the broker is there."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._serve, name="plangate-consumer", daemon=True)
        self._thread.start()

    async def pause(self) -> None:
        """Take no further message; return when none comes any more."""
        if self._hub.pause():
            await asyncio.sleep(SETTLING_S)

    async def close(self) -> None:
        """End: what is under way is given up, and others are offered it."""
        for task in tuple(self._carrying):
            task.cancel()
        if self._carrying:
            await asyncio.wait(self._carrying)
        self._ending.set()
        state.should_stop = 0
        self._hub.wake()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, ENDING_S)

    def _serve(self) -> None:
        """Be a worker of Celery's, again and again should it give up."""
        with libraries_told(lambda line: self._tell(Heard.FAILED, reason=line)):
            while not self._ending.is_set():
                try:
                    self._consume()
                except Exception as error:  # noqa: BLE001  # whatever it is, jobs have to go on
                    self._tell(Heard.FAILED, reason=f"Celery's worker: {type(error).__name__}")
                self._ending.wait(_AGAIN_S)

    def _consume(self) -> None:
        state.should_stop = state.should_terminate = None
        if self._ending.is_set():
            return
        app = job_app(self._url, visibility_s=self._visibility_s)
        app.task(name=TASK, shared=False, Strategy=self._hub.strategy)(_nothing)
        try:
            worker = WorkController(
                app=app,
                hostname="plangate",
                queues=[QUEUE],
                pool_cls="solo",  # nothing ever runs in it
                concurrency=self._hub.most_jobs,
                consumer_cls=partial(HubConsumer, hooks=self._hub),
                without_gossip=True,
                without_mingle=True,
                without_heartbeat=True,
            )
            worker.start()
        finally:
            self._hub.void()
            app.close()
            set_event_loop(None)

    def _begin(self, message: JobMessage, settle: Callable[[bool], None]) -> None:
        """Let the event loop have a message; called in the consumer's thread."""
        if self._loop is None:
            raise RuntimeError("the consumer was not started")
        self._loop.call_soon_threadsafe(self._carry_soon, message, settle)

    def _carry_soon(self, message: JobMessage, settle: Callable[[bool], None]) -> None:
        task = asyncio.ensure_future(self._carry(message, settle))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, message: JobMessage, settle: Callable[[bool], None]) -> None:
        """Do what a message asks for, and say whether others are to be offered it."""
        again = False
        try:
            await self._handle(message)
        except QueueUnavailableError:
            again = True
        except StorageUnavailableError:
            again = True
            await asyncio.sleep(random.uniform(_AGAIN_S, _LONGEST_WAIT_S))
        except asyncio.CancelledError:
            again = True
            raise
        except Exception as error:  # noqa: BLE001  # the outbox has the jobs still
            self._tell(Heard.FAILED, reason=f"a message: {type(error).__name__}")
        finally:
            settle(again)


class _HubSide:
    """Act in the consumer's thread: read messages, acknowledge them, and take as many as wanted."""

    def __init__(
        self,
        begin: Callable[[JobMessage, Callable[[bool], None]], None],
        *,
        tell: Tell,
        most_jobs: int,
    ) -> None:
        self._begin = begin
        self._tell = tell
        self.most_jobs = most_jobs
        self.consumer: HubConsumer | None = None
        self._connection = 0
        self._in_hand = 0
        self._open = True
        self._paused = False
        self._told_lost = False

    def connected(self, consumer: HubConsumer) -> None:
        """Take note that messages come from now on."""
        self.consumer = consumer
        self._open = True
        self._told_lost = False
        if self._paused:
            self._stop_taking()
        self._regulate()
        self._tell(Heard.CONNECTED)

    def lost(self, reason: str) -> None:
        """Take note that none come; that is told once, however often it is tried again."""
        self.void()
        if not self._told_lost:
            self._told_lost = True
            self._tell(Heard.LOST, reason=reason)

    def void(self) -> None:
        """Forget the connection: what came over it can't be acknowledged any more."""
        self._connection += 1
        self.consumer = None

    def unreadable(self, problem: str) -> None:
        """Take note of a message that was dropped."""
        self._tell(Heard.UNREADABLE, reason=problem)

    def strategy(self, _task: object, _app: object, consumer: HubConsumer) -> Callable[..., None]:
        """Return what takes messages, as Celery asks for it."""

        def take(message: Message, *_: object) -> None:
            self._take(message, consumer)

        return take

    def pause(self) -> bool:
        """Have nothing more sent; return whether something may still be on its way."""
        self._paused = True
        consumer = self.consumer
        if consumer is None:
            return False
        consumer.call_soon(self._stop_taking)
        return True

    def wake(self) -> None:
        """Let the thread look at what it is told."""
        consumer = self.consumer
        if consumer is not None:
            consumer.call_soon(_nothing)

    def _stop_taking(self) -> None:
        """Have nothing sent, and what is on its way sent back."""
        consumer = self.consumer
        if consumer is not None:
            consumer.task_consumer.qos(prefetch_count=self.most_jobs)  # else it would be left lying
            consumer.task_consumer.cancel()

    def _take(self, message: Message, consumer: HubConsumer) -> None:
        try:
            parcel = read_parcel(message.payload)
        except JobMessageError as error:
            self.unreadable(error.problem)
            message.ack_log_error(base_logger, consumer.connection_errors)  # type: ignore[no-untyped-call]
            return
        jobs, connection = sum(len(item.job_ids) for item in parcel), self._connection
        self._in_hand += jobs
        self._regulate()
        settled: list[bool] = []

        def settle(again: bool) -> None:  # noqa: FBT001  # of one meaning, and ours alone
            settled.append(again)
            if len(settled) == len(parcel):
                consumer.call_soon(
                    partial(
                        self._settle, message, jobs=jobs, connection=connection, again=any(settled)
                    )
                )

        for asked in parcel:
            self._begin(asked, settle)

    def _settle(self, message: Message, *, jobs: int, connection: int, again: bool) -> None:
        """Acknowledge a message, or give it back; what came over a lost connection is void."""
        self._in_hand -= jobs
        self._regulate()
        consumer = self.consumer
        if consumer is None or connection != self._connection:
            return
        if again:
            message.reject_log_error(base_logger, consumer.connection_errors, requeue=True)  # type: ignore[no-untyped-call]
        else:
            message.ack_log_error(base_logger, consumer.connection_errors)  # type: ignore[no-untyped-call]

    def _regulate(self) -> None:
        """Take further messages, or none while there are enough jobs in hand."""
        consumer, wanted = self.consumer, self._in_hand < self.most_jobs
        if consumer is not None and wanted is not self._open and not self._paused:
            self._open = wanted
            consumer.task_consumer.qos(prefetch_count=self.most_jobs if wanted else 1)


def _nothing(*_: Sequence[object]) -> None:
    """Do nothing: the strategy does what the task is for."""
