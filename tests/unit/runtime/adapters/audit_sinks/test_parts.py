"""Tests of parts: none is larger than allowed, and together they are the whole."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.adapters.audit_sinks.parts import cut, requests_of
from runtime.ports.audit_sink import SinkObject
from tests.contract.audit_sinks.joining import joined


def an_object(body: bytes) -> SinkObject:
    """Return an object."""
    return SinkObject(name="leaves/one", body=body)


@given(
    body=st.one_of(
        st.binary(max_size=400), st.text(alphabet='ab"\\\n\x00é', max_size=400).map(str.encode)
    ),
    most_bytes=st.integers(min_value=4, max_value=64),
)
def test_parts_join_to_what_they_were_cut_from(body: bytes, most_bytes: int) -> None:
    """No body of a part is larger than allowed once it is JSON; a part says which it is."""
    parts = cut(an_object(body), most_bytes=most_bytes)

    assert joined(parts) == body
    assert [part["part"] for part in parts] == list(range(1, len(parts) + 1))
    assert {part["parts"] for part in parts} == {len(parts)}
    assert {part["object"] for part in parts} == {"leaves/one"}
    for part in parts:
        assert len(json.dumps(part["body"])) - 2 <= most_bytes


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(b"", "text", id="nothing"),
        pytest.param(b'{"a":"b"}\n', "text", id="lines of JSON"),
        pytest.param(b"a\r\n", "base64", id="a carriage return"),
        pytest.param(b"a\tb", "base64", id="a tab"),
        pytest.param("é".encode(), "base64", id="not ASCII"),
        pytest.param(b"\x7f", "base64", id="a control character"),
    ],
)
def test_only_what_no_intake_rewrites_is_sent_as_text(body: bytes, encoding: str) -> None:
    """All else is base64."""
    assert [part["encoding"] for part in cut(an_object(body), most_bytes=64)] == [encoding]


def test_requests_hold_as_many_entries_as_they_may() -> None:
    """Up to 1,000, and up to 1 MB with what joins them; the order stays."""
    small = [{"n": number} for number in range(2_001)]
    large = [{"n": number, "body": "x" * 299_985} for number in range(7)]

    assert [len(request) for request in requests_of(small)] == [1_000, 1_000, 1]
    assert [orjson.loads(one) for request in requests_of(small) for one in request] == small
    assert [len(request) for request in requests_of(large)] == [3, 3, 1]
    assert all(
        sum(map(len, request)) + len(request) + 1 <= 1_000_000 for request in requests_of(large)
    )
