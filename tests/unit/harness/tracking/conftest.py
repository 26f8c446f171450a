"""Log runs into one real SQLite store that the tests of this folder read from."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from harness.checks import Verdict
from harness.record import RunRecord, read_run
from harness.settings import HarnessSettings
from harness.tracking.crown import crown_models
from harness.tracking.mlflow_log import log_run
from harness.tracking.store import Store, open_store
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_gate,
    a_lost_trial,
    a_run,
    a_trial,
)

KEYWORD = "plangate/keyword"
PROMPT = "1:sha256:4e4f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Hold a store with three runs: the first logged twice, the last with another prompt."""

    store: Store
    first: RunRecord
    parents: tuple[str, ...]


def settings_for(uri: str) -> HarnessSettings:
    """Build settings for a store."""
    return HarnessSettings(environ=dict(os.environ), tracking_uri=uri, in_ci=True)


@pytest.fixture(scope="session")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    """Log three runs, and bless the oracle in the first and the last."""
    home = tmp_path_factory.mktemp("tracking")
    trials = [
        a_trial(calls=1),
        a_failed_trial(model=KEYWORD),
        a_lost_trial("helpdesk-other", KEYWORD),
    ]
    first = read_run(a_run(home / "one", trials, gate=a_gate(Verdict.REGRESSION)))
    second = read_run(a_run(home / "two", [a_trial()], run="run_02"))
    other = {"helpdesk": {"registry": "sha256:01", "prompt": PROMPT}}
    third = read_run(a_run(home / "three", [a_trial()], run="run_03", comparability=other))
    uri = f"sqlite:///{home}/store/mlflow.db"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parents = [
            log_run(run, tracking_uri=uri, traces=run is first)
            for run in (first, first, second, third)
        ]
        crown_models(first, [ORACLE], tracking_uri=uri)
        crown_models(third, [ORACLE], tracking_uri=uri)
        store = open_store(uri, now_ms=0)
        yield Logged(store=store, first=first, parents=tuple(parents))
