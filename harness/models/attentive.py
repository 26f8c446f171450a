"""`plangate/attentive?rate=0.05`: golden answers, but only as far as the prompt allows them.

It asks and declines only where the system message names those ways out; where nothing tells it not
to, it asks for what it could know in a third of the cases; and of an argument whose value stands
nowhere in the request it makes a guess. So a prompt that lost something shows in its
figures, as it would in a model's; beside that it slips at `rate`, by the trial's seed alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from harness.models.answer_key import AnswerKey, CallAnswer, completion_of, decline_call
from harness.models.noisy_oracle import (
    act_instead,
    alter_argument,
    ask_instead,
    noise_rate,
    spoiled,
)
from runtime.public import ASK, DECLINE, ChatRequest, Completion, JsonValue

SHORTEST_TOLD = 3
"""Shorter texts and numbers stand everywhere, or are computed; only longer ones must be told."""

DISCOURAGED = "Don't ask for what"
NEEDLESS = 1 / 3
"""How often it asks without need when nobody told it not to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attentive:
    """Answer right where the prompt says what it takes."""

    key: AnswerKey

    async def answer(
        self, model: str, request: ChatRequest, options: Mapping[str, str]
    ) -> Completion:
        """Answer with the golden calls, with what the prompt does not tell done wrong."""
        rate = noise_rate({"rate": "0", **options})
        golden = self.key.get(request.labels.get("scenario", ""))
        if golden is None:
            return completion_of((decline_call("Unknown scenario."),), model=model)
        random = Random(f"{options.get('seed', '0')}/{request.labels.get('seed', '0')}")
        calls = golden.calls
        slips, asks = random.random() < rate, random.random() < NEEDLESS
        if slips:
            calls = spoiled(golden, random)
        elif asks and DISCOURAGED not in _rules(request):
            calls = ask_instead(golden, random) or golden.calls
        elif untold_way_out(golden.calls, request):
            calls = act_instead(golden, random) or golden.calls
        elif untold_value(golden.calls, request):
            calls = alter_argument(golden, random) or golden.calls
        return completion_of(calls, model=model)


def untold_way_out(calls: tuple[CallAnswer, ...], request: ChatRequest) -> bool:
    """Say whether the answer asks or declines though the system message never mentions it."""
    rules = _rules(request)
    return any(call.tool in {ASK, DECLINE} and call.tool not in rules for call in calls)


def untold_value(calls: tuple[CallAnswer, ...], request: ChatRequest) -> bool:
    """Say whether an argument holds an identifier that stands nowhere in the request."""
    told = "\n".join([*_texts(request.messages), request.tools.encoded.decode()]).casefold()
    return any(
        _identifies(text) and text.casefold() not in told
        for call in calls
        if call.tool not in {ASK, DECLINE}
        for text in _texts(call.arguments)
    )


def _rules(request: ChatRequest) -> str:
    return str(request.messages[0].get("content", ""))


def _identifies(text: str) -> bool:
    """Say whether a text can only be known, not worded: one word that holds a digit or a sign."""
    marked = any(not letter.isalpha() for letter in text)
    return len(text) >= SHORTEST_TOLD and " " not in text and marked


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
