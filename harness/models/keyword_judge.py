"""`plangate/keyword-judge`: a judge without understanding; the baseline that a judge has to beat.

It reads the prompt that every judge reads, and looks at words alone: does the text share words with
the setting, is it a question, is it one of the phrases that fit everything? It is free and always
says the same, so that demonstrations and tests need no model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from runtime.public import (
    ChatRequest,
    Completion,
    JsonObject,
    ModelError,
    ModelFault,
    TokenUsage,
    canonical_text,
)

GOOD, POOR = 8, 2
LONG_WORD = 4
_SETTING = re.compile(r"^Input:\n(\{.*\}) *$", re.MULTILINE)
_TEXT = re.compile(r'^Actual Output:\n(".*") *$', re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]+|\d+")
_EMPTY_PHRASES = re.compile(
    r"\bare you sure\b|\bjust to confirm\b|\bfurther details\b|\bwhat do you mean\b|"
    r"\bcould you clarify\b|\bcan.t be done here\b|\bnot possible\b|\bscore\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class KeywordJudge:
    """Judge by words; deterministic."""

    async def answer(
        self, model: str, request: ChatRequest, options: Mapping[str, str]
    ) -> Completion:
        """Score the text that a prompt of GEval puts before its reader."""
        if options:
            raise ValueError(f"plangate/{model} takes no options, got {', '.join(sorted(options))}")
        prompt = str(request.messages[-1]["content"])
        setting, text = _SETTING.search(prompt), _TEXT.search(prompt)
        if setting is None or text is None:
            raise ModelError(
                ModelFault.BAD_REQUEST,
                model=f"plangate/{model}",
                detail="this is no prompt of a judge; ask plangate/keyword for plans",
            )
        score, reason = _judged(orjson.loads(setting[1]), orjson.loads(text[1]))
        return Completion(
            text=canonical_text({"reason": reason, "score": score}),
            tool_calls=(),
            finish_reason="stop",
            usage=TokenUsage(),
            cost_micros=0,
            model=model,
        )


def _judged(setting: JsonObject, text: str) -> tuple[int, str]:
    if _EMPTY_PHRASES.search(text):
        return POOR, "it is a phrase that fits everything"
    if setting["answer"] == "clarification" and "?" not in text:
        return POOR, "it is no question"
    shared = _words(text) & _words(f"{setting['context']} {setting['right answers']}")
    if not shared:
        return POOR, "it names nothing of the setting"
    return GOOD, f"it names {', '.join(sorted(shared))}"


def _words(text: str) -> frozenset[str]:
    found = _WORD.findall(text.lower())
    return frozenset(word for word in found if len(word) >= LONG_WORD or word.isdigit())
