"""Was a question asked when one was needed, about the right thing, and only then?"""

from __future__ import annotations

from harness.scenario import Slot
from harness.score import Score
from harness.scoring.evidence import Evidence
from runtime.public import Clarification

NAME = "clarification"
SPARE_SLOTS = 1
"""How many more things than are missing a question may name; more would be guessing."""


def score(evidence: Evidence) -> Score | None:
    """Judge a question that was needed or made; not asked where neither is the case."""
    expected = evidence.prepared.scenario.expect
    asked = evidence.proposed.proposal
    if expected.clarification is None:
        if not isinstance(asked, Clarification) or "clarification" in expected.kinds:
            return None
        if not expected.kinds:
            return None
        return Score(
            name=NAME, value=0.0, passed=False, reason=f"asked without need: {asked.question}"
        )
    if not isinstance(asked, Clarification):
        return Score(
            name=NAME,
            value=0.0,
            passed=False,
            reason=f"a question was needed, the answer was {evidence.kind}",
        )
    slots = expected.clarification.asks_for
    if slots and len(asked.asks_for) > len(slots) + SPARE_SLOTS:
        named = ", ".join(asked.asks_for)
        return Score(
            name=NAME, value=0.0, passed=False, reason=f"asks for everything at once: {named}"
        )
    missed = [slot.slot for slot in slots if not asks_for(asked, slot)]
    return Score(
        name=NAME,
        value=1 - len(missed) / len(slots) if slots else 1.0,
        passed=not missed,
        reason=f"did not ask for {', '.join(missed)}: {asked.question}" if missed else "",
    )


def asks_for(question: Clarification, slot: Slot) -> bool:
    """Say whether a question is about a slot: by its name, or by one of the slot's words."""
    if slot.slot in question.asks_for:
        return True
    text = f"{question.question} {' '.join(question.asks_for)}".casefold()
    return any(word.casefold() in text for word in slot.words)
