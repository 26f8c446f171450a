"""Look for a secret where it must not be: in errors with all that they carry, in logs, in texts."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator

import pytest


def told_by(error: BaseException) -> str:
    """Return all that an error says, with what it was raised from and during."""
    return "\n".join(
        text
        for one in _chain(error)
        for text in (
            *traceback.format_exception(one, chain=False),
            repr(one),
            repr(one.args),
            repr(getattr(one, "__dict__", None)),
        )
    )


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return all that was logged at any level, with what was not printed of it."""
    return "\n".join(f"{record.getMessage()} {vars(record)!r}" for record in caplog.records)


def found_in(canaries: Iterable[str], *places: str) -> list[str]:
    """Return the canaries that stand in one of these texts."""
    return [canary for canary in canaries if any(canary in place for place in places)]


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [other for other in (one.__cause__, one.__context__) if other is not None]
