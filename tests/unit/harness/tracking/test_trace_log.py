"""Many traces are written a hundred at a time."""

from __future__ import annotations

import pytest

from harness.tracking.trace_log import TRACES_A_BATCH, log_traces
from harness.tracking.traces import TraceSource
from tests.unit.harness.reporting.builders import a_trial
from tests.unit.harness.tracking.conftest import Logged


@pytest.mark.filterwarnings("ignore")  # the driver's own
def test_no_trace_is_lost_between_batches(logged: Logged) -> None:
    """MLflow links at most a hundred traces to a run in one call."""
    store = logged.store
    trials = [a_trial(index=index) for index in range(TRACES_A_BATCH + 1)]
    with store.run("traced", {}) as run_id:
        log_traces(store, run_id, trials, source=TraceSource(run="r", began_ns=1, said={}))

    found = store.client.search_traces(
        locations=[store.experiment], run_id=run_id, max_results=500, include_spans=False
    )
    assert len(found) == len(trials)
    store.client.delete_traces(
        store.experiment, trace_ids=[item.info.trace_id for item in found[:100]]
    )
    store.client.delete_traces(
        store.experiment, trace_ids=[item.info.trace_id for item in found[100:]]
    )
