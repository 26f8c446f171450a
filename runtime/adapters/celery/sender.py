"""Send messages by Celery: one connection of one thread, made when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4  # noqa: TID251  # Celery names its messages so; nobody reads the name

from kombu.messaging import Producer

from runtime.adapters.celery.broker import QUEUE, TASK, broker_priority, job_app, job_queue
from runtime.adapters.celery.parcels import Parcel, parcels_of, spelled
from runtime.ports.job_queue import JobMessage

_MOST_TOGETHER: Final = 200


class Sender:
    """Belong to one thread; whatever it raises is the broker's doing, and it is closed then."""

    def __init__(self, url: str) -> None:
        self._app = job_app(url)
        self._connection: Any = None
        self._producer: Producer | None = None

    def put(self, messages: Sequence[JobMessage]) -> None:
        """Return once the broker has all messages; they travel together where it takes them so."""
        producer = self._connected()
        together = producer.batch(_MOST_TOGETHER)  # type: ignore[no-untyped-call]  # kombu is typed in part
        with together:
            for parcel in parcels_of(messages):
                self._publish(producer, parcel)

    def look(self) -> None:
        """Ask the broker something that it can't answer unless it serves."""
        queue = job_queue()(self._connected().channel)
        queue.queue_declare()  # type: ignore[no-untyped-call]  # as above

    def close(self) -> None:
        """Drop the connection; the next message makes another one."""
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            try:
                connection.release()
            except Exception:  # noqa: BLE001  # it is broken, and is not used any more
                return

    def _publish(self, producer: Producer, parcel: Parcel) -> None:
        task = self._app.amqp.as_task_v2(
            str(uuid4()),
            TASK,
            args=spelled(parcel),
            argsrepr="",
            kwargsrepr="",
            origin="relay",
        )
        producer.publish(  # type: ignore[no-untyped-call]  # as above
            task.body,
            headers=task.headers,
            exchange="",  # straight to the queue: nothing is looked up
            routing_key=QUEUE,
            declare=[job_queue()],
            serializer="json",
            priority=broker_priority(parcel[0].priority),
            delivery_mode=2,
            retry=False,
            **task.properties,
        )

    def _connected(self) -> Producer:
        if self._producer is None:
            self._connection = self._app.connection_for_write()
            self._connection.connect()
            self._producer = self._app.amqp.Producer(self._connection.default_channel)
        return self._producer
