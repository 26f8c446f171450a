"""Judge a question by its text: does it ask, about what is missing, and about nothing else?

Pure and deterministic: a question, what is missing and what else could be asked for in, a verdict
out. `harness.scoring.clarification` knows whether a question was needed at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from harness.scoring import speech
from harness.scoring.sentences import (
    asking_in,
    clauses_of,
    offers_alternatives,
    parts_of,
    picks_one,
    subject_of,
    wants_a_yes,
    without_requests,
)
from harness.scoring.topic import CANDIDATES, Said, Topic
from harness.scoring.wording import words_of
from runtime.public import Clarification

SPARE_NAMES: Final = 1
"""So many names more than are missing `asks_for` may hold, if the text asks for no more."""
HALF: Final = 0.5


class QuestionFault(StrEnum):
    """Name what is wrong with a question, or with its absence; reasons begin with it."""

    OVER_ASKED = "over_asked"
    UNDER_ASKED = "under_asked"
    ALREADY_KNOWN = "already_known"
    WRONG_SLOT = "wrong_slot"
    INCOMPLETE = "incomplete"
    VAGUE = "vague"
    EVERYTHING_AT_ONCE = "everything_at_once"
    CONSENT_SEEKING = "consent_seeking"
    PLAN_NARRATED = "plan_narrated"
    NOT_A_QUESTION = "not_a_question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Say what is wrong with a question; `fault` is None when nothing is.

    Attributes:
        share: how much of what is missing it asks for, 0 to 1.
        about: what the fault is about, for the reason.
    """

    fault: QuestionFault | None = None
    share: float = 0.0
    about: str = ""


RIGHT: Final = Verdict(share=1.0)


def judge(asked: Clarification, missing: Sequence[Topic], others: Iterable[Topic]) -> Verdict:
    """Judge a question.

    Args:
        asked: the question.
        missing: what it must ask for, and nothing else; empty accepts any question.
        others: what else a question could ask for here; looked at only where that matters.
    """
    asking = asking_in(asked.question)
    if not asking:
        silent = not words_of(asked.question)
        return Verdict(fault=QuestionFault.VAGUE if silent else QuestionFault.NOT_A_QUESTION)
    pleads = all(wants_a_yes(said) and not _chooses(said, missing) for said in asking)
    if pleads and not _candidates(asked, missing):
        return Verdict(fault=_plea(asking))
    if not missing:
        return RIGHT
    greedy = len(asked.asks_for) > len(missing) + SPARE_NAMES
    if greedy or any(said.has(speech.EVERYTHING) for said in asking):
        about = ", ".join(asked.asks_for)
        return Verdict(fault=QuestionFault.EVERYTHING_AT_ONCE, about=about)
    return _judged_by_topic(asked, asking, missing=missing, others=others)


def focus(asked: Clarification, topics: Iterable[Topic]) -> tuple[Topic, ...]:
    """Return which topics a question is about: by name, or by what its words are about."""
    subjects = [subject_of(clause) for clause in clauses_of(asking_in(asked.question))]
    return tuple(
        topic
        for topic in topics
        if any(topic.called(name) for name in asked.asks_for)
        or any(topic.leads(words) for words in subjects)
    )


def _judged_by_topic(
    asked: Clarification,
    asking: tuple[Said, ...],
    *,
    missing: Sequence[Topic],
    others: Iterable[Topic],
) -> Verdict:
    heard = _heard(asked, asking)
    spoken = [topic for topic in missing if topic.named_in(heard)]
    listed = [topic for topic in missing if any(topic.called(it) for it in asked.asks_for)]
    if not spoken:
        if all(said.plain for said in asking) and not (listed and _definite(asking)):
            return Verdict(fault=QuestionFault.VAGUE)
        if not listed or _about_another(asking, others):
            return Verdict(fault=QuestionFault.WRONG_SLOT)
    elif _asks_further(asking, missing):
        return Verdict(fault=QuestionFault.EVERYTHING_AT_ONCE, share=HALF)
    missed = [topic.name for topic in missing if topic not in spoken and topic not in listed]
    if not missed:
        return RIGHT
    share = 1 - len(missed) / len(missing)
    return Verdict(fault=QuestionFault.INCOMPLETE, share=share, about=", ".join(missed))


def _plea(asking: tuple[Said, ...]) -> QuestionFault:
    if any(said.has(speech.SEQUENCE) for said in asking):
        return QuestionFault.PLAN_NARRATED
    return QuestionFault.CONSENT_SEEKING


def _chooses(said: Said, missing: Sequence[Topic]) -> bool:
    """Say whether "shall I this or that" offers candidates of what is missing."""
    return offers_alternatives(said) and any(topic.named_in(said) for topic in missing)


def _candidates(asked: Clarification, missing: Sequence[Topic]) -> bool:
    """Say whether the choices are candidates, and not just yes and no."""
    choices = Said.of(" | ".join(asked.choices))
    return len(asked.choices) >= CANDIDATES and any(it.named_in(choices) for it in missing)


def _heard(asked: Clarification, asking: tuple[Said, ...]) -> Said:
    """Return what a person takes the question to be about.

    What leads to a bare "which of them?" counts, for it says who they are.
    """
    bare = all(said.plain for said in asking)
    said = Said.of(asked.question if bare else " ".join(it.text for it in asking))
    choices = Said.of(" | ".join(asked.choices))
    return Said(
        text=f"{said.text} | {choices.text}", words=(*without_requests(said), *choices.words)
    )


def _definite(asking: tuple[Said, ...]) -> bool:
    return any(picks_one(part) for said in asking for part in parts_of(said))


def _about_another(asking: tuple[Said, ...], others: Iterable[Topic]) -> bool:
    """Say whether a clause is first of all about something else that can be asked for."""
    subjects = [subject_of(clause) for clause in clauses_of(asking)]
    return any(topic.leads(words) for topic in others for words in subjects)


def _asks_further(asking: tuple[Said, ...], missing: Sequence[Topic]) -> bool:
    """Say whether one of several clauses asks for something that is not missing.

    A plea for a yes behind the question is no further question.
    """
    clauses = tuple(clauses_of(said for said in asking if not wants_a_yes(said)))
    about = [any(topic.named_in(clause) for topic in missing) for clause in clauses]
    return any(about) and any(
        not right and not clause.plain for right, clause in zip(about, clauses, strict=True)
    )
