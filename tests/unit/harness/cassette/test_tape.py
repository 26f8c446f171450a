"""A line says the same in the same bytes everywhere, and a line that is none of ours is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.cassette.tape import (
    Call,
    FormError,
    Header,
    header_from,
    header_line,
    line_of,
    read_line,
    timed,
)
from runtime.public import JsonObject, JsonValue
from tests.models.scripted import a_call, saying
from tests.unit.harness.cassette.builders import a_call_of

HEADER = Header(reference="test/a", environment="counter", native_tools=True, recorded="2026-01-31")


def a_document() -> JsonObject:
    """Return the document of a call with everything in it."""
    completion = saying("Done.", calls=[a_call("counter_set", value=3)], refusal="No.")
    return a_call_of(completion=completion).document()


def without(name: str) -> Callable[[JsonObject], JsonValue]:
    """Return a damage that leaves a field out."""
    return lambda document: {key: value for key, value in document.items() if key != name}


def inside(name: str, **changes: JsonValue) -> Callable[[JsonObject], JsonValue]:
    """Return a damage inside a field."""
    return lambda document: {**document, name: {**document[name], **changes}}


def with_(**changes: JsonValue) -> Callable[[JsonObject], JsonValue]:
    """Return a damage that sets fields."""
    return lambda document: {**document, **changes}


@pytest.mark.parametrize("cost_micros", [None, 0, 12])
def test_a_call_comes_back_as_it_was(cost_micros: int | None) -> None:
    """Nothing of an answer is lost, an unknown price neither."""
    call = a_call_of(
        completion=saying("Dé", calls=[a_call("x", "{no json")], cost_micros=cost_micros)
    )

    line = line_of(call.document())
    back = Call.from_document(read_line(line))

    assert back == call
    assert line_of(back.document()) == line
    assert line.count(b"\n") == 1


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(lambda _: [1], "list found, expected a call", id="no object"),
        pytest.param(with_(version=2), "use the version of plangate that wrote it", id="newer"),
        pytest.param(with_(version=0), "version is 0, expected 1", id="older"),
        pytest.param(with_(version=True), "version is True", id="a version that is no number"),
        pytest.param(without("version"), "version is None", id="no version"),
        pytest.param(without("address"), "other fields than expected: address", id="no address"),
        pytest.param(with_(extra=1), "other fields than expected: extra", id="one field more"),
        pytest.param(with_(trial=-1), "trial is -1", id="a negative trial"),
        pytest.param(with_(position=True), "position is True", id="a position that is no number"),
        pytest.param(with_(scenario=3), "scenario is int", id="a scenario that is no text"),
        pytest.param(with_(latency_s=-1), "latency_s is -1", id="time that runs backwards"),
        pytest.param(with_(latency_s="1"), "latency_s is '1'", id="a latency that is a text"),
        pytest.param(inside("parts", seed=1), "seed is int", id="a part that is no text"),
        pytest.param(inside("completion", usage=[1, 2]), "usage is [1, 2]", id="two counts"),
        pytest.param(inside("completion", usage=[1, 2, -3]), "usage is -3", id="negative tokens"),
        pytest.param(inside("completion", cost_micros="1"), "cost_micros is '1'", id="cost"),
        pytest.param(inside("completion", tool_calls={}), "tool_calls is dict", id="no list"),
        pytest.param(inside("completion", tool_calls=["abc"]), "a tool call", id="a text"),
        pytest.param(inside("completion", tool_calls=[["a", "b"]]), "a tool call", id="two texts"),
        pytest.param(inside("completion", text=None), "text is NoneType", id="no text"),
    ],
)
def test_a_damaged_call_is_refused(damage: Callable[[JsonObject], JsonValue], said: str) -> None:
    """What is wrong is said with the value."""
    with pytest.raises(FormError) as caught:
        Call.from_document(damage(a_document()))

    assert said in str(caught.value)


def test_a_header_comes_back_as_it_was() -> None:
    """A cassette says whose it is."""
    assert header_from(read_line(header_line(HEADER))) == HEADER


def test_a_header_of_a_newer_program_is_refused() -> None:
    """Nobody guesses what a newer cassette means."""
    newer = {**read_line(header_line(HEADER)), "cassette": 2}

    with pytest.raises(FormError, match=r"version 2.*use the version of plangate that wrote it"):
        header_from(newer)


def test_a_header_says_plainly_whether_there_were_tools() -> None:
    """Anything but true and false is refused."""
    with pytest.raises(FormError, match="native_tools is 1"):
        header_from({**read_line(header_line(HEADER)), "native_tools": 1})


def test_a_line_that_is_no_json_is_refused() -> None:
    """A merge conflict does not pass for a recording."""
    with pytest.raises(FormError, match="no JSON"):
        read_line(b"<<<<<<< HEAD\n")


def test_a_latency_is_spelled_in_microseconds_and_never_negative() -> None:
    """A clock that went backwards makes no cassette unreadable."""
    call = a_call_of()

    assert timed(call, 0.1 + 0.2).latency_s == 0.3
    assert timed(call, -1.0).latency_s == 0.0
