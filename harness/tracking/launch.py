"""Start the logging of a run as a child process and wait for it.

MLflow and pandas cost seconds and a quarter of a gigabyte; in a child they cost the run nothing,
and whatever goes wrong there leaves the run on disk complete.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from harness.settings import HarnessSettings

TIMEOUT_S = 300.0
SHOWN_CHARS = 500
IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}
"""MLflow's own defaults try an absent server for minutes; whoever wants that sets them."""


def track_run(
    folder: Path, settings: HarnessSettings, *, timeout_s: float = TIMEOUT_S
) -> str | None:
    """Log a run; return what went wrong in one line, or None.

    Args:
        folder: the finished run.
        settings: where to log, and the environment for it.
        timeout_s: how long it may take.
    """
    if find_spec("mlflow") is None or find_spec("pandas") is None:
        return "mlflow is not installed; install plangate[eval], or pass --no-track"
    uri = settings.tracking_uri
    try:
        done = subprocess.run(  # noqa: S603  # our own module, with our own arguments
            [sys.executable, "-m", "harness.tracking.mlflow_log", str(folder)],
            env={**IMPATIENT, **settings.environ, "MLFLOW_TRACKING_URI": uri},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer from {without_login(uri, uri=uri)} within {timeout_s:g} s"
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines() or ["no message"]
    reason = without_login(lines[-1], uri=uri)[:SHOWN_CHARS]
    return f"{reason} (tracking store {without_login(uri, uri=uri)})"


def without_login(text: str, *, uri: str) -> str:
    """Take the user and the password of a store's address out of a text.

    >>> without_login("no http://ann:secret@host:80/ml", uri="http://ann:secret@host:80/ml")
    'no http://host:80/ml'
    """
    login, at, _ = urlsplit(uri).netloc.rpartition("@")
    return text.replace(f"{login}@", "") if at else text
