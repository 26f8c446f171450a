"""A run that can't be logged whole is marked as failed, and the table has every trial."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from harness.record import read_run
from harness.results import RESULTS, RunError
from harness.tracking.figures import COLUMNS
from harness.tracking.mlflow_log import log_run, results_frame
from tests.unit.harness.reporting.builders import a_failed_trial, a_lost_trial, a_run, a_trial


def test_the_table_has_a_row_for_each_trial() -> None:
    """Lost trials are in it too: their number is part of the truth."""
    table = results_frame(iter([a_trial(), a_failed_trial(index=1), a_lost_trial(index=2)]))

    assert tuple(table.columns) == COLUMNS
    assert list(table["passed"]) == [True, False, None]


@pytest.mark.filterwarnings("ignore")  # the driver's own; a store of its own is opened here
def test_a_run_that_breaks_off_is_marked_as_failed(tmp_path: Path) -> None:
    """Half a log never looks like a whole one."""
    folder = a_run(tmp_path / "run", [a_trial()])
    (folder / RESULTS).write_bytes(b"damaged\n")
    uri = f"sqlite:///{tmp_path}/store/mlflow.db"

    with pytest.raises(RunError, match="no trial record"):
        log_run(read_run(folder), tracking_uri=uri)

    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("plangate")
    assert experiment is not None
    statuses = {
        run.info.run_name: run.info.status for run in client.search_runs([experiment.experiment_id])
    }
    assert statuses == {"run_01": "FAILED", "plangate/oracle": "FINISHED"}
