"""Carry batches by Celery: the one module that imports it, loaded by whoever asked for it.

A message is acknowledged when its batch is over, and comes again when its worker died. What comes
twice is answered from what is kept, so the queue may deliver as often as it likes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from celery import Celery  # type: ignore[import-untyped]  # ships no types
from celery.signals import worker_shutting_down  # type: ignore[import-untyped]  # as above
from kombu.exceptions import KombuError

from harness.remote.link import BrokerError, shown
from harness.remote.parcel import QUEUE, Batch
from runtime.public import JsonObject

TASK: Final = "plangate.eval.batch"
BATCHES_AT_ONCE: Final = 2
"""So that a worker's places are not empty while the last trial of a batch takes its time."""

LONGEST_BATCH_S: Final = 1_800
"""After this a worker begins no further trial of a batch; the rest is sent anew."""

VISIBILITY_S: Final = 4 * LONGEST_BATCH_S
"""When an unacknowledged message comes again; above it, no batch is still at work."""


def celery_app(broker: str) -> Celery:
    """Return the Celery app of both sides."""
    app = Celery("plangate.eval", broker=broker, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_default_queue=QUEUE,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_S,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
        },
    )
    return app


class Sender:
    """Put batches into the queue."""

    def __init__(self, broker: str) -> None:
        """Name the broker."""
        self._app = celery_app(broker)
        self._shown = shown(broker)

    async def send(self, batch: Batch) -> None:
        """Put one batch in line.

        Raises:
            BrokerError: the queue does not take it.
        """
        try:
            await asyncio.to_thread(self._put, batch.document())
        except (KombuError, OSError) as error:
            raise BrokerError(f"the broker {self._shown} takes no trials: {error}") from error

    def close(self) -> None:
        """Release the connections."""
        self._app.close()

    def _put(self, document: JsonObject) -> None:
        self._app.send_task(TASK, args=[document], queue=QUEUE, retry=False)


def serve(broker: str, *, do: Callable[[Batch], None], stopping: Callable[[], None]) -> int:
    """Take batches from the queue until the process is told to stop.

    Args:
        broker: whose queue.
        do: carries a batch through; called from several threads.
        stopping: called once when no further batch will come.

    Returns:
        the exit code that Celery ends with.
    """
    app = celery_app(broker)

    def batch(document: JsonObject) -> None:
        do(Batch.from_document(document))

    def told(**_: object) -> None:
        stopping()

    app.task(name=TASK)(batch)
    worker_shutting_down.connect(told, weak=False)
    try:
        worker = app.Worker(
            pool="threads",
            concurrency=BATCHES_AT_ONCE,
            queues=[QUEUE],
            loglevel="WARNING",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
        return int(worker.exitcode or 0)
    finally:
        worker_shutting_down.disconnect(told)
        app.close()
