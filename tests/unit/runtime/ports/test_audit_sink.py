"""Tests of what can be copied: names that every sink keeps, bodies and instants within bounds."""

from datetime import datetime

import pytest

from runtime.ports.audit_sink import MOST_OBJECT_BYTES, SinkError, SinkObject


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="nothing"),
        pytest.param("/leaves", id="an empty part first"),
        pytest.param("leaves//one", id="an empty part"),
        pytest.param("leaves/", id="an empty part last"),
        pytest.param("leaves/../one", id="a way up"),
        pytest.param("leaves/.one", id="a hidden file"),
        pytest.param("leaves/one\n", id="a line end"),
        pytest.param("leaves\\one", id="another separator"),
        pytest.param("leaves/Zürich", id="not ASCII"),
        pytest.param("a" * 513, id="too long"),
    ],
)
def test_a_name_that_a_sink_could_read_otherwise_is_refused(name: str) -> None:
    """No sink ever sees it."""
    with pytest.raises(ValueError, match="name of an object"):
        SinkObject(name=name, body=b"")


@pytest.mark.parametrize(
    "name", ["a", "leaves/2026/11/30/01J.jsonl", "anchors/org_1/000000000012.json"]
)
def test_names_of_copies_are_names(name: str) -> None:
    """The ones that the platform makes."""
    assert SinkObject(name=name, body=b"").name == name


def test_a_body_is_bounded() -> None:
    """One byte more than the most is refused; the most is not."""
    SinkObject(name="a", body=bytes(MOST_OBJECT_BYTES))

    with pytest.raises(ValueError, match="split it"):
        SinkObject(name="a", body=bytes(MOST_OBJECT_BYTES + 1))


def test_an_instant_has_a_time_zone() -> None:
    """A lock that ends at some local time ends too early somewhere."""
    with pytest.raises(ValueError, match="time zone"):
        SinkObject(name="a", body=b"", keep_until=datetime(2026, 1, 1))  # noqa: DTZ001  # that is it


def test_an_error_names_its_sink() -> None:
    """Whoever reads a log knows which one."""
    error = SinkError("it is full", sink="file:///copies", retry_after_s=3.0)

    assert str(error) == "audit sink 'file:///copies': it is full"
    assert (error.sink, error.reason, error.retry_after_s) == ("file:///copies", "it is full", 3.0)
