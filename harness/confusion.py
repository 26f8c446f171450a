"""Count what was needed against what was done: act, ask, say no, or nothing usable.

Pure: works on a few words of each scored trial, which its record has. `harness.summary` adds the
counts to a model's figures; why a question was wrong is the code that its score's reason begins
with (`harness.scoring.question`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from harness.stats.rates import wilson_interval
from harness.trial import TrialRecord, TrialStatus
from runtime.public import JsonObject

PLAN: Final = "plan"
ASKED: Final = "clarification"
KINDS: Final = (PLAN, ASKED, "decline", "none")
"""What an agent can do, in the order of the matrix."""

WRONG_THING: Final = frozenset({"wrong_slot", "already_known"})
"""Codes of a question that was needed and went for something else."""

_CODE = re.compile(r"([a-z_]+): ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Hold of a scored trial what the matrix is made of.

    Attributes:
        needed: the kinds of answer that were right; several where the scenario leaves a choice.
        did: the kind that came.
        fault: what was wrong with the question, or with its absence; empty when nothing was.
    """

    needed: tuple[str, ...]
    did: str
    fault: str = ""

    @classmethod
    def of(cls, record: TrialRecord) -> Answered | None:
        """Read a record; None where nothing was scored or any kind of answer is right."""
        needed = tuple(sorted(record.golden.get("kinds", ())))
        if record.status is not TrialStatus.SCORED or not needed:
            return None
        return cls(needed=needed, did=record.kind, fault=_fault(record.scores.get(ASKED, {})))


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Hold a share with what chance leaves open.

    Attributes:
        count: how often it happened.
        of: how often it could have.
    """

    count: int
    of: int

    @property
    def rate(self) -> float | None:
        """Return count / of; None where it could not have happened."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the Wilson 95 % interval of the rate."""
        return wilson_interval(self.count, self.of) if self.of else None

    def document(self) -> JsonObject:
        """Return the share as JSON."""
        interval = self.interval
        return {
            "count": self.count,
            "of": self.of,
            "rate": self.rate,
            "interval": None if interval is None else list(interval),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Hold the matrix of what was needed by what was done and the rates that follow from it.

    Attributes:
        counts: trials by what was needed, then by what was done. Where a scenario leaves a
            choice, what was needed is spelled `clarification or decline`.
        faults: needed or needless questions that failed, by code.
        over_ask: asked where a plan was needed, of the plans needed.
        under_ask: planned where a question was needed, of the questions needed.
        wrong_slot: asked for something else, of the needed questions that were asked.
    """

    counts: Mapping[str, Mapping[str, int]]
    faults: Mapping[str, int]
    over_ask: Share
    under_ask: Share
    wrong_slot: Share

    def document(self) -> JsonObject:
        """Return the matrix as JSON."""
        return {
            "counts": {needed: dict(row) for needed, row in self.counts.items()},
            "faults": dict(self.faults),
            "over_ask": self.over_ask.document(),
            "under_ask": self.under_ask.document(),
            "wrong_slot": self.wrong_slot.document(),
        }


def confusion_of(items: Iterable[Answered]) -> Confusion:
    """Count answers; their order does not matter."""
    listed = list(items)
    cells = Counter((" or ".join(item.needed), item.did) for item in listed)
    rows = sorted({needed for needed, _ in cells}, key=_place)
    questions = [item for item in listed if item.needed == (ASKED,)]
    asked = [item for item in questions if item.did == ASKED]
    return Confusion(
        counts={needed: {did: cells[needed, did] for did in KINDS} for needed in rows},
        faults=dict(sorted(Counter(item.fault for item in listed if item.fault).items())),
        over_ask=_share(item.did == ASKED for item in listed if item.needed == (PLAN,)),
        under_ask=_share(item.did == PLAN for item in questions),
        wrong_slot=_share(item.fault in WRONG_THING for item in asked),
    )


def _share(happened: Iterable[bool]) -> Share:
    listed = list(happened)
    return Share(count=sum(listed), of=len(listed))


def _place(needed: str) -> tuple[int, str]:
    """Sort the rows like the columns, and mixed ones behind them."""
    return (KINDS.index(needed) if needed in KINDS else len(KINDS), needed)


def _fault(score: JsonObject) -> str:
    found = _CODE.match(score.get("reason", "")) if score.get("passed") is False else None
    return found[1] if found else ""
