"""Move the champion alias of a model to what a blessed run used, and read it back.

The alias stands on a version of the registered model; only `plangate eval baseline` moves it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from harness.settings import HarnessSettings
from harness.tracking.child import CROWN, READ, TrackingError, answer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """Hold which configuration of a model is the one to beat.

    Attributes:
        model: the model's reference.
        name: the registered model's name in the store.
        version: the version that the alias stands on.
        run: id of the run that was blessed.
        suite_digest: digest over the scenarios of that run.
        comparability: digest of what must be equal to compare a run with that one.
        configuration: digest of reference, sampling, prompts and registries.
    """

    model: str
    name: str
    version: str
    run: str
    suite_digest: str
    comparability: str
    configuration: str


def move_champion(folder: Path, models: Collection[str], settings: HarnessSettings) -> str | None:
    """Let the alias of each model point to what this run used; say in one line what went wrong.

    Args:
        folder: the blessed run.
        models: references of the models that were blessed.
        settings: where the store is, and the environment for it.
    """
    try:
        answer_of(CROWN, [str(folder), *sorted(models)], settings)
    except TrackingError as error:
        return str(error)
    return None


def champion_of(model: str, settings: HarnessSettings) -> Champion | None:
    """Return the champion of a model; None when none was ever blessed into this store.

    Raises:
        TrackingError: MLflow is not installed, or the store can't be read; one line says why.
    """
    answer = answer_of(READ, ["champion", model], settings)
    return None if answer is None else Champion(**answer)
