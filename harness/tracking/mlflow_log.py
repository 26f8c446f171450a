"""Log a finished run: a parent run, one child a model, parameters, metrics, table and files.

Run as `python -m harness.tracking.mlflow_log FOLDER [--traces]`. Where to log is read from the
environment, so that a password in an address never shows in a process list. An MLflow run costs
few round trips: create, one batch of parameters and metrics, end.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from harness.record import RunRecord, read_run
from harness.results import HISTORY, write_json
from harness.settings import HarnessSettings
from harness.summary import ModelSummary
from harness.tracking.configuration import comparability_of, configuration_of
from harness.tracking.contenders import logged_model
from harness.tracking.dataset import dataset_input
from harness.tracking.edge import told
from harness.tracking.figures import (
    model_metrics,
    model_parameters,
    run_parameters,
)
from harness.tracking.frame import table
from harness.tracking.history import MOST_POINTS
from harness.tracking.launch import TRACES_FLAG
from harness.tracking.prompts import prompts_of, registered
from harness.tracking.read import answered
from harness.tracking.store import Store, open_store
from harness.tracking.tags import (
    COMPARABILITY_TAG,
    CREATED_TAG,
    GATE_TAG,
    MODEL_TAG,
    PARENT_TAG,
    RUN_TAG,
    SUITE_TAG,
)
from harness.tracking.trace_log import log_traces
from harness.tracking.traces import TraceSource
from runtime.public import SystemClock

TABLE = "results.json"


def main() -> None:
    """Log the run named on the command line, and leave the story so far in its folder."""
    folder, tracking_uri = Path(sys.argv[1]), HarnessSettings.read().tracking_uri
    log_run(read_run(folder), tracking_uri=tracking_uri, traces=TRACES_FLAG in sys.argv[2:])
    points = answered(["history", str(MOST_POINTS)], tracking_uri=tracking_uri)
    write_json(folder / HISTORY, points)


def log_run(run: RunRecord, *, tracking_uri: str, traces: bool = False) -> str:
    """Log a run and return the id of the parent run.

    A run that is in the store already, because it was resumed, is logged anew under the same name.

    Raises:
        OSError: the folder of the store can't be made.
        MlflowException: the store can't be reached, or does not take the run.
    """
    now_ms = int(SystemClock().now().timestamp() * 1000)
    store = open_store(tracking_uri, now_ms=now_ms)
    client, tags = store.client, _run_tags(run)
    with store.run(run.manifest.run, tags) as parent:
        store.batch(parent, run_parameters(run), {})
        client.log_inputs(parent, [dataset_input(run.manifest)])
        for summary in run.summary.models:
            _log_model(store, run, summary, tags={**tags, PARENT_TAG: parent})
        client.log_table(parent, table(run.trials()), TABLE)
        for path in sorted(run.folder.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                client.log_artifact(parent, str(path))
        for text in prompts_of(run.manifest):
            client.link_prompt_version_to_run(parent, registered(client, text))
        if traces:
            log_traces(store, parent, run.trials(), source=TraceSource.of(run.manifest))
    return parent


def _log_model(
    store: Store, run: RunRecord, summary: ModelSummary, *, tags: Mapping[str, str]
) -> None:
    own = {
        MODEL_TAG: summary.model,
        COMPARABILITY_TAG: comparability_of(run.manifest, summary.model),
    }
    with store.run(summary.model, {**tags, **own}) as child:
        model_id = logged_model(store, configuration_of(run.manifest, summary.model))
        parameters = model_parameters(run, summary)
        store.batch(child, parameters, model_metrics(summary), model_id=model_id)


def _run_tags(run: RunRecord) -> dict[str, str]:
    manifest = run.manifest
    judged = {} if run.gate is None else {GATE_TAG: run.gate.verdict.value}
    return {
        RUN_TAG: manifest.run,
        CREATED_TAG: manifest.created,
        SUITE_TAG: manifest.suite_digest,
        **judged,
    }


if __name__ == "__main__":
    sys.exit(told(main))
