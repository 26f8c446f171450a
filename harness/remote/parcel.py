"""Spell what travels between machines: trials, batches and records, as JSON and without prompts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import orjson

from harness.matrix import TrialJob
from harness.results import writable
from harness.trial import TrialKey
from runtime.public import JsonObject, JsonValue

QUEUE: Final = "plangate.eval"
MOST_TRIALS: Final = 64
PARTS: Final = 64
"""A run is cut into about as many batches, so that a few machines share even a small one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Name trials that travel in one message: keys and seeds, and which run they belong to.

    Attributes:
        generation: which process of the run sent it; what an earlier one sent is stale.
        number: names the batch in its run.
    """

    run: str
    generation: str
    number: str
    jobs: tuple[TrialJob, ...]

    def document(self) -> JsonObject:
        """Return the batch as the JSON object of its message."""
        trials = [[job.key.scenario, job.key.model, job.key.index, job.seed] for job in self.jobs]
        return {
            "run": self.run,
            "generation": self.generation,
            "batch": self.number,
            "trials": trials,
        }

    @classmethod
    def from_document(cls, document: JsonObject) -> Batch:
        """Read a message.

        Raises:
            ValueError: it is no batch.
        """
        try:
            return cls(
                run=str(document["run"]),
                generation=str(document["generation"]),
                number=str(document["batch"]),
                jobs=tuple(_job(trial) for trial in document["trials"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"a message that is no batch of trials: {error!r}") from error


def batches(jobs: Sequence[TrialJob]) -> Iterator[tuple[TrialJob, ...]]:
    """Cut jobs into batches: many a message, yet enough messages to go round."""
    size = min(MOST_TRIALS, -(-len(jobs) // PARTS))
    rest = iter(jobs)
    while cut := tuple(islice(rest, size)):
        yield cut


def trial_text(key: TrialKey) -> str:
    """Spell a trial's key, the same everywhere.

    >>> trial_text(TrialKey(scenario="counter-set", model="plangate/oracle", index=2))
    '["counter-set","plangate/oracle",2]'
    """
    return orjson.dumps([key.scenario, key.model, key.index]).decode()


def spelled(document: JsonObject) -> bytes:
    """Spell a document; a model may write half a character or a number that JSON can't hold."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return orjson.dumps(writable(document))


def _job(trial: JsonValue) -> TrialJob:
    scenario, model, index, seed = trial
    key = TrialKey(scenario=str(scenario), model=str(model), index=int(index))
    return TrialJob(key=key, seed=int(seed))
