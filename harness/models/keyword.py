"""`plangate/keyword`: a rule-based planner without any learning; the baseline to beat.

It sees what every model sees, and nothing else: the messages and the tools. It takes the tool
whose words overlap most with the message, fills its inputs by type (numbers, quoted text, enum
values, ids of the state, remembered facts), asks for a required input that it can't find, and
declines when no tool fits. One step at most; it does not plan.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.models.answer_key import CallAnswer, ask_call, completion_of, decline_call
from runtime.public import ASK, DECLINE, ChatRequest, Completion, JsonObject, JsonValue

ENOUGH_OVERLAP = 1.6
_WORD = re.compile(r"[a-zà-öø-ÿ]+")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
_QUOTED = re.compile(r"[\"“„«']([^\"”“»']{2,200})[\"”“»']")
_ID = re.compile(r"\b[a-z]{1,6}_\d+\b")
_PLAIN_WORDS = frozenset(
    [
        "a", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from",
        "has", "i", "if", "in", "is", "it", "its", "me", "my", "no", "not", "of", "on", "one", "or",
        "please", "risk", "cost", "costs", "low", "medium", "high", "only", "person", "requires",
        "so", "such", "that", "the", "there", "this", "to", "unit", "units", "use", "when", "with",
        "you", "your",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    name: str
    schema: JsonObject
    words: frozenset[str]
    name_words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Keyword:
    """Match words; deterministic."""

    async def answer(
        self, model: str, request: ChatRequest, options: Mapping[str, str]
    ) -> Completion:
        """Answer the last user message with one call."""
        if options:
            raise ValueError(f"plangate/keyword takes no options, got {', '.join(sorted(options))}")
        said = _last_text(request)
        chosen = _best(said, _candidates(request))
        if chosen is None:
            return completion_of((decline_call("No tool matches the request."),), model=model)
        return completion_of((_filled(chosen, said),), model=model)


def _candidates(request: ChatRequest) -> list[_Candidate]:
    found: list[_Candidate] = []
    for definition in request.tools.definitions:
        function = definition["function"]
        if function["name"] in {ASK, DECLINE}:
            continue
        schema: JsonObject = function["parameters"]
        text = f"{function['description']} {' '.join(schema.get('properties', {}))}"
        name_words = _words(function["name"].replace("_", " "))
        found.append(
            _Candidate(
                name=function["name"],
                schema=schema,
                words=_words(text.replace("_", " ")) | name_words,
                name_words=name_words,
            )
        )
    return found


def _best(said: str, candidates: list[_Candidate]) -> _Candidate | None:
    """Weigh shared words by how few tools have them; a word of the tool's name counts double."""
    spoken = _words(said)
    spread = {
        word: math.log(1 + len(candidates) / sum(word in item.words for item in candidates))
        for item in candidates
        for word in item.words & spoken
    }

    def overlap(item: _Candidate) -> float:
        return math.fsum(  # exact, so that the order of a set does not matter
            spread[word] * (2 if word in item.name_words else 1) for word in item.words & spoken
        )

    ranked = max(candidates, key=lambda item: (overlap(item), item.name), default=None)
    return ranked if ranked is not None and overlap(ranked) >= ENOUGH_OVERLAP else None


def _filled(chosen: _Candidate, said: str) -> CallAnswer:
    numbers = [float(text) for text in _NUMBER.findall(said)]
    ids = _ID.findall(said.lower())
    quoted = _QUOTED.findall(said)
    required = chosen.schema.get("required", [])
    arguments: JsonObject = {}
    for name, schema in chosen.schema.get("properties", {}).items():
        value = _value(schema, said, numbers=numbers, ids=ids, quoted=quoted)
        if value is not None:
            arguments[name] = value
        elif name in required:
            return ask_call(f"Which {name.replace('_', ' ')}?", (name,))
    return CallAnswer(tool=chosen.name, arguments=arguments)


def _value(
    schema: JsonObject, said: str, *, numbers: list[float], ids: list[str], quoted: list[str]
) -> JsonValue:
    """Take the first unused thing of the right type out of the message."""
    if "enum" in schema:
        lowered = said.lower()
        return next((item for item in schema["enum"] if str(item).lower() in lowered), None)
    told = schema.get("type")
    kinds = {*told} if isinstance(told, list) else {told}
    if kinds & {"integer", "number"} and numbers:
        number = numbers.pop(0)
        return int(number) if number.is_integer() else number
    if "string" in kinds:
        if "pattern" in schema:
            return ids.pop(0) if ids else None
        return quoted.pop(0) if quoted else None
    return None


def _words(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _WORD.findall(text.lower())) - _PLAIN_WORDS


def _stem(word: str) -> str:
    """Cut common endings, so that `refunds` and `refunded` meet `refund`."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004  # a stem is left
            return word[: -len(ending)]
    return word


def _last_text(request: ChatRequest) -> str:
    content = next(
        message["content"] for message in reversed(request.messages) if message["role"] == "user"
    )
    if isinstance(content, str):
        return content
    return str(content[0]["text"])
