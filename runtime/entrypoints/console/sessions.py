"""Remember who is signed in: tokens stay in this process, a browser has a key without meaning."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from runtime.client import Plangate
from runtime.client.documents.me import CallerOut

IDLE_S: Final = 8 * 3_600.0
MOST: Final = 1_000


@dataclass(slots=True, kw_only=True)
class Session:
    """Hold one person at one browser.

    Attributes:
        handle: names the session to pages; it opens nothing.
        client: asks the platform as them.
        who: what the platform says of them.
        ends_at_platform: signing out ends the platform's own session as well.
    """

    handle: str
    client: Plangate = field(repr=False)
    who: CallerOut
    ends_at_platform: bool
    used_s: float


class Sessions:
    """Keep sessions in memory, until they are signed out or nobody used them for hours."""

    def __init__(self, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """Know nobody."""
        self._monotonic_s = monotonic_s
        self._by_key: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, client: Plangate, who: CallerOut, *, ends_at_platform: bool = False) -> str:
        """Begin a session, and return the key that the browser gets."""
        key = secrets.token_urlsafe(32)
        session = Session(
            handle=secrets.token_hex(8),
            client=client,
            who=who,
            ends_at_platform=ends_at_platform,
            used_s=self._monotonic_s(),
        )
        with self._lock:
            self._forget_idle()
            while len(self._by_key) >= MOST:
                del self._by_key[min(self._by_key, key=lambda at: self._by_key[at].used_s)]
            self._by_key[_digest(key)] = session
        return key

    def of_key(self, key: str) -> Session | None:
        """Return the session of a browser's key."""
        with self._lock:
            self._forget_idle()
            found = self._by_key.get(_digest(key))
            if found is not None:
                found.used_s = self._monotonic_s()
            return found

    def of_handle(self, handle: str | None) -> Session | None:
        """Return the session of a handle, for a request whose key was looked at already."""
        with self._lock:
            held = self._by_key.values()
            return next((item for item in held if item.handle == handle), None)

    def end(self, key: str) -> Session | None:
        """Forget a session; return it, if there was one."""
        with self._lock:
            return self._by_key.pop(_digest(key), None)

    def _forget_idle(self) -> None:
        oldest_s = self._monotonic_s() - IDLE_S
        idle = [key for key, item in self._by_key.items() if item.used_s < oldest_s]
        for key in idle:
            del self._by_key[key]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
