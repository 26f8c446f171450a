"""Cross scenarios with models and repetitions, each with a seed of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.trial import TrialKey

SEED_BITS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialJob:
    """Name one trial to do and where its randomness comes from."""

    key: TrialKey
    seed: int


def jobs(
    scenarios: Sequence[str], models: Sequence[str], *, trials: int, seed: int
) -> Iterator[TrialJob]:
    """Yield every trial: repetitions outermost, models innermost.

    So an interrupted run has seen all scenarios before it repeats one, and providers take turns.
    """
    for index in range(trials):
        for scenario in scenarios:
            for model in models:
                key = TrialKey(scenario=scenario, model=model, index=index)
                yield TrialJob(key=key, seed=trial_seed(key, seed=seed))


def trial_seed(key: TrialKey, *, seed: int) -> int:
    """Derive a trial's seed: the same for every model, different for every repetition.

    Models of one run are compared on equal terms; providers take seeds of up to 31 bits.
    """
    text = f"{seed}\x00{key.scenario}\x00{key.index}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4]) >> (32 - SEED_BITS)
