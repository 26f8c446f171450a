"""Carry out `plangate eval worker`: do trials of other machines' runs until told to stop."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from harness.bootstrap import ConfigurationError, SamplingWishes, open_contenders
from harness.cli.reading import complain, read_scenarios
from harness.prepared import prepare_all
from harness.remote.link import BrokerError, shown
from harness.remote.queue import LONGEST_BATCH_S
from harness.remote.terms import Stage, Terms, Unfit
from harness.remote.worker import work
from harness.remote.workshop import Worker
from harness.settings import HarnessSettings, code_version
from harness.yaml_source import SourceError
from runtime.public import Price, SystemClock


def worker_command(*, broker: str, concurrency: int) -> int:
    """Work for every run of a broker; scenario paths are relative to the working folder.

    Args:
        broker: address of the Redis that runs and workers meet at.
        concurrency: trials in flight.

    Returns:
        0 after being told to stop; 5 when the broker can't be used.
    """
    environ = HarnessSettings.read().environ
    name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
    worker = Worker(
        name=name,
        code=code_version(),
        concurrency=concurrency,
        longest_batch_s=LONGEST_BATCH_S,
        monotonic_s=SystemClock().monotonic_s,
    )
    console = Console(stderr=True)
    console.print(f"Worker {name} at {shown(broker)}, plangate {worker.code}", markup=False)
    try:
        return work(broker, worker, lambda terms: open_stage(terms, environ))
    except BrokerError as error:
        return complain(error)


def open_stage(terms: Terms, environ: Mapping[str, str]) -> Stage:
    """Read the run's scenarios and open its models with this machine's keys.

    Raises:
        Unfit: they can't be opened here; the message says why.
    """
    try:
        found = read_scenarios(tuple(Path(path) for path in terms.paths)).tagged(terms.tags)
        scenarios = prepare_all(found)
        contenders = open_contenders(
            tuple(terms.conditions),
            scenarios,
            environ=environ,
            wishes=SamplingWishes(
                max_tokens=terms.max_tokens, timeout_s=terms.timeout_s, retries=terms.retries
            ),
            prices={
                name: Price(prompt=Decimal(prompt), completion=Decimal(completion))
                for name, (prompt, completion) in terms.prices.items()
            },
        )
    except (SourceError, ConfigurationError) as error:
        raise Unfit(f"it can't open the run: {error}") from error
    return Stage(
        suite_digest=found.digest,
        scenarios={item.scenario.id: item for item in scenarios},
        contenders=contenders,
    )
