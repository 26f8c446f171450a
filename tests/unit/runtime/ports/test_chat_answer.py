"""An answer is read into one completion or one named error."""

from __future__ import annotations

import math

import pytest

from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.chat_answer import (
    MAX_ARGUMENTS_BYTES,
    MAX_DETAIL_CHARS,
    MAX_TOOL_CALLS,
    bounded_calls,
    brief_detail,
    completion_from,
    document_from,
    fault_of_status,
)
from runtime.ports.chat_model import (
    Completion,
    ModelError,
    ModelFault,
    TokenUsage,
    ToolCall,
)
from runtime.ports.model_reference import parse_model_reference

LEAKED = "top-secret"
REFERENCE = parse_model_reference("openai/own")


def an_answer(message: JsonObject, **rest: JsonValue) -> JsonObject:
    """Build the smallest document with one message."""
    return {"choices": [{"message": message}], **rest}


def read(document: JsonValue) -> Completion:
    """Read a document as an answer of `openai/own`."""
    return completion_from(document, reference=REFERENCE)


def a_call(arguments: str = "{}") -> ToolCall:
    """Build a call."""
    return ToolCall(id="c", name="n", arguments=arguments)


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (302, ModelFault.BAD_REQUEST),
        (400, ModelFault.BAD_REQUEST),
        (401, ModelFault.UNAUTHORIZED),
        (403, ModelFault.UNAUTHORIZED),
        (404, ModelFault.BAD_REQUEST),
        (408, ModelFault.TIMEOUT),
        (422, ModelFault.BAD_REQUEST),
        (429, ModelFault.RATE_LIMITED),
        (499, ModelFault.BAD_REQUEST),
        (500, ModelFault.SERVER),
        (503, ModelFault.SERVER),
        (504, ModelFault.TIMEOUT),
    ],
)
def test_status_stands_for_a_fault(status: int, fault: ModelFault) -> None:
    """Each status has one meaning."""
    assert fault_of_status(status) is fault


def test_written_completion_reads_back() -> None:
    """What `document_from` writes, `completion_from` reads; the price has no place in it."""
    completion = Completion(
        text="t",
        tool_calls=(a_call('{"a": 1}'),),
        finish_reason="tool_calls",
        usage=TokenUsage(prompt=3, completion=2, cached=1),
        cost_micros=None,
        model="m",
        refusal="r",
    )

    assert read(document_from(completion)) == completion


@pytest.mark.parametrize(
    ("message", "calls"),
    [
        pytest.param({"tool_calls": None}, (), id="null"),
        pytest.param(
            {"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
            (ToolCall(id="call_0", name="f", arguments='{"a":1}'),),
            id="parsed arguments and no id",
        ),
        pytest.param(
            {"tool_calls": [{"id": "x", "function": {"arguments": None}}]},
            (ToolCall(id="x", name="", arguments=""),),
            id="neither name nor arguments",
        ),
    ],
)
def test_calls_of_lenient_servers_are_read(
    message: JsonObject, calls: tuple[ToolCall, ...]
) -> None:
    """What compatible servers leave out or parse is put right."""
    completion = read(an_answer(message))

    assert completion.tool_calls == calls
    assert completion.finish_reason == ("tool_calls" if calls else "stop")


def test_bare_answer_gets_defaults() -> None:
    """Without usage, model or finish reason the request's own facts stand in."""
    completion = read(an_answer({"content": [{"type": "text", "text": "a"}, {"type": "x"}]}))

    assert (completion.text, completion.usage) == ("a", TokenUsage())
    assert (completion.model, completion.finish_reason) == ("own", "stop")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="a list"),
        pytest.param({}, id="no choices"),
        pytest.param({"choices": []}, id="empty choices"),
        pytest.param({"choices": [{"message": "hi"}]}, id="message is text"),
        pytest.param({"choices": [None]}, id="choice is null"),
        pytest.param(an_answer({"content": 5}), id="content is a number"),
        pytest.param(an_answer({"tool_calls": [{}]}), id="call without function"),
        pytest.param(an_answer({}, usage={"prompt_tokens": "many"}), id="usage is text"),
        pytest.param(an_answer({}, usage={"prompt_tokens": 10**9 + 1}), id="usage without end"),
        pytest.param(an_answer({}, usage={"completion_tokens": -1}), id="usage below zero"),
        pytest.param(an_answer({}, usage={"prompt_tokens": math.inf}), id="usage is infinite"),
        pytest.param(an_answer({}, model=5), id="model is a number"),
        pytest.param(an_answer({"refusal": True}), id="refusal is no text"),
        pytest.param(an_answer({"provider_specific_fields": [1]}), id="fields are a list"),
        pytest.param(an_answer({"tool_calls": [{"function": {"name": 5}}]}), id="name is a number"),
    ],
)
def test_other_documents_are_malformed(document: JsonValue) -> None:
    """A document that is no chat completion is a named error, whatever is wrong."""
    with pytest.raises(ModelError, match="no chat completion") as caught:
        read(document)

    assert caught.value.fault is ModelFault.MALFORMED


@pytest.mark.parametrize(
    ("calls", "fits"),
    [
        pytest.param([a_call()] * MAX_TOOL_CALLS, True, id="as many calls as allowed"),
        pytest.param([a_call()] * (MAX_TOOL_CALLS + 1), False, id="one more"),
        pytest.param([a_call("x" * MAX_ARGUMENTS_BYTES)], True, id="as many bytes as allowed"),
        pytest.param([a_call("x" * MAX_ARGUMENTS_BYTES), a_call("x")], False, id="a byte more"),
        pytest.param([a_call("é" * (MAX_ARGUMENTS_BYTES - 1))], False, id="bytes, not letters"),
    ],
)
def test_calls_are_bounded(calls: list[ToolCall], *, fits: bool) -> None:
    """The bounds themselves are allowed, what is beyond is malformed."""
    if fits:
        assert bounded_calls(calls, model="m") == tuple(calls)
        return
    with pytest.raises(ModelError, match="expected at most"):
        bounded_calls(calls, model="m")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("first\nTraceback ...", "first", id="first line only"),
        pytest.param(" \n", "no message", id="nothing"),
        pytest.param("key is top-secret!", "key is [redacted]!", id="the key itself"),
        pytest.param("bad sk-abcdefghijklmnopqrst", "bad [redacted]", id="another key"),
        pytest.param("x" * 5_000, "x" * MAX_DETAIL_CHARS, id="long"),
    ],
)
def test_detail_is_short_and_clean(text: str, shown: str) -> None:
    """Foreign messages are cut and cleaned before they reach a report."""
    assert brief_detail(text, secret=LEAKED) == shown
