"""Read the harness's settings at the edge; nothing else looks at the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DEFAULT_OUTPUT = Path("reports/runs")
DEFAULT_BASELINES = Path("reports/baselines")
DEFAULT_TRACKING = "sqlite:///reports/mlflow.db"
GATE_FILE = "gate.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class HarnessSettings:
    """Hold what the environment says.

    Attributes:
        environ: variables, for model keys.
        tracking_uri: where MLflow logs; `MLFLOW_TRACKING_URI`, by default SQLite in `reports`.
        in_ci: `CI` is set: no live display.
    """

    environ: Mapping[str, str]
    tracking_uri: str
    in_ci: bool

    @classmethod
    def read(cls) -> HarnessSettings:
        """Read the process's environment."""
        environ = dict(os.environ)
        return cls(
            environ=environ,
            tracking_uri=environ.get("MLFLOW_TRACKING_URI") or DEFAULT_TRACKING,
            in_ci=environ.get("CI", "").lower() not in {"", "0", "false"},
        )


def code_version() -> str:
    """Return the version of this program, for the manifest of a run."""
    try:
        return version("plangate")
    except PackageNotFoundError:
        return "unknown"
