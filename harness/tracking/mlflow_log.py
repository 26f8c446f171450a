"""Log a finished run: a parent run, one child a model, parameters, metrics, table and files.

Run as `python -m harness.tracking.mlflow_log FOLDER`; the only module that imports mlflow. Where to
log is read from the environment, so that a password in an address never shows in a process list.
An MLflow run costs few round trips: create, one batch of parameters and metrics, end.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.public import quiet_environment

quiet_environment()

import pandas as pd  # noqa: E402  # next to mlflow, which wants its tables
from mlflow import MlflowClient  # noqa: E402  # reads the quiet environment on import
from mlflow.entities import Metric, Param  # noqa: E402  # as above
from mlflow.exceptions import MlflowException  # noqa: E402  # as above

from harness.record import RunRecord, read_run  # noqa: E402
from harness.settings import HarnessSettings  # noqa: E402
from harness.tracking.figures import (  # noqa: E402
    COLUMNS,
    model_metrics,
    model_parameters,
    row_of,
    run_parameters,
)
from harness.trial import TrialRecord  # noqa: E402
from runtime.public import SystemClock  # noqa: E402

EXPERIMENT = "plangate"
RUN_TAG = "plangate.run"
GATE_TAG = "plangate.gate"
PARENT_TAG = "mlflow.parentRunId"
TABLE = "results.json"
METRICS_A_BATCH = 1_000
PARAMETERS_A_BATCH = 100
_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """Write runs of one experiment, all stamped with the same instant."""

    client: MlflowClient
    experiment: str
    now_ms: int

    @contextmanager
    def run(self, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """Open a run and end it: finished, or failed when something goes wrong."""
        created = self.client.create_run(self.experiment, tags=dict(tags), run_name=name)
        run_id = str(created.info.run_id)
        try:
            yield run_id
        except BaseException:
            self.client.set_terminated(run_id, status="FAILED")
            raise
        self.client.set_terminated(run_id, status="FINISHED")

    def batch(
        self, run_id: str, parameters: Mapping[str, str], metrics: Mapping[str, float]
    ) -> None:
        """Write parameters and metrics, as many a round trip as MLflow takes."""
        params = [Param(key, value) for key, value in parameters.items()]
        values = [Metric(key, value, self.now_ms, 0) for key, value in metrics.items()]
        most = METRICS_A_BATCH - PARAMETERS_A_BATCH
        while params or values:
            self.client.log_batch(run_id, metrics=values[:most], params=params[:PARAMETERS_A_BATCH])
            del values[:most], params[:PARAMETERS_A_BATCH]


def main() -> int:
    """Log the run named on the command line; one line on stderr says what went wrong."""
    try:
        log_run(read_run(Path(sys.argv[1])), tracking_uri=HarnessSettings.read().tracking_uri)
    except Exception as error:  # noqa: BLE001  # the edge of this process; its parent shows the line
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        print(reason, file=sys.stderr)  # noqa: T201  # to the parent process
        return 1
    return 0


def log_run(run: RunRecord, *, tracking_uri: str) -> str:
    """Log a run and return the id of the parent run.

    A run that is in the store already, because it was resumed, is logged anew under the same name.

    Raises:
        OSError: the folder of the store can't be made.
        MlflowException: the store can't be reached, or does not take the run.
    """
    if tracking_uri.startswith(_SQLITE):
        _folder(tracking_uri).mkdir(parents=True, exist_ok=True)
    client = MlflowClient(tracking_uri=tracking_uri)
    now_ms = int(SystemClock().now().timestamp() * 1000)
    log = _Log(client=client, experiment=_experiment(client, tracking_uri), now_ms=now_ms)
    tags = {RUN_TAG: run.manifest.run}
    judged = {} if run.gate is None else {GATE_TAG: run.gate.verdict.value}
    with log.run(run.manifest.run, {**tags, **judged}) as parent:
        log.batch(parent, run_parameters(run), {})
        for summary in run.summary.models:
            with log.run(summary.model, {**tags, PARENT_TAG: parent}) as child:
                log.batch(child, model_parameters(run, summary), model_metrics(summary))
        client.log_table(parent, results_frame(run.trials()), TABLE)
        for path in sorted(run.folder.iterdir()):
            if not path.name.startswith("."):
                client.log_artifact(parent, str(path))
    return parent


def results_frame(records: Iterator[TrialRecord]) -> pd.DataFrame:
    """Return one row a trial with the columns that people sort and filter by."""
    return pd.DataFrame([row_of(record) for record in records], columns=list(COLUMNS))


def _experiment(client: MlflowClient, tracking_uri: str) -> str:
    """Find or make our experiment; with a local store its files go beside the database."""
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        location = None
        if tracking_uri.startswith(_SQLITE):
            location = (_folder(tracking_uri).resolve() / "mlartifacts").as_uri()
        try:
            return str(client.create_experiment(EXPERIMENT, artifact_location=location))
        except MlflowException:  # another run made it in this very moment
            found = client.get_experiment_by_name(EXPERIMENT)
            if found is None:
                raise
    return str(found.experiment_id)


def _folder(tracking_uri: str) -> Path:
    return Path(tracking_uri.removeprefix(_SQLITE)).parent


if __name__ == "__main__":
    sys.exit(main())
