"""Find the JSON answer in the text of a model that takes no tools; `parse` makes sense of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from runtime.kit.canonical_json import CanonicalJsonError, parse_strict
from runtime.kit.json_value import JsonObject, json_equal

SEARCH_CHARS: Final = 100_000
FALSE_STARTS: Final = 1_000  # braces that open no JSON, such as those of quoted code
WASTED_CHARS: Final = 1_000_000  # read behind such braces, some of them again and again
KINDS: Final = frozenset({"plan", "clarification", "decline"})
_THOUGHT_OPENS: Final = re.compile(r"<(think|thinking|reasoning)>", re.IGNORECASE)
_THOUGHT_CLOSES: Final = MappingProxyType(
    {name: re.compile(f"</{name}>", re.IGNORECASE) for name in ("think", "thinking", "reasoning")}
)


class AmbiguousTextError(ValueError):
    """Text that can be read in two ways: a repeated key, or two different answers."""


def answer_in(text: str) -> JsonObject | None:
    """Return the one JSON object that is an answer, wherever in the text it stands.

    Drafts between thinking tags don't count. Two different answers are refused rather than
    chosen from: one of them may be a quotation of what somebody else wrote.

    Raises:
        AmbiguousTextError: the text holds two answers, or one that readers would read differently.
    """
    found: list[JsonObject] = []
    for document, spelling in _objects(_without_thoughts(text)[:SEARCH_CHARS]):
        if not {"kind", "steps"} & document.keys():
            continue
        try:
            parse_strict(spelling)
        except CanonicalJsonError as error:
            raise AmbiguousTextError(f"the JSON is not sound: {error}") from error
        found.append(document)
    answers = [document for document in found if _is_answer(document)] or found[:1]
    if any(not json_equal(answers[0], other) for other in answers[1:]):
        raise AmbiguousTextError(f"{len(answers)} answers in one text; give exactly one")
    return answers[0] if answers else None


def _without_thoughts(text: str) -> str:
    """Leave out what stands between thinking tags, in one pass; a tag without its end stays."""
    kept: list[str] = []
    endless: set[str] = set()
    start, opened = 0, _THOUGHT_OPENS.search(text)
    while opened is not None:
        name, after = opened[1].lower(), opened.end()
        closed = None if name in endless else _THOUGHT_CLOSES[name].search(text, after)
        if closed is None:
            endless.add(name)
        else:
            kept.append(text[start : opened.start()])
            start = after = closed.end()
        opened = _THOUGHT_OPENS.search(text, after)
    return "".join((*kept, text[start:]))


def _is_answer(document: JsonObject) -> bool:
    kind = document.get("kind")
    return (isinstance(kind, str) and kind in KINDS) or isinstance(document.get("steps"), list)


def _objects(text: str) -> Iterator[tuple[JsonObject, str]]:
    """Yield the outermost JSON objects with their spelling; nesting too deep ends the search."""
    decoder = json.JSONDecoder()
    start, false_starts, wasted = text.find("{"), 0, 0
    while start >= 0 and false_starts < FALSE_STARTS and wasted < WASTED_CHARS:
        try:
            value, end = decoder.raw_decode(text, start)
        except RecursionError:
            return
        except ValueError as error:
            false_starts += 1
            wasted += getattr(error, "pos", len(text)) - start
            end = start + 1
        else:
            yield value, text[start:end]
        start = text.find("{", end)
