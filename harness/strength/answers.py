"""Make wrong answers where a question or a decline is right: acts, other kinds, other questions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from types import MappingProxyType

from harness.scenario import Slot
from harness.strength.material import Material
from harness.strength.mutant import Mutant, call_text, shortened
from harness.strength.mutants import Mutation
from runtime.public import Clarification, Decline, Plan, PlanProposal, Proposal, Step

MOST_ACTS = 1

VAGUE_QUESTIONS = (
    "Could you say that again?",
    "Are you sure?",
    "Can you give me more details, please?",
    "What would you like me to do?",
    "Which one do you mean?",
)
"""Questions that any message could be answered with."""


def act_instead(material: Material) -> Iterator[Mutant]:
    """Propose a plausible plan, first of all one that `never` forbids."""
    expect = material.prepared.scenario.expect
    if expect.plans:
        return
    forbidden = [step for step in material.calls if _names(material, step) & set(expect.never)]
    others = [step for step in material.calls if step not in forbidden] if expect.kinds else []
    for step in [*forbidden, *others[:MOST_ACTS]]:
        plan = PlanProposal(plan=Plan(steps=(step,)))
        yield Mutant(proposal=plan, text=f"acts: {call_text(step)}")


def answer_otherwise(material: Material) -> Iterator[Mutant]:
    """Decline where a question is right, and ask where a decline is."""
    kinds = material.prepared.scenario.expect.kinds
    if not kinds or "plan" in kinds:
        return
    if "decline" not in kinds:
        yield Mutant(proposal=Decline(reason="That can't be done here."), text="declines")
    if "clarification" not in kinds:
        for name in islice(_input_names(material), 1):
            yield _asking(f"Which {_words(name)}?", name)


def ask_vaguely(material: Material) -> Iterator[Mutant]:
    """Ask a question that names nothing."""
    if material.prepared.scenario.expect.clarification is not None:
        yield from (_asking(question) for question in VAGUE_QUESTIONS)


def ask_for_another_slot(material: Material) -> Iterator[Mutant]:
    """Ask for an input that the scenario does not name, as a slot or among a slot's words."""
    expected = material.prepared.scenario.expect.clarification
    if expected is None:
        return
    for name in _input_names(material):
        question = f"Which {_words(name)}?"
        if not any(_about(question, name, slot) for slot in expected.asks_for):
            yield _asking(question, name)


def ask_for_less(material: Material) -> Iterator[Mutant]:
    """Ask for all slots but one, where there are several."""
    expected = material.prepared.scenario.expect.clarification
    slots = expected.asks_for if expected is not None else ()
    if len(slots) > 1:
        for gone in slots:
            names = [slot.slot for slot in slots if slot is not gone]
            yield _asking(f"Which {' and '.join(map(_words, names))}?", *names)


SPOKEN_MUTATIONS: Mapping[str, Mutation] = MappingProxyType(
    {
        "act_instead": act_instead,
        "answer_otherwise": answer_otherwise,
        "ask_vaguely": ask_vaguely,
        "ask_for_another_slot": ask_for_another_slot,
        "ask_for_less": ask_for_less,
    }
)
"""What is done to scenarios that expect a question, a decline, or that something never happens."""


def right_answer(material: Material) -> Proposal | None:
    """Return an answer that must pass; None where only what must never happen is said."""
    expect = material.prepared.scenario.expect
    if material.prepared.golden is not None:
        return PlanProposal(plan=material.prepared.golden)
    if expect.clarification is not None:
        slots = tuple(slot.slot for slot in expect.clarification.asks_for)
        return Clarification(question=f"Which {', '.join(slots) or 'one'}?", asks_for=slots)
    if "decline" in expect.kinds:
        return Decline(reason="That can't be done here.")
    return Clarification(question="Which one?") if expect.kinds else None


def _about(question: str, name: str, slot: Slot) -> bool:
    """Say whether a question names a slot, or one of its words as a whole word."""
    if name == slot.slot:
        return True
    return any(re.search(rf"(?i)\b{re.escape(word)}\b", question) for word in slot.words)


def _input_names(material: Material) -> Iterator[str]:
    actions = material.prepared.sandbox.registry.visible()
    names = (name for item in actions for name in item.input_schema.get("properties", {}))
    yield from dict.fromkeys(names)


def _names(material: Material, step: Step) -> set[str]:
    action = material.prepared.sandbox.registry.find(step.action)
    return {action.id, action.name} if action is not None else set()


def _asking(question: str, *slots: str) -> Mutant:
    asked = Clarification(question=question, asks_for=slots)
    return Mutant(proposal=asked, text=shortened(f"asks: {question}"))


def _words(name: str) -> str:
    return name.replace("_", " ")
