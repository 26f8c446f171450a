"""Return the results of runs as a pandas DataFrame with typed columns: the Python door to them.

`from harness.tracking.frame import results_frame` and `results_frame("reports/runs/run_…")`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pandas as pd

from harness.record import RunRecord, read_run
from harness.tracking.figures import COLUMNS, row_of
from harness.trial import TrialRecord
from runtime.public import JsonObject

TEXT: Final = "string"
WHOLE: Final = "Int64"
NUMBER: Final = "Float64"
TRUTH: Final = "boolean"
INSTANT: Final = "datetime64[us, UTC]"
TYPES: Final = {
    "run": TEXT,
    "created": INSTANT,
    "model": TEXT,
    "scenario": TEXT,
    "trial": WHOLE,
    "digest": TEXT,
    "suite": TEXT,
    "environment": TEXT,
    "family": TEXT,
    "tags": "object",
    "seed": WHOLE,
    "status": TEXT,
    "passed": TRUTH,
    "kind": TEXT,
    "findings": WHOLE,
    "problems": WHOLE,
    "dropped": WHOLE,
    "state_changes": WHOLE,
    "calls": WHOLE,
    "repairs": WHOLE,
    "retries": WHOLE,
    "prompt_tokens": WHOLE,
    "completion_tokens": WHOLE,
    "cost_micros": WHOLE,
    "latency_s": NUMBER,
    "answered_by": TEXT,
    "fault": TEXT,
    "message": TEXT,
    "answer": TEXT,
}
"""Every column with its type; a `score_<name>` of type Float64 follows for each scorer."""


def results_frame(*folders: Path | str) -> pd.DataFrame:
    """Return one row a trial of one or several runs, in the order in which they ended.

    What is unknown is missing, never zero: the verdict of a lost trial, a cost without a price.

    Raises:
        RunError: a folder is no run, or is damaged.
    """
    rows = [row for folder in folders for row in _rows(read_run(Path(folder)))]
    scores = sorted({name for row in rows for name in row if name not in TYPES})
    frame = pd.DataFrame(rows, columns=[*TYPES, *scores])
    frame["created"] = pd.to_datetime(frame["created"], utc=True, format="ISO8601")
    return frame.astype({**TYPES, **dict.fromkeys(scores, NUMBER)})


def table(records: Iterable[TrialRecord]) -> pd.DataFrame:
    """Return the short table that is logged to MLflow."""
    return pd.DataFrame([row_of(record) for record in records], columns=list(COLUMNS))


def _rows(run: RunRecord) -> Iterable[JsonObject]:
    digests = {item.id: item.digest for item in run.manifest.scenarios}
    for record in run.trials():
        yield {
            "run": run.manifest.run,
            "created": run.manifest.created,
            "digest": digests.get(record.key.scenario),
            **_figures(record),
            **{f"score_{name}": score.get("value") for name, score in record.scores.items()},
        }


def _figures(record: TrialRecord) -> JsonObject:
    """Return a trial's figures by column."""
    same = {name: getattr(record, name) for name in TYPES if name in record.__slots__}
    return {
        **same,
        "model": record.key.model,
        "scenario": record.key.scenario,
        "trial": record.key.index,
        "tags": list(record.tags),
        "status": record.status.value,
        "findings": len(record.findings),
        "problems": len(record.problems),
        "dropped": len(record.dropped),
        "state_changes": len(record.state_diff),
    }


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame in the format that the file's ending names.

    Raises:
        OSError: the file can't be written.
        ValueError: no such format.
    """
    if path.suffix == ".parquet":
        frame.to_parquet(path, engine="pyarrow", index=False)
    elif path.suffix == ".csv":
        told = frame.assign(tags=frame["tags"].map(" ".join))
        told.map(_inert).to_csv(path, index=False)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True, date_format="iso", force_ascii=False)
    else:
        raise ValueError(f"'{path.suffix}' is no format; expected .parquet, .csv or .jsonl")


def _inert(value: object) -> object:
    """Keep a spreadsheet from reading what a model wrote as a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@")):
        return f"'{value}"
    return value
