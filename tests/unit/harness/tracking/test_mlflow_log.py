"""What was logged is read back through MLflow's own client."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from harness.record import read_run
from harness.results import RESULTS, RunError
from harness.tracking.mlflow_log import log_run
from tests.unit.harness.reporting.builders import ORACLE, a_run, a_trial
from tests.unit.harness.tracking.conftest import KEYWORD, Logged

pytestmark = pytest.mark.filterwarnings("ignore")  # the driver's own


def children(logged: Logged, *, of: int) -> dict[str, Run]:
    """Return the runs of the models under one logged run."""
    found = logged.store.client.search_runs(
        [logged.store.experiment], f"tags.`mlflow.parentRunId` = '{logged.parents[of]}'"
    )
    return {run.data.params["model"]: run for run in found}


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


def test_the_suite_is_an_input_of_the_run(logged: Logged) -> None:
    """Whoever compares two runs in MLflow sees whether they had the same scenarios."""
    inputs = logged.store.client.get_run(logged.parents[0]).inputs
    assert inputs is not None
    (given,) = inputs.dataset_inputs
    source, profile, schema = (
        orjson.loads(text or "")
        for text in (given.dataset.source, given.dataset.profile, given.dataset.schema)
    )

    assert (given.dataset.name, given.dataset.digest) == ("scenarios", "sha256:5a1e")
    assert source == {"files": ["scenarios/helpdesk/cases.yaml"]}
    assert profile == {"scenarios": 2, "families": 2}
    assert schema["environments"] == ["helpdesk"]
    assert {tag.key: tag.value for tag in given.tags} == {
        "mlflow.data.context": "evaluation",
        "plangate.digest": "sha256:5a1e",
    }


def test_the_figures_stand_at_the_logged_model_as_well(logged: Logged) -> None:
    """A configuration shows what it reached, whichever run it was in."""
    store = logged.store
    models = store.client.search_logged_models(
        [store.experiment], filter_string=f"tags.`plangate.model` = '{KEYWORD}'"
    )

    (keyword,) = models
    assert keyword.params["helpdesk.registry"] == "sha256:01"
    assert {item.value for item in keyword.metrics or () if item.key == "pass_rate"} == {0.0}


def test_each_trial_has_its_trace(logged: Logged) -> None:
    """Logging the run again writes no trace twice."""
    client, store = logged.store.client, logged.store
    traces = client.search_traces(locations=[store.experiment], run_id=logged.parents[1])

    assert len(client.search_traces(locations=[store.experiment])) == len(traces) == 3
    by_model = {trace.info.tags["plangate.model"]: trace for trace in traces}
    oracle = by_model[ORACLE]
    assert oracle.info.tags["plangate.scenario"] == "helpdesk-refund"
    assert oracle.info.tags["plangate.passed"] == "True"
    assert oracle.info.token_usage == {
        "input_tokens": 100, "output_tokens": 20, "total_tokens": 120,
    }  # fmt: skip


def test_a_child_tells_what_trends_need(logged: Logged) -> None:
    """One query of the children is enough for a chart."""
    tags = children(logged, of=0)[KEYWORD].data.tags

    assert tags["plangate.gate"] == "regression"
    assert tags["plangate.created"] == "2026-03-02T10:00:00+00:00"
    assert tags["plangate.suite"] == "sha256:5a1e"
