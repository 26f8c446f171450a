"""Say how a side effect failed, and so whether it is tried again.

Handlers of plugins raise these, and so do the adapters that they reach the world with; whatever
else a handler raises means that it may succeed later.
"""

from __future__ import annotations


class RetryableError(Exception):
    """Raise in a handler: it may succeed later, after `after_s` if the other side said when."""

    def __init__(self, reason: str, *, after_s: float | None = None) -> None:
        """Say what happened in words that people may read: no secret, no personal data."""
        self.reason = reason
        self.after_s = after_s
        super().__init__(reason)


class PermanentError(Exception):
    """Raise in a handler: it would fail however often it is tried, so it is dead at once."""

    def __init__(self, reason: str) -> None:
        """Say what happened in words that people may read: no secret, no personal data."""
        self.reason = reason
        super().__init__(reason)
