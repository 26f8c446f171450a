"""Hold one trial: which one it is, and the line that is written about it.

`results.jsonl` holds one such line a trial, written and flushed as soon as the trial ends, so it
is the record that resuming, summaries and reports read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from runtime.public import JsonObject

RECORD_VERSION = 1


class TrialStatus(StrEnum):
    """Say whether a trial counts: only scored ones are in the quality denominator."""

    SCORED = "scored"
    INFRASTRUCTURE = "infrastructure"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TrialKey:
    """Name a trial: one repetition, counted from zero, of one scenario by one model."""

    scenario: str
    model: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """Repeat everything about a trial that reports need; all values are JSON.

    Attributes:
        key: which trial.
        suite, environment, tags, family: from the scenario.
        seed: what the trial's randomness came from.
        status: whether it counts.
        passed: the verdict; None unless scored.
        kind: plan, clarification, decline, or none when the answer was unusable.
        message: what the person said.
        golden: the golden plan as a document, or what else was expected.
        proposal: what the agent proposed, or None.
        outcome: what the engine decided about a proposed plan, or None.
        state_diff: RFC 6902 operations from the golden final state to the actual one.
        scores: by scorer name.
        problems: what was wrong with the last answer.
        dropped: authority that the model wrote and that was removed.
        answer: the model's last answer as text, shortened.
        fault: infrastructure fault or internal error, as text.
        calls, repairs, retries: completions, those that were repairs, and repeated requests.
        prompt_tokens, completion_tokens: sums.
        cost_micros: millionths of a US dollar; None when a price is unknown.
        latency_s: from the message to the proposal.
        answered_by: the model that really answered.
    """

    key: TrialKey
    suite: str
    environment: str
    tags: tuple[str, ...]
    family: str
    seed: int
    status: TrialStatus
    passed: bool | None
    kind: str
    message: str
    golden: JsonObject
    proposal: JsonObject | None
    outcome: JsonObject | None
    state_diff: tuple[JsonObject, ...]
    scores: dict[str, JsonObject]
    problems: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    answer: str = ""
    fault: str = ""
    calls: int = 0
    repairs: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_micros: int | None = 0
    latency_s: float = 0.0
    answered_by: str = ""

    @property
    def findings(self) -> tuple[JsonObject, ...]:
        """Return the governance findings."""
        return tuple(self.scores.get("governance", {}).get("findings", ()))

    def document(self) -> JsonObject:
        """Return the record as the JSON object of its line."""
        document: JsonObject = {"version": RECORD_VERSION}
        for name in self.__slots__:
            document[name] = getattr(self, name)
        key = self.key
        document["key"] = {"scenario": key.scenario, "model": key.model, "index": key.index}
        document["status"] = self.status.value
        document["tags"] = list(self.tags)
        return document

    @classmethod
    def from_document(cls, document: JsonObject) -> TrialRecord:
        """Read a line back.

        Raises:
            ValueError: a line of another version, or one that lacks fields.
        """
        if document.get("version") != RECORD_VERSION:
            found = document.get("version")
            raise ValueError(
                f"a trial record of version {found}; this program reads {RECORD_VERSION}"
            )
        fields = {name: document[name] for name in cls.__slots__ if name in document}
        missing = sorted(set(cls.__slots__) - set(fields))
        if missing:
            raise ValueError(f"a trial record without {', '.join(missing)}")
        for name in ("tags", "state_diff", "problems", "dropped"):
            fields[name] = tuple(fields[name])
        fields["key"] = TrialKey(**document["key"])
        fields["status"] = TrialStatus(document["status"])
        return cls(**fields)
