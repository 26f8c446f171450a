"""Ask a child process that may import MLflow, and turn whatever goes wrong into one line.

MLflow and pandas cost seconds and a quarter of a gigabyte; in a child they cost the caller nothing.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

import orjson

from harness.settings import HarnessSettings
from runtime.public import JsonValue

LOG: Final = "harness.tracking.mlflow_log"
READ: Final = "harness.tracking.read"
CROWN: Final = "harness.tracking.crown"

TIMEOUT_S: Final = 300.0
SHOWN_CHARS: Final = 500
IMPATIENT: Final = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "8"}
"""MLflow's own defaults try an absent server for minutes; whoever wants that sets them."""
NOT_INSTALLED: Final = "mlflow is not installed; install plangate[eval], or pass --no-track"


class TrackingError(Exception):
    """Say in one line why the tracking store could not be used."""


def answer_of(
    module: str,
    arguments: Sequence[str],
    settings: HarnessSettings,
    *,
    timeout_s: float = TIMEOUT_S,
) -> JsonValue:
    """Run one of our modules and return the JSON that it printed; None when it printed nothing.

    Args:
        module: its dotted name.
        arguments: its command line; nothing secret, as process lists show it.
        settings: where the store is, and the environment for it.
        timeout_s: how long it may take.

    Raises:
        TrackingError: MLflow is missing, or the child failed or took too long.
    """
    if find_spec("mlflow") is None or find_spec("pandas") is None:
        raise TrackingError(NOT_INSTALLED)
    uri = settings.tracking_uri
    shown = without_login(uri, uri=uri)
    try:
        done = subprocess.run(  # noqa: S603  # our own module, with our own arguments
            [sys.executable, "-m", module, *arguments],
            env={**IMPATIENT, **settings.environ, "MLFLOW_TRACKING_URI": uri},
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TrackingError(f"no answer from {shown} within {timeout_s:g} s") from error
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        reason = without_login(lines[-1], uri=uri)[:SHOWN_CHARS]
        raise TrackingError(f"{reason} (tracking store {shown})")
    return orjson.loads(done.stdout) if done.stdout.strip() else None


def without_login(text: str, *, uri: str) -> str:
    """Take the user and the password of a store's address out of a text.

    >>> without_login("no http://ann:secret@host:80/ml", uri="http://ann:secret@host:80/ml")
    'no http://host:80/ml'
    """
    login, at, _ = urlsplit(uri).netloc.rpartition("@")
    return text.replace(f"{login}@", "") if at else text
