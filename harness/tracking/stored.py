"""Return the traces of an experiment of the tracking store, read by a child process."""

from __future__ import annotations

from harness.settings import HarnessSettings
from harness.tracking.child import READ, answer_of
from runtime.public import JsonObject


def stored_traces(experiment: str, settings: HarnessSettings, *, limit: int) -> list[JsonObject]:
    """Return traces as MLflow spells them in JSON, newest first.

    Raises:
        TrackingError: MLflow is not installed, there is no such experiment, or the store can't be
            read; one line says why.
    """
    answer: list[JsonObject] = answer_of(READ, ["traces", experiment, str(limit)], settings)
    return answer
