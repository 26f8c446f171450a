"""Spell recorded calls: one JSON line a call, the same bytes for the same call.

Cassettes and the journal of a run share this form. Reading is strict: what an older or newer
program wrote, and what is damaged, is refused with file and line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import orjson

from harness.cassette.address import Address
from harness.trial import TrialKey
from runtime.public import Completion, JsonObject, JsonValue, TokenUsage, ToolCall

CASSETTE_VERSION: Final = 1
LATENCY_DIGITS: Final = 6
NEWER: Final = "use the version of plangate that wrote it"

_TEXTS: Final = ("text", "finish_reason", "model", "refusal")
_CALL_FIELDS: Final = frozenset(
    {
        "version", "reference", "scenario", "trial", "position", "address", "parts",
        "completion", "latency_s",
    }
)  # fmt: skip
_COMPLETION_FIELDS: Final = frozenset({*_TEXTS, "tool_calls", "usage", "cost_micros"})
_PARTS: Final = frozenset({"model", "system", "tools", "messages", "sampling", "seed"})
_HEADER_FIELDS: Final = frozenset(
    {"cassette", "reference", "environment", "native_tools", "recorded"}
)


class CassetteError(Exception):
    """A cassette that can't be used; the message says where, why and what to do."""


class FormError(ValueError):
    """A line that is none of ours; its reader adds file and line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Describe a cassette.

    Attributes:
        reference: whose answers it holds.
        environment: which scenarios' answers.
        native_tools: whether the model was given tools.
        recorded: the day of the last change, as in 2026-01-31; empty when nobody said.
    """

    reference: str
    environment: str
    native_tools: bool
    recorded: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Keep one answered request.

    Attributes:
        key: the trial that asked; its model is the reference without credentials.
        position: how many requests of the trial were answered before.
        address: what was asked.
        completion: what was answered, presentable.
        latency_s: how long the answer took, with its retries.
    """

    key: TrialKey
    position: int
    address: Address
    completion: Completion
    latency_s: float

    def document(self) -> JsonObject:
        """Return the call as the JSON object of its line."""
        completion, usage = self.completion, self.completion.usage
        return {
            "version": CASSETTE_VERSION,
            "reference": self.key.model,
            "scenario": self.key.scenario,
            "trial": self.key.index,
            "position": self.position,
            "address": self.address.whole,
            "parts": self.address.parts(),
            "completion": {
                "text": completion.text,
                "tool_calls": [
                    [call.id, call.name, call.arguments] for call in completion.tool_calls
                ],
                "finish_reason": completion.finish_reason,
                "usage": [usage.prompt, usage.completion, usage.cached],
                "cost_micros": completion.cost_micros,
                "model": completion.model,
                "refusal": completion.refusal,
            },
            "latency_s": self.latency_s,
        }

    @classmethod
    def from_document(cls, document: JsonValue) -> Call:
        """Read a line back.

        Raises:
            FormError: it is no call, or one of another version.
        """
        found = _fields(document, _CALL_FIELDS, version="version", subject="a call")
        parts = _fields(found["parts"], _PARTS, subject="the parts of an address")
        latency_s = found["latency_s"]
        if not isinstance(latency_s, int | float) or not latency_s >= 0:
            raise FormError(f"latency_s is {latency_s!r}, expected seconds")
        key = TrialKey(
            scenario=_text(found, "scenario"),
            model=_text(found, "reference"),
            index=_count(found["trial"], "trial"),
        )
        return cls(
            key=key,
            position=_count(found["position"], "position"),
            address=Address(
                whole=_text(found, "address"), **{name: _text(parts, name) for name in parts}
            ),
            completion=_completion(found["completion"]),
            latency_s=latency_s,
        )


def timed(call: Call, latency_s: float) -> Call:
    """Return the call with a latency that every machine spells alike."""
    return replace(call, latency_s=round(max(0.0, latency_s), LATENCY_DIGITS))


def line_of(document: JsonObject) -> bytes:
    """Spell a document as one line."""
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def header_line(header: Header) -> bytes:
    """Spell the first line of a cassette."""
    return line_of(
        {
            "cassette": CASSETTE_VERSION,
            "reference": header.reference,
            "environment": header.environment,
            "native_tools": header.native_tools,
            "recorded": header.recorded,
        }
    )


def read_line(line: bytes) -> JsonValue:
    """Parse one line.

    Raises:
        FormError: it is no JSON.
    """
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise FormError(f"no JSON ({error})") from None


def header_from(document: JsonValue) -> Header:
    """Read the first line of a cassette.

    Raises:
        FormError: it is no header, or one of another version.
    """
    found = _fields(document, _HEADER_FIELDS, version="cassette", subject="a cassette's header")
    if not isinstance(found["native_tools"], bool):
        raise FormError(f"native_tools is {found['native_tools']!r}, expected true or false")
    return Header(
        reference=_text(found, "reference"),
        environment=_text(found, "environment"),
        native_tools=found["native_tools"],
        recorded=_text(found, "recorded"),
    )


def _fields(
    document: JsonValue, wanted: frozenset[str], *, subject: str, version: str = ""
) -> JsonObject:
    if not isinstance(document, dict):
        raise FormError(f"{type(document).__name__} found, expected {subject}")
    if version:
        found = document.get(version)
        if isinstance(found, int) and found > CASSETTE_VERSION:
            raise FormError(
                f"{subject} of version {found}; this program reads {CASSETTE_VERSION}: {NEWER}"
            )
        if found != CASSETTE_VERSION or isinstance(found, bool):
            raise FormError(f"{version} is {found!r}, expected {CASSETTE_VERSION} in {subject}")
    if document.keys() != wanted:
        odd = ", ".join(sorted(document.keys() ^ wanted))
        raise FormError(f"{subject} has other fields than expected: {odd}")
    return document


def _completion(document: JsonValue) -> Completion:
    found = _fields(document, _COMPLETION_FIELDS, subject="a completion")
    cost = found["cost_micros"]
    usage = found["usage"]
    calls = found["tool_calls"]
    if not isinstance(usage, list) or len(usage) != 3:  # noqa: PLR2004  # prompt, completion, cached
        raise FormError(f"usage is {usage!r}, expected three counts")
    if not isinstance(calls, list):
        raise FormError(f"tool_calls is {type(calls).__name__}, expected a list")
    prompt, completion, cached = (_count(count, "usage") for count in usage)
    return Completion(
        text=_text(found, "text"),
        tool_calls=tuple(_tool_call(call) for call in calls),
        finish_reason=_text(found, "finish_reason"),
        usage=TokenUsage(prompt=prompt, completion=completion, cached=cached),
        cost_micros=None if cost is None else _count(cost, "cost_micros"),
        model=_text(found, "model"),
        refusal=_text(found, "refusal"),
    )


def _tool_call(written: JsonValue) -> ToolCall:
    if isinstance(written, list) and [type(item) for item in written] == [str, str, str]:
        call_id, name, arguments = written
        return ToolCall(id=call_id, name=name, arguments=arguments)
    raise FormError("a tool call is not the three texts id, name and arguments")


def _text(document: JsonObject, name: str) -> str:
    found = document[name]
    if not isinstance(found, str):
        raise FormError(f"{name} is {type(found).__name__}, expected a text")
    return found


def _count(found: JsonValue, name: str) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise FormError(f"{name} is {found!r}, expected a whole number from 0")
    return found
