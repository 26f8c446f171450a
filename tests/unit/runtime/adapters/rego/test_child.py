"""What a child answers; that it is confined and killed is proven with real ones elsewhere."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence
from io import BytesIO

import pytest

from runtime.adapters.rego.child import Answerer, serve
from runtime.adapters.rego.frames import ANSWER_BYTES, LENGTH_BYTES, packed, unpacked

RULE = b"data.a.p"
LOAD = [b"load", b"r1", b"a.rego", b"package a\np := input.x"]


@pytest.fixture
def cpu_limit() -> Iterator[None]:
    """Give this process the CPU time back that a request of a child takes from it."""
    before = resource.getrlimit(resource.RLIMIT_CPU)
    yield
    resource.setrlimit(resource.RLIMIT_CPU, before)


def _asked(answerer: Answerer, *inputs: bytes, revision: bytes = b"r1") -> list[bytes]:
    return answerer.reply([b"decide", revision, RULE, *inputs])


def test_a_revision_that_it_does_not_have_is_unknown() -> None:
    """It asks for modules rather than to answer without."""
    answerer = Answerer()

    assert _asked(answerer, b"{}") == [b"unknown"]
    assert answerer.reply(LOAD) == [b"done"]
    assert _asked(answerer, b'{"x": 1}') == [b"answers", b"value", b"1"]


def test_each_input_has_its_own_answer() -> None:
    """A value, silence and a failure stand beside each other."""
    answerer = Answerer()
    answerer.reply([b"load", b"r1", b"a.rego", b"package a\np := 1 / input.x"])

    reply = _asked(answerer, b'{"x": 1}', b"{}", b'{"x": 0}', b"no json")

    assert reply[:5] == [b"answers", b"value", b"1", b"undefined", b""]
    assert reply[5:7] == [b"failed", b"a.rego:2:8"]
    assert reply[7] == b"failed"


def test_a_failure_tells_its_place_alone() -> None:
    """The engine's text quotes values; they don't leave the child."""
    answerer = Answerer()
    answerer.reply([b"load", b"r1", b"a.rego", b'package a\np := "a" + input.x'])

    assert b"s3cret" not in b"".join(_asked(answerer, b'{"x": "s3cret"}'))


def test_an_answer_that_is_too_long_stays_in_the_child() -> None:
    """Only its length is told."""
    answerer = Answerer()
    answerer.reply(LOAD)
    fits, too_long = b"a" * (ANSWER_BYTES - 2), b"a" * (ANSWER_BYTES - 1)

    reply = _asked(answerer, b'{"x": "%s"}' % fits, b'{"x": "%s"}' % too_long)

    assert reply[1:3] == [b"value", b'"%s"' % fits]
    assert reply[3:] == [b"too_long", b"1048577"]


def test_modules_that_are_no_rego_are_not_kept() -> None:
    """Their place is told, and the revision stays unknown."""
    answerer = Answerer()

    assert answerer.reply([b"load", b"r1", b"a.rego", b"package a\np := :="]) == [
        b"failed",
        b"a.rego:2:6",
    ]
    assert _asked(answerer, b"{}") == [b"unknown"]


def test_the_revisions_that_were_asked_last_are_kept() -> None:
    """The one that nobody asked for the longest time makes room."""
    answerer = Answerer(kept=2)
    for revision in (b"r1", b"r2"):
        answerer.reply([b"load", revision, *LOAD[2:]])
    _asked(answerer, b"{}", revision=b"r1")
    answerer.reply([b"load", b"r3", *LOAD[2:]])

    known = [_asked(answerer, b"{}", revision=one)[0] for one in (b"r1", b"r2", b"r3")]

    assert known == [b"answers", b"unknown", b"answers"]


def test_an_answer_is_that_of_its_own_input() -> None:
    """Nothing of a question is left in the engine when the next one comes."""
    answerer = Answerer()
    answerer.reply(LOAD)

    assert _asked(answerer, b'{"x": 1}', b"{}", b'{"x": 2}')[2::2] == [b"1", b"", b"2"]


def test_a_check_is_answered_with_a_report() -> None:
    """Modules are tried as they are sent."""
    done, report = Answerer().reply([b"check", RULE, *LOAD[2:]])

    assert done == b"done"
    assert b'"problems":[]' in report


def _frames(data: bytes) -> Iterator[Sequence[bytes]]:
    while data:
        end = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "big")
        yield unpacked(data[LENGTH_BYTES:end])
        data = data[end:]


@pytest.mark.usefixtures("cpu_limit")
def test_requests_are_answered_in_order_until_they_end() -> None:
    """It says that it has started, answers each request, and ends with the pipe."""
    requests = [LOAD, [b"decide", b"r1", RULE, b'{"x": 5}']]
    source, sink = BytesIO(b"".join(map(packed, requests))), BytesIO()

    serve(source, sink, cpu_s=3600)

    assert list(_frames(sink.getvalue())) == [[b"done"], [b"done"], [b"answers", b"value", b"5"]]


@pytest.mark.usefixtures("cpu_limit")
def test_a_request_caps_the_seconds_of_cpu() -> None:
    """The kernel ends a child that its parent could not."""
    serve(BytesIO(packed(LOAD)), BytesIO(), cpu_s=3600)

    soft, _ = resource.getrlimit(resource.RLIMIT_CPU)

    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    assert used + 3600 < soft < used + 3900
