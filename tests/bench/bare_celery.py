"""Run as many tasks that do nothing as plain Celery can on Redis, to compare with.

`python -m tests.bench.bare_celery URL TASKS` puts tasks one by one, starts a worker of two
processes with acknowledgements as ours are, and prints how many a second are done.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import redis
from celery import Celery  # type: ignore[import-untyped]  # ships no types

ROOT: Final = Path(__file__).parents[2]
PROCESSES: Final = 2
QUEUE: Final = "bare"
DONE: Final = "bare-done"
WAIT_S: Final = 120.0

app = Celery("bare", broker=sys.argv[1] if len(sys.argv) > 1 else None)
app.conf.update(
    task_default_queue=QUEUE,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=16,
    broker_connection_retry_on_startup=True,
)


@app.task(name="nothing")  # type: ignore[untyped-decorator]  # as above
def nothing() -> None:
    """Do nothing."""


def main(url: str, tasks: int) -> None:
    """Measure and print the rate."""
    client = redis.Redis.from_url(url)
    worker = subprocess.Popen(
        [sys.executable, __file__, url, "worker"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        nothing.delay()
        _drained(client)
        app.control  # noqa: B018  # the connection is made before the clock runs
        began = time.perf_counter()
        for _ in range(tasks):
            nothing.delay()
        _drained(client)
        print(f"{tasks / (time.perf_counter() - began):.0f}")
    finally:
        worker.terminate()
        worker.wait(30)
        client.close()


def _drained(client: redis.Redis) -> None:
    """Wait until nothing waits, and everything is acknowledged."""
    until = time.perf_counter() + WAIT_S
    while client.llen(QUEUE) or client.hlen("unacked"):
        if time.perf_counter() > until:
            raise TimeoutError("plain Celery did not end")
        time.sleep(0.02)


if __name__ == "__main__":
    if sys.argv[2] == "worker":
        app.worker_main(
            [
                "worker",
                "--concurrency",
                str(PROCESSES),
                "--loglevel",
                "ERROR",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ]
        )
    else:
        main(sys.argv[1], int(sys.argv[2]))
