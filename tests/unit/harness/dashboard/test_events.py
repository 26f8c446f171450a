"""Check that news are kept in order and that a page can catch up."""

import asyncio

import pytest

from harness.dashboard.events import EventLog


def a_log(told: int, *, kept: int = 8) -> EventLog:
    """Build a log with so many events."""
    log = EventLog("e1", kept=kept)
    for number in range(1, told + 1):
        log.add("progress", {"done": number})
    return log


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        pytest.param("e1-0", [1, 2, 3], id="from the beginning"),
        pytest.param("e1-2", [3], id="the last one"),
        pytest.param("e1-3", [], id="up to date"),
    ],
)
def test_a_page_gets_what_it_has_not_seen(seen: str, told: list[int]) -> None:
    """Nothing is lost and nothing comes twice."""
    assert [event.told["done"] for event in a_log(3).after(seen)] == told


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param("e0-2", id="another process"),
        pytest.param("e1-1", id="too long ago"),
        pytest.param("e1-99", id="never told"),
        pytest.param("e1-x", id="no number"),
        pytest.param("e1-" + "9" * 5_000, id="more digits than Python reads"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_page_that_lost_track_is_told_to_look_anew(seen: str) -> None:
    """One `changed` with the latest id, so that the page goes on from there."""
    log = a_log(10, kept=8)
    (event,) = log.after(seen)

    assert (event.name, event.id) == ("changed", log.latest)
    assert log.after(event.id) == []


def test_the_oldest_kept_event_still_comes() -> None:
    """The edge of what is kept is kept."""
    assert [event.told["done"] for event in a_log(10, kept=8).after("e1-2")] == [*range(3, 11)]


def test_an_event_is_one_message_of_a_stream() -> None:
    """Line breaks in names can't end the message early."""
    log = EventLog("e1")
    log.add("progress", {"run": "a\n\nevent: x"})
    (event,) = log.after("e1-0")

    assert event.lines() == (b'id: e1-1\nevent: progress\ndata: {"run":"a\\n\\nevent: x"}\n\n')
    assert event.document() == {"id": "e1-1", "name": "progress", "told": event.told}


async def test_whoever_waits_is_woken() -> None:
    """News and the end both wake; a time that is over says so."""
    log = EventLog("e1")
    for wake in (lambda: log.add("changed", {}), log.close):
        asyncio.get_running_loop().call_soon(wake)
        assert await log.news(timeout_s=5)

    assert not await log.news(timeout_s=0.001)
    assert log.closed
