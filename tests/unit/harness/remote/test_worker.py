"""Prove that a worker without a broker ends instead of waiting; `test_remote` starts real ones."""

from __future__ import annotations

import threading

import pytest

from harness.remote.link import BrokerError
from harness.remote.terms import Stage, Terms, Unfit
from harness.remote.worker import work
from harness.remote.workshop import Worker
from runtime.public import SystemClock


def test_a_worker_without_a_broker_ends() -> None:
    """It leaves no thread behind."""
    worker = Worker(
        name="w",
        code="1",
        concurrency=1,
        longest_batch_s=1,
        monotonic_s=SystemClock().monotonic_s,
    )

    def opener(_: Terms) -> Stage:
        raise Unfit("never asked")

    with pytest.raises(BrokerError, match="does not serve"):
        work("redis://127.0.0.1:1/0", worker, opener)

    assert "trials" not in {thread.name for thread in threading.enumerate()}
