"""Say why a document is not executed; each reason is stable, the sentence is for people."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

CODE: Final = "request_invalid"
"""As REST calls a request that does not fit."""


class Reason(StrEnum):
    """Name what is wrong with a document."""

    UNREADABLE = "unreadable"
    TOO_LONG = "too_long"
    TOO_MANY_TOKENS = "too_many_tokens"
    TOO_DEEP = "too_deep"
    TOO_MANY_ALIASES = "too_many_aliases"
    TOO_MANY_REPETITIONS = "too_many_repetitions"
    TOO_MANY_DIRECTIVES = "too_many_directives"
    TOO_MANY_FRAGMENTS = "too_many_fragments"
    TOO_MANY_ROOT_FIELDS = "too_many_root_fields"
    TOO_MANY_VARIABLES = "too_many_variables"
    TOO_COSTLY = "too_costly"
    FRAGMENT_CYCLE = "fragment_cycle"
    SEVERAL_OPERATIONS = "several_operations"
    NOT_OF_THE_SCHEMA = "not_of_the_schema"
    NO_INTROSPECTION = "no_introspection"
    NOT_TRUSTED = "not_trusted"
    NO_STREAM = "no_stream"
    STREAM_DIRECTIVES = "stream_directives"


MOST_ANSWER_BYTES: Final = 10_000_000


class AnswerTooLargeError(Exception):
    """Say that an answer would have more bytes than it may."""

    code: Final = "answer_too_large"

    def __init__(self) -> None:
        """Tell people what to ask for instead."""
        super().__init__(
            f"the answer would have more than {MOST_ANSWER_BYTES} bytes, which are the most; ask "
            "for fewer rows with first, or for fewer fields (what a mutation changed is changed)"
        )


class DocumentRefusedError(Exception):
    """Refuse a document before anything of it is executed."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Keep the reason and what to tell people."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
