"""Know the golden answer of each scenario, in the form in which a model would give it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from runtime.public import (
    ASK,
    DECLINE,
    Completion,
    JsonObject,
    TokenUsage,
    ToolCall,
    canonical_text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswer:
    """Call one tool."""

    tool: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenAnswer:
    """Hold the calls that answer a scenario, and what a fault may be made of.

    Attributes:
        calls: the golden calls, in order.
        tools: the other tools on offer with their input schemas, by name.
    """

    calls: tuple[CallAnswer, ...]
    tools: Mapping[str, JsonObject] = field(default_factory=lambda: MappingProxyType({}))


AnswerKey: TypeAlias = Mapping[str, GoldenAnswer]
"""Golden answers by scenario id; the scenario of a request is in its labels."""


def ask_call(question: str, asks_for: tuple[str, ...]) -> CallAnswer:
    """Ask for something."""
    return CallAnswer(tool=ASK, arguments={"question": question, "asks_for": list(asks_for)})


def decline_call(reason: str) -> CallAnswer:
    """Say no."""
    return CallAnswer(tool=DECLINE, arguments={"reason": reason})


def completion_of(calls: tuple[CallAnswer, ...], *, model: str) -> Completion:
    """Spell calls as the completion of an offline model, which costs nothing."""
    return Completion(
        text="",
        tool_calls=tuple(
            ToolCall(id=f"call_{index}", name=call.tool, arguments=canonical_text(call.arguments))
            for index, call in enumerate(calls)
        ),
        finish_reason="tool_calls",
        usage=TokenUsage(),
        cost_micros=0,
        model=model,
    )
