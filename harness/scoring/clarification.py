"""Was a question asked when one was needed, about the right thing, and only then?

The reason begins with a code of `QuestionFault`, so that `harness.confusion` can count them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.scenario import Slot
from harness.score import Score
from harness.scoring.evidence import Evidence
from harness.scoring.question import QuestionFault, Verdict, focus, judge
from harness.scoring.topic import Said, Topic
from runtime.public import Clarification, JsonObject

NAME = "clarification"
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:[.,]\d+)?(?!\w)")
_NUMERIC = ("integer", "number")


def score(evidence: Evidence) -> Score | None:
    """Judge a question that was needed or made; not asked where neither is the case."""
    expect = evidence.prepared.scenario.expect
    asked = evidence.proposed.proposal
    if not isinstance(asked, Clarification):
        if expect.clarification is None:
            return None
        return _failed(
            QuestionFault.UNDER_ASKED, f"a question was needed, the answer was {evidence.kind}"
        )
    if expect.clarification is None:
        if not expect.kinds or "clarification" in expect.kinds:
            return None
        return _unneeded(evidence, asked)
    return _judged(evidence, asked, expect.clarification.asks_for)


def _unneeded(evidence: Evidence, asked: Clarification) -> Score:
    """Fail a question whose answer the golden plan shows to be known, or that helps nobody."""
    golden = evidence.prepared.golden
    known = {name for step in (golden.steps if golden else ()) for name in step.inputs}
    about = focus(asked, [Topic.of(name) for name in sorted(known)])
    if about:
        names = ", ".join(topic.name for topic in about)
        return _failed(QuestionFault.ALREADY_KNOWN, _asked_for(names, asked))
    return _failed(QuestionFault.OVER_ASKED, f"asked without need: {asked.question}")


def _judged(evidence: Evidence, asked: Clarification, slots: tuple[Slot, ...]) -> Score:
    inputs = dict(_inputs(evidence))
    missing = [_topic(slot.slot, inputs.pop(slot.slot, {}), words=slot.words) for slot in slots]
    verdict = judge(asked, missing, (_topic(name, inputs[name]) for name in inputs))
    if verdict.fault is None:
        return Score(name=NAME, value=verdict.share, passed=True)
    if verdict.fault is QuestionFault.WRONG_SLOT:
        user_said = _user_said(evidence)
        facts = evidence.prepared.scenario.given.facts
        for topic in focus(asked, (_topic(name, inputs[name]) for name in inputs)):
            if topic.name in facts or _told(topic, inputs[topic.name], user_said):
                return _failed(QuestionFault.ALREADY_KNOWN, _asked_for(topic.name, asked))
    names = {topic.name for topic in missing}
    return _failed(verdict.fault, _detail(verdict, asked, names), value=verdict.share)


def _detail(verdict: Verdict, asked: Clarification, missing: set[str]) -> str:
    match verdict.fault:
        case QuestionFault.WRONG_SLOT:
            return f"did not ask for {', '.join(sorted(missing))}: {asked.question}"
        case QuestionFault.INCOMPLETE:
            return f"did not ask for {verdict.about}: {asked.question}"
        case QuestionFault.EVERYTHING_AT_ONCE if verdict.about:
            return f"asks for {verdict.about}: {asked.question}"
    return asked.question


def _asked_for(names: str, asked: Clarification) -> str:
    return f"asked for {names}: {asked.question}"


def _inputs(evidence: Evidence) -> Iterator[tuple[str, JsonObject]]:
    """Yield the inputs of the actions on offer with their schemas."""
    for action in evidence.prepared.sandbox.book.actions.values():
        yield from action.input_schema.get("properties", {}).items()


def _topic(name: str, schema: JsonObject, *, words: tuple[str, ...] = ()) -> Topic:
    values = tuple(value for value in schema.get("enum", ()) if isinstance(value, str))
    return Topic.of(name, words, pattern=schema.get("pattern"), values=values)


def _user_said(evidence: Evidence) -> Said:
    scenario = evidence.prepared.scenario
    turns = [turn.user for turn in scenario.given.history if turn.user is not None]
    return Said.of("\n".join([*turns, scenario.when.message]))


def _told(topic: Topic, schema: JsonObject, user_said: Said) -> bool:
    """Say whether what the person said holds a value of the right form."""
    if schema.get("type") in _NUMERIC:
        return _NUMBER.search(user_said.text) is not None
    return topic.values_in(user_said) > 0


def _failed(fault: QuestionFault, detail: str, *, value: float = 0.0) -> Score:
    return Score(name=NAME, value=value, passed=False, reason=f"{fault.value}: {detail}")
