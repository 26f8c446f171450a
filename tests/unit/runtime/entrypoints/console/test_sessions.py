"""A session is opened by its key alone, and ends by itself."""

from __future__ import annotations

from typing import Any

from runtime.client import Plangate
from runtime.entrypoints.console.sessions import IDLE_S, MOST, Sessions

CLIENT = Plangate("http://127.0.0.1:9", token="pgt_secret")  # noqa: S106  # of nobody
WHO: Any = {"member": {"display_name": "Ann"}}


class Clock:
    """Tell the time that a test says."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


def test_a_key_opens_its_session_and_a_handle_opens_none() -> None:
    """What pages hold is no key."""
    sessions = Sessions()
    key, other = sessions.begin(CLIENT, WHO), sessions.begin(CLIENT, WHO)
    found = sessions.of_key(key)

    assert found is not None
    assert found is not sessions.of_key(other)
    assert sessions.of_key(found.handle) is None
    assert sessions.of_handle(found.handle) is found
    assert sessions.of_handle(None) is None
    assert "pgt_secret" not in repr(found)


def test_an_ended_session_opens_nothing() -> None:
    """Its token is forgotten with it; others stay."""
    sessions = Sessions()
    key, other = sessions.begin(CLIENT, WHO, ends_at_platform=True), sessions.begin(CLIENT, WHO)
    ended = sessions.end(key)

    assert ended is not None
    assert ended.ends_at_platform
    assert sessions.of_key(key) is None
    assert sessions.of_handle(ended.handle) is None
    assert sessions.end(key) is None
    assert sessions.of_key(other) is not None


def test_a_session_that_nobody_uses_ends() -> None:
    """Each use keeps it for as long again."""
    clock = Clock()
    sessions = Sessions(monotonic_s=clock)
    key = sessions.begin(CLIENT, WHO)
    clock.now_s += IDLE_S
    assert sessions.of_key(key) is not None
    clock.now_s += IDLE_S
    assert sessions.of_key(key) is not None
    clock.now_s += IDLE_S + 1

    assert sessions.of_key(key) is None


def test_there_are_only_so_many_and_the_idlest_goes() -> None:
    """Memory is bounded."""
    clock = Clock()
    sessions = Sessions(monotonic_s=clock)
    keys = []
    for _ in range(MOST + 1):
        clock.now_s += 0.001
        keys.append(sessions.begin(CLIENT, WHO))

    assert sessions.of_key(keys[0]) is None
    assert sessions.of_key(keys[1]) is not None
