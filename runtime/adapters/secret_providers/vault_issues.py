"""Let the fields of one dynamic credential come from one issue of it: a name, and its password.

Vault makes a new credential at each reading. An issue is kept for a moment, and gives each of its
fields once; who asks for a field again gets a new issue. Without a field a reference names all of
it at once, and nothing is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from runtime.ports.secret_provider import Lease

PAIRED_S: Final = 60.0
"""How long an issue waits for its other fields to be asked for, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Hold one credential as it was made.

    Attributes:
        taken: fields that were given out.
    """

    document: dict[str, Any] = field(repr=False)
    version: str
    lease: Lease | None
    ends_at: float
    taken: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Desk:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    issue: Issue | None = None


class Issues:
    """Give out issues by path."""

    def __init__(self) -> None:
        """Begin without any."""
        self._desks: dict[str, _Desk] = {}

    async def taken(
        self, path: str, name: str, *, now: float, make: Callable[[], Awaitable[Issue]]
    ) -> Issue:
        """Return the issue whose field may be given out: the last one, or a new one."""
        self._forget(now)
        desk = self._desks.setdefault(path, _Desk())
        desk.waiting += 1
        try:
            async with desk.turn:
                issue = desk.issue
                if issue is None or name in issue.taken:
                    issue = await make()
                issue.taken.add(name)
                desk.issue = None if issue.taken >= set(issue.document) else issue
                return issue
        finally:
            desk.waiting -= 1

    def _forget(self, now: float) -> None:
        """Drop what waited long enough, so that what is kept is bounded by what is asked."""
        for path, desk in list(self._desks.items()):
            if desk.issue is not None and now >= desk.issue.ends_at:
                desk.issue = None
            if desk.issue is None and not desk.waiting:
                del self._desks[path]
