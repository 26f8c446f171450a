"""Traces are read in every form in which MLflow hands them out."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.importing.traces_read import Call, read_traces, recorded, trace_id
from harness.importing.unusable import UnusableError
from harness.yaml_source import SourceError
from runtime.public import JsonObject, JsonValue

TRACE: JsonObject = {"info": {"trace_id": "tr-1"}, "data": {"spans": []}}


def a_trace(inputs: JsonValue, outputs: JsonValue, **attributes: JsonValue) -> JsonObject:
    """Build a trace of one span; MLflow spells attributes as JSON text."""
    said = {"mlflow.spanInputs": inputs, "mlflow.spanOutputs": outputs, **attributes}
    spelled = {name: orjson.dumps(value).decode() for name, value in said.items()}
    return {"info": {"trace_id": "tr-1"}, "data": {"spans": [{"attributes": spelled}]}}


def a_call(name: str = "get", arguments: JsonValue = '{"x": 1}') -> JsonObject:
    """Build a tool call as OpenAI spells it."""
    return {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(orjson.dumps([TRACE]), id="a list"),
        pytest.param(orjson.dumps({"traces": [TRACE]}), id="a list in an object"),
        pytest.param(orjson.dumps(TRACE), id="one trace"),
        pytest.param(orjson.dumps([{"trace": orjson.dumps(TRACE).decode()}]), id="rows of a table"),
        pytest.param(orjson.dumps([{"trace": TRACE}]), id="rows with objects"),
    ],
)
def test_each_form_is_read(tmp_path: Path, content: bytes) -> None:
    """The trace inside is the same."""
    path = tmp_path / "traces.json"
    path.write_bytes(content)

    assert read_traces(path) == [TRACE]


def test_lines_are_read(tmp_path: Path) -> None:
    """An empty line is none."""
    path = tmp_path / "traces.jsonl"
    path.write_bytes(orjson.dumps(TRACE) + b"\n\n" + orjson.dumps(TRACE) + b"\n")

    assert read_traces(path) == [TRACE, TRACE]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b'{"a": 1}\nnot json\n', ":2: no JSON", id="a broken line"),
        pytest.param(b"[1]", "expected traces", id="no objects"),
        pytest.param(b"7", "expected traces", id="a number"),
        pytest.param(None, "can't be read", id="no file"),
    ],
)
def test_what_is_no_file_of_traces_is_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """File and line are named."""
    path = tmp_path / "traces.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SourceError, match=message):
        read_traces(path)


@pytest.mark.parametrize(
    ("trace", "found"),
    [
        pytest.param(TRACE, "tr-1", id="an export"),
        pytest.param({"trace_id": "tr-2"}, "tr-2", id="a row"),
        pytest.param({"info": {"request_id": "old"}}, "old", id="an old one"),
        pytest.param({}, "(no id)", id="none"),
    ],
)
def test_a_trace_is_named(trace: JsonObject, found: str) -> None:
    """Messages about it must find it."""
    assert trace_id(trace) == found


def test_a_row_that_is_no_trace_stays_as_it_is(tmp_path: Path) -> None:
    """It is refused by name later on."""
    path = tmp_path / "traces.json"
    path.write_bytes(b'[{"trace": "{", "trace_id": "tr-3"}]')

    assert [trace_id(item) for item in read_traces(path)] == ["tr-3"]


@pytest.mark.parametrize(
    "outputs",
    [
        pytest.param({"choices": [{"message": {"tool_calls": [a_call()]}}]}, id="a completion"),
        pytest.param({"message": {"tool_calls": [a_call()]}}, id="a message"),
        pytest.param({"role": "assistant", "tool_calls": [a_call(arguments={"x": 1})]}, id="bare"),
    ],
)
def test_a_chat_with_tools_is_understood(outputs: JsonValue) -> None:
    """System texts are the other agent's own and are left out; earlier turns are history."""
    messages: JsonValue = [
        {"role": "system", "content": "You are another agent."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": [{"type": "text", "text": "Get it."}]},
        {"role": "assistant", "content": None, "tool_calls": [a_call("first")]},
        {"role": "tool", "content": "done"},
    ]

    found = recorded(a_trace({"messages": messages}, outputs))

    assert found.when == {"message": "Get it."}
    assert found.given == {"history": [{"user": "Hello"}, {"assistant": "Yes?"}]}
    assert found.calls == (
        Call(tool="first", arguments={"x": 1}), Call(tool="get", arguments={"x": 1}),
    )  # fmt: skip


ASKED: JsonObject = {"messages": [{"role": "user", "content": "Get it."}]}


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        pytest.param({"data": {"spans": [7]}}, "neither a trial", id="nothing in it"),
        pytest.param(a_trace(ASKED, {"content": "ok"}), "neither a trial", id="no call"),
        pytest.param(a_trace(ASKED, "ok"), "neither a trial", id="an answer in text"),
        pytest.param(a_trace({"messages": [7]}, {}), "neither a trial", id="odd messages"),
        pytest.param(a_trace({"messages": []}, {}), "neither a trial", id="nobody asked"),
        pytest.param(
            a_trace(ASKED, {"tool_calls": [a_call(arguments="{")]}),
            "no arguments",
            id="half a call",
        ),
        pytest.param(a_trace(ASKED, {"tool_calls": [7]}), "no name", id="no call at all"),
        pytest.param(
            a_trace(
                {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
                {"tool_calls": [a_call()]},
            ),
            "more than text",
            id="an image",
        ),
        pytest.param(a_trace({}, {}, **{"plangate.format": 9}), "format 9", id="a newer one"),
        pytest.param(a_trace(7, {}, **{"plangate.format": 1}), "no inputs", id="a damaged one"),
        pytest.param(
            a_trace(
                {"message": "x", "attachments": [{"base64": "aa"}]}, {}, **{"plangate.format": 1}
            ),
            "can't be looked for",
            id="a file that nobody can read",
        ),
    ],
)
def test_what_can_not_be_used_says_why(trace: JsonObject, message: str) -> None:
    """The reason is for the person who exported it."""
    with pytest.raises(UnusableError, match=message):
        recorded(trace)
