"""Tell by a question's id which category of the leaderboard it belongs to, and what that means."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from harness.importing.unusable import UnusableError

_NUMBER: Final = re.compile(r"_\d.*$")
_AGENTIC: Final = ("memory", "web_search")
_SOURCE_TEXT: Final = frozenset({"java", "javascript"})


class Expects(StrEnum):
    """Say what must come of a question."""

    CALLS = "calls"
    NO_CALL = "no_call"
    QUESTION = "question"
    ANY_CALL = "any_call"


def category_of(question_id: str) -> str:
    """Return the category that an id begins with.

    >>> category_of("live_simple_3-2-0"), category_of("multi_turn_base_7")
    ('live_simple', 'multi_turn_base')
    """
    return _NUMBER.sub("", question_id)


def usual_expectation(category: str) -> Expects:
    """Return what is expected in a category whose questions may have no published answer.

    >>> usual_expectation("live_irrelevance"), usual_expectation("live_relevance")
    (<Expects.NO_CALL: 'no_call'>, <Expects.ANY_CALL: 'any_call'>)
    """
    words = category.split("_")
    if "irrelevance" in words:
        return Expects.NO_CALL
    return Expects.ANY_CALL if "relevance" in words else Expects.CALLS


def has_turns(category: str) -> bool:
    """Say whether each question is a conversation with calls for each of its turns."""
    return category.startswith("multi_turn")


def writes_source(category: str) -> bool:
    """Say whether values may be written as Java or JavaScript source."""
    return not _SOURCE_TEXT.isdisjoint(category.split("_"))


def refuse_agentic(category: str) -> None:
    """Refuse categories that are judged by what is said in the end.

    Raises:
        UnusableError: calls are no answer to this category's questions.
    """
    if category.startswith(_AGENTIC):
        raise UnusableError(
            f"category {category} is judged by the text of a final answer that is found with tools "
            "over several rounds; a scenario expects calls, so leave this category out"
        )
