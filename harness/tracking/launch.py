"""Start the logging of a run as a child process and wait for it.

MLflow and pandas cost seconds and a quarter of a gigabyte; in a child they cost the run nothing,
and whatever goes wrong there leaves the run on disk complete.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from harness.settings import HarnessSettings

TIMEOUT_S = 300.0
SHOWN_CHARS = 500


def track_run(folder: Path, settings: HarnessSettings) -> str | None:
    """Log a run; return what went wrong, or None.

    Args:
        folder: the finished run.
        settings: where to log.
    """
    if find_spec("mlflow") is None or find_spec("pandas") is None:
        return "mlflow is not installed; install plangate[eval], or pass --no-track"
    try:
        done = subprocess.run(  # noqa: S603  # our own module, with our own arguments
            [
                sys.executable,
                "-m",
                "harness.tracking.mlflow_log",
                str(folder),
                "--tracking-uri",
                settings.tracking_uri,
            ],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer from {settings.tracking_uri} within {TIMEOUT_S:.0f} s"
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines() or ["no message"]
    return f"{lines[-1][:SHOWN_CHARS]} (tracking store {settings.tracking_uri})"
