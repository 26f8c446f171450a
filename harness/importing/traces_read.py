"""Read traces as MLflow exports them, and what each says: our own trials, or a chat with tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from harness.importing.unusable import UnusableError
from harness.yaml_source import Problem, SourceError
from runtime.public import JsonObject, JsonValue

FORMAT: Final = 1
SPAN_INPUTS: Final = "mlflow.spanInputs"
SPAN_OUTPUTS: Final = "mlflow.spanOutputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Hold one call of a tool: its name as the model saw it, and its arguments."""

    tool: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Hold what a trace says.

    Attributes:
        environment: where it happened; empty when the trace does not say.
        when: the message, with its attachments.
        given: the situation, as far as the trace says it.
        proposal: our own proposal document; None for a foreign trace.
        calls: what a foreign trace's model called.
    """

    environment: str
    when: JsonObject
    given: JsonObject
    proposal: JsonObject | None = None
    calls: tuple[Call, ...] = ()


def read_traces(path: Path) -> list[JsonObject]:
    """Read a file of traces: a JSON list, `{"traces": […]}`, one trace, or one a line.

    Raises:
        SourceError: the file can't be read, or is none of these.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(_problem(path, 1, f"can't be read: {error.strerror}")) from error
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        document = list(_lines(path, content))
    if isinstance(document, dict):
        document = document.get("traces", [document])
    if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
        raise SourceError(_problem(path, 1, "expected traces as JSON objects"))
    return [_unpacked(item) for item in document]


def trace_id(trace: JsonObject) -> str:
    """Return a trace's id; `(no id)` when it has none."""
    info = trace.get("info")
    found = info if isinstance(info, dict) else trace
    return str(found.get("trace_id") or found.get("request_id") or "(no id)")


def recorded(trace: JsonObject) -> Recorded:
    """Return what a trace says.

    Raises:
        UnusableError: it says neither a trial of ours nor a chat with tool calls.
    """
    spans = [_attributes(span) for span in _spans(trace)]
    for said in spans:
        if "plangate.format" in said:
            return _own(said)
    for said in spans:
        found = _chat(said)
        if found is not None:
            return found
    raise UnusableError("it holds neither a trial of plangate nor a chat whose model called tools")


def _lines(path: Path, content: bytes) -> Iterator[JsonValue]:
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise SourceError(_problem(path, number, f"no JSON: {error}")) from error


def _unpacked(row: JsonObject) -> JsonObject:
    """Take the trace out of a row of a table, where `search_traces` keeps it as text."""
    packed = row.get("trace")
    if isinstance(packed, str):
        try:
            packed = orjson.loads(packed)
        except orjson.JSONDecodeError:
            return row
    return packed if isinstance(packed, dict) else row


def _problem(path: Path, line: int, message: str) -> Problem:
    return Problem(file=path.as_posix(), line=line, message=message)


def _spans(trace: JsonObject) -> Iterable[JsonObject]:
    data = trace.get("data")
    spans = (data if isinstance(data, dict) else trace).get("spans")
    return [span for span in spans if isinstance(span, dict)] if isinstance(spans, list) else []


def _attributes(span: JsonObject) -> JsonObject:
    """Return a span's attributes; MLflow spells each value as JSON text."""
    found = span.get("attributes")
    pairs = found.items() if isinstance(found, dict) else ()
    return {name: _value(value) for name, value in pairs}


def _value(value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _own(said: JsonObject) -> Recorded:
    if said["plangate.format"] != FORMAT:
        raise UnusableError(
            f"it has format {said['plangate.format']}; this program reads {FORMAT}: "
            "use the version of plangate that wrote it"
        )
    inputs, proposal = said.get(SPAN_INPUTS), said.get(SPAN_OUTPUTS)
    if not isinstance(inputs, dict) or not isinstance(proposal, dict):
        raise UnusableError("its trial has no inputs or no outputs")
    if any("base64" in item for item in inputs.get("attachments", ())):
        raise UnusableError("it has an attachment in which personal data can't be looked for")
    return Recorded(
        environment=str(said.get("plangate.environment", "")),
        when={name: value for name, value in inputs.items() if name != "given"},
        given=inputs.get("given") or {},
        proposal=proposal,
    )


def _chat(said: JsonObject) -> Recorded | None:
    """Return what a chat in OpenAI's form says; None when it is none, or calls no tool."""
    inputs = said.get(SPAN_INPUTS)
    messages = inputs.get("messages") if isinstance(inputs, dict) else None
    if not isinstance(messages, list) or not all(isinstance(item, dict) for item in messages):
        return None
    spoken = [item for item in messages if item.get("role") in {"user", "assistant"}]
    asked = max(
        (index for index, item in enumerate(spoken) if item["role"] == "user"), default=None
    )
    if asked is None:
        return None
    answered = [*spoken[asked + 1 :], *_answers(said.get(SPAN_OUTPUTS))]
    calls = tuple(call for answer in answered for call in _calls(answer))
    if not calls:
        return None
    turns = [{item["role"]: _text(item)} for item in spoken[:asked] if _text(item)]
    return Recorded(
        environment="",
        when={"message": _text(spoken[asked])},
        given={"history": turns} if turns else {},
        calls=calls,
    )


def _answers(outputs: JsonValue) -> Iterator[JsonObject]:
    """Yield the assistant's message out of whatever a provider's answer wraps it in."""
    if not isinstance(outputs, dict):
        return
    choices = outputs.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        outputs = choices[0]
    message = outputs.get("message")
    yield message if isinstance(message, dict) else outputs


def _calls(message: JsonObject) -> Iterator[Call]:
    for call in message.get("tool_calls") or ():
        function = call.get("function", call) if isinstance(call, dict) else {}
        arguments = _value(function.get("arguments", {}))
        if not isinstance(function.get("name"), str) or not isinstance(arguments, dict):
            raise UnusableError("one of its tool calls has no name or no arguments in JSON")
        yield Call(tool=function["name"], arguments=arguments)


def _text(message: JsonObject) -> str:
    content = message.get("content")
    if isinstance(content, str) or content is None:
        return content or ""
    parts = content if isinstance(content, list) else [content]
    if not all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts):
        raise UnusableError("one of its messages holds more than text")
    return "\n".join(part["text"] for part in parts)
