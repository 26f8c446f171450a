"""Log a finished run: a parent run, one child a model, parameters, metrics, table and files.

Run as `python -m harness.tracking.mlflow_log FOLDER`; the only module that imports mlflow.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterator
from pathlib import Path

from runtime.public import quiet_environment

quiet_environment()

import mlflow  # noqa: E402  # reads the quiet environment on import
import pandas as pd  # noqa: E402  # next to mlflow, which wants its tables

from harness.record import RunRecord, read_run  # noqa: E402
from harness.summary import GroupSummary, ModelSummary  # noqa: E402
from harness.trial import TrialRecord  # noqa: E402

EXPERIMENT = "plangate"
RUN_TAG = "plangate.run"
_ILLEGAL = re.compile(r"[^A-Za-z0-9_\-. /]")


def main() -> None:
    """Log the run named on the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--tracking-uri", required=True)
    given = arguments.parse_args()
    log_run(read_run(given.folder), tracking_uri=given.tracking_uri)


def log_run(run: RunRecord, *, tracking_uri: str) -> str:
    """Log a run and return the id of the parent run.

    A run that is in the store already, because it was resumed, is logged anew under the same name.
    """
    if tracking_uri.startswith("sqlite:///"):
        Path(tracking_uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(tracking_uri)
    _experiment(tracking_uri)
    manifest = run.manifest
    with mlflow.start_run(run_name=manifest.run, tags={RUN_TAG: manifest.run}) as parent:
        mlflow.log_params(_params(run))
        if run.gate is not None:
            mlflow.set_tag("plangate.gate", run.gate.verdict.value)
        for summary in run.summary.models:
            _log_model(run, summary)
        mlflow.log_table(results_frame(run.trials()), "results.json")
        mlflow.log_artifacts(str(run.folder))
        return str(parent.info.run_id)


def results_frame(records: Iterator[TrialRecord]) -> pd.DataFrame:
    """Return one row a trial with the columns that people sort and filter by."""
    return pd.DataFrame([_row(record) for record in records], columns=list(_COLUMNS))


_COLUMNS = (
    "model", "scenario", "trial", "suite", "environment", "tags", "status", "passed", "kind",
    "findings", "calls", "repairs", "prompt_tokens", "completion_tokens", "cost_micros",
    "latency_s", "answered_by", "fault",
)  # fmt: skip


def _row(record: TrialRecord) -> tuple[object, ...]:
    return (
        record.key.model,
        record.key.scenario,
        record.key.index,
        record.suite,
        record.environment,
        " ".join(record.tags),
        record.status.value,
        record.passed,
        record.kind,
        len(record.findings),
        record.calls,
        record.repairs,
        record.prompt_tokens,
        record.completion_tokens,
        record.cost_micros,
        record.latency_s,
        record.answered_by,
        record.fault,
    )


def _experiment(tracking_uri: str) -> None:
    """Choose our experiment; with a local store its files go beside the database."""
    if mlflow.get_experiment_by_name(EXPERIMENT) is None:
        location = None
        if tracking_uri.startswith("sqlite:///"):
            folder = Path(tracking_uri.removeprefix("sqlite:///")).resolve().parent
            location = (folder / "mlartifacts").as_uri()
        mlflow.create_experiment(EXPERIMENT, artifact_location=location)
    mlflow.set_experiment(EXPERIMENT)


def _params(run: RunRecord) -> dict[str, str | int]:
    manifest = run.manifest
    params: dict[str, str | int] = {
        "code": manifest.code,
        "suite_digest": manifest.suite_digest,
        "paths": " ".join(manifest.paths),
        "tags": " ".join(manifest.tags),
        "scenarios": len(manifest.scenarios),
        "trials": manifest.trials,
        "seed": manifest.seed,
        "concurrency": manifest.concurrency,
    }
    for environment, digests in sorted(manifest.comparability.items()):
        for name, value in sorted(digests.items()):
            params[f"{environment}.{name}"] = value
    return params


def _log_model(run: RunRecord, summary: ModelSummary) -> None:
    described = next(item for item in run.manifest.models if item.reference == summary.model)
    with mlflow.start_run(run_name=summary.model, nested=True, tags={RUN_TAG: run.manifest.run}):
        mlflow.log_params(
            {
                "model": summary.model,
                "label": described.label,
                "offline": described.offline,
                "answered_by": " ".join(summary.answered_by),
            }
        )
        mlflow.log_metrics(dict(_metrics(summary)))


def _metrics(summary: ModelSummary) -> Iterator[tuple[str, float]]:
    yield from _group_metrics("", summary.overall)
    for name, group in summary.suites.items():
        yield from _group_metrics(f"suite/{name}/", group)
    for name, group in summary.tags.items():
        yield from _group_metrics(f"tag/{name}/", group)
    for name, value in summary.scores.items():
        yield _legal(f"score/{name}"), value
    for name, count in summary.findings.items():
        yield _legal(f"findings/{name}"), float(count)
    optional = {
        "cost_micros": summary.cost_micros,
        "latency_p50_s": summary.latency_p50_s,
        "latency_p95_s": summary.latency_p95_s,
    }
    for name, measured in optional.items():
        if measured is not None:
            yield name, float(measured)
    yield "tokens", float(summary.tokens)


def _group_metrics(prefix: str, group: GroupSummary) -> Iterator[tuple[str, float]]:
    yield _legal(f"{prefix}trials"), float(group.trials)
    yield _legal(f"{prefix}scored"), float(group.scored)
    yield _legal(f"{prefix}findings"), float(group.findings)
    if group.pass_rate is not None and group.interval is not None:
        yield _legal(f"{prefix}pass_rate"), group.pass_rate
        yield _legal(f"{prefix}pass_rate_low"), group.interval[0]
        yield _legal(f"{prefix}pass_rate_high"), group.interval[1]
    if not prefix:
        for k, value in group.pass_hat.items():
            if not math.isnan(value):
                yield f"pass_hat_{k}", value


def _legal(name: str) -> str:
    return _ILLEGAL.sub("-", name)


if __name__ == "__main__":
    main()
