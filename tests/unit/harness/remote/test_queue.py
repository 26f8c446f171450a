"""Prove that batches lie in the queue as JSON, and that a queue that is down is told."""

from __future__ import annotations

import base64
import subprocess
import sys

import orjson
import pytest

from harness.matrix import jobs
from harness.remote.link import BrokerError, Link
from harness.remote.parcel import QUEUE, Batch
from harness.remote.queue import LONGEST_BATCH_S, Sender, celery_app

BATCH = Batch(
    run="r", generation="g", number="n", jobs=tuple(jobs(["case"], ["m/x"], trials=2, seed=0))
)


async def test_a_batch_lies_in_the_queue_as_json(server: str, link: Link) -> None:
    """Keys and seeds, nothing that would have to be unpickled."""
    sender = Sender(server)
    await sender.send(BATCH)
    sender.close()

    (message,) = await link.do("LRANGE", QUEUE, 0, -1)

    envelope = orjson.loads(message)
    assert envelope["content-type"] == "application/json"
    arguments, _, _ = orjson.loads(base64.b64decode(envelope["body"]))
    assert Batch.from_document(arguments[0]) == BATCH


async def test_a_queue_that_is_down_is_told_without_its_password() -> None:
    """The run can be resumed."""
    sender = Sender("redis://:secret@127.0.0.1:1/0")

    with pytest.raises(BrokerError, match=r"the broker redis://127\.0\.0\.1:1/0 takes no") as told:
        await sender.send(BATCH)
    sender.close()

    assert "secret" not in str(told.value)


def test_a_message_comes_again_only_when_no_batch_can_be_at_work() -> None:
    """And it is acknowledged when its batch is over."""
    app = celery_app("redis://127.0.0.1:1/0")

    options = app.conf.broker_transport_options
    assert options["visibility_timeout"] > 2 * LONGEST_BATCH_S
    assert (options["unacked_restore_interval"], options["unacked_restore_throttle"]) == (1, 1)
    assert (app.conf.task_acks_late, app.conf.task_reject_on_worker_lost) == (True, True)
    assert app.conf.accept_content == ["json"]
    app.close()


def test_nothing_of_it_is_loaded_unless_it_is_asked_for() -> None:
    """A run on this machine needs no queue and no Redis."""
    code = (
        "import sys, harness.cli.app, harness.cli.run, harness.evaluation, harness.pytest_plugin; "
        "print(sorted({'celery', 'kombu', 'redis'} & set(sys.modules)))"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=50
    )

    assert ran.stdout.strip() == "[]"
