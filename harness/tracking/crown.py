"""Let the champions point to a blessed run: `python -m harness.tracking.crown FOLDER MODEL…`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from harness.record import RunRecord, read_run
from harness.settings import HarnessSettings
from harness.tracking.configuration import configuration_of
from harness.tracking.contenders import crown
from harness.tracking.edge import told
from harness.tracking.store import open_store
from runtime.public import SystemClock


def main() -> None:
    """Crown the models named on the command line."""
    crown_models(
        read_run(Path(sys.argv[1])), sys.argv[2:], tracking_uri=HarnessSettings.read().tracking_uri
    )


def crown_models(run: RunRecord, models: Sequence[str], *, tracking_uri: str) -> None:
    """Move the champion alias of each model to the configuration that this run asked it with.

    Raises:
        OSError: the folder of the store can't be made.
        MlflowException: the store can't be reached, or does not take it.
    """
    now_ms = int(SystemClock().now().timestamp() * 1000)
    store = open_store(tracking_uri, now_ms=now_ms)
    for model in models:
        crown(store, run, configuration_of(run.manifest, model))


if __name__ == "__main__":
    sys.exit(told(main))
