"""Describe the broker to Celery, equally for those who put messages and those who take them.

JSON alone is spoken. Nothing but messages goes through the broker: no results, no events, no remote
control, no word between workers. Priorities exist on Redis only; SQS and Pub/Sub have none.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from celery import Celery  # type: ignore[import-untyped]  # ships no types
from kombu.entity import Exchange, Queue
from typing_extensions import override

from runtime.adapters.celery.address import REDIS, SOCKETS, broker_url
from runtime.domain.job import HIGHEST_PRIORITY
from runtime.ports.effect import LONGEST_TIMEOUT_S

QUEUE: Final = "plangate.jobs"
TASK: Final = "plangate.jobs"
VISIBILITY_S: Final = 6 * int(LONGEST_TIMEOUT_S)
"""When a message comes again that nobody acknowledged; no job is still at work by then."""
ANSWER_S: Final = 5.0
"""How long a broker may take to answer; twice that to notice that it is gone."""
POLL_S: Final = 1
"""How long SQS keeps a request for messages, and a message that was given back out of sight.

What comes when nobody waits for it any more is out of sight for `VISIBILITY_S`, so a worker that
ends has to outwait its last request."""
_KEEP_ALIVE: Final = {
    number: value
    for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
    if (number := getattr(socket, name, None)) is not None
}


class JobApp(Celery):  # type: ignore[misc]  # as above
    """Be Celery for one broker; a variable of Celery's own in the environment names no other."""

    broker: str = ""

    @override
    def connection_for_read(self, url: str | None = None, **kwargs: Any) -> Any:
        """Return a connection for who takes messages."""
        return super().connection_for_read(url or self.broker, **kwargs)

    @override
    def connection_for_write(self, url: str | None = None, **kwargs: Any) -> Any:
        """Return a connection for who puts them."""
        return super().connection_for_write(url or self.broker, **kwargs)


def job_app(url: str, *, visibility_s: int = VISIBILITY_S) -> JobApp:
    """Return Celery as both sides use it.

    Args:
        url: of the broker: `redis://`, `rediss://`, `unix://`, `sqs://` or `gcpubsub://`.
        visibility_s: when a message comes again that nobody acknowledged.

    Raises:
        BrokerUrlError: it is none of these, or what it takes is not installed.
    """
    broker = broker_url(url)
    app = JobApp("plangate.jobs", broker=broker, set_as_current=False)
    app.broker = broker
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_queues=(job_queue(),),
        task_default_queue=QUEUE,
        task_create_missing_queues=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        worker_enable_prefetch_count_reduction=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,  # none is Celery's to cancel
        worker_detect_quorum_queues=False,
        worker_send_task_events=False,
        broker_connection_timeout=ANSWER_S,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport_options(urlsplit(url).scheme, visibility_s),
    )
    return app


def job_queue() -> Queue:
    """Return the queue that jobs are put into."""
    exchange = Exchange(QUEUE)  # type: ignore[no-untyped-call]  # kombu is typed in part
    return Queue(QUEUE, exchange, routing_key=QUEUE)  # type: ignore[no-untyped-call]  # as above


def broker_priority(priority: int) -> int:
    """Return the priority as Redis transports have it: the smallest number comes first."""
    return HIGHEST_PRIORITY - priority


def _transport_options(scheme: str, visibility_s: int) -> Mapping[str, object]:
    if scheme in REDIS:
        connecting: dict[str, object] = {}
        if scheme not in SOCKETS:
            connecting = {
                "socket_keepalive": True,
                "socket_keepalive_options": _KEEP_ALIVE,
            }
        return {
            "visibility_timeout": visibility_s,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "unacked_restore_limit": 100,
            "unacked_key": f"{QUEUE}.unacked",
            "unacked_index_key": f"{QUEUE}.unacked_index",
            "unacked_mutex_key": f"{QUEUE}.unacked_mutex",
            "unacked_mutex_expire": 30,
            "socket_timeout": ANSWER_S,
            "socket_connect_timeout": ANSWER_S,
            "health_check_interval": 2 * ANSWER_S,
            **connecting,
        }
    if scheme == "sqs":
        return {"visibility_timeout": visibility_s, "wait_time_seconds": POLL_S}
    return {}
