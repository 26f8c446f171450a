"""Bound how often one provider is asked: by a budget of calls, and by what it says of itself."""

from __future__ import annotations

from typing import Final

CALLS_PER_HOUR: Final = 20_000
CALLS_AT_ONCE: Final = 2_000
USUAL_REST_S: Final = 5.0
LONGEST_REST_S: Final = 300.0
"""What a provider asks for beyond this is not believed: it would close every secret for hours."""


class CallBudget:
    """Count the calls to one provider as a bucket of tokens that fills by the hour."""

    def __init__(
        self, *, per_hour: int = CALLS_PER_HOUR, at_once: int = CALLS_AT_ONCE, now_s: float
    ) -> None:
        """Begin with a full bucket of `at_once` calls."""
        self._per_s = per_hour / 3_600
        self._most = float(at_once)
        self._left = self._most
        self._filled_s = now_s
        self._closed_until_s = now_s

    def take(self, now_s: float) -> float:
        """Take one call.

        Returns:
            0 where it may be made; else after how many seconds the next one may be, and none was
            taken.
        """
        if now_s < self._closed_until_s:
            return self._closed_until_s - now_s
        self._fill(now_s)
        if self._left < 1:
            return (1 - self._left) / self._per_s
        self._left -= 1
        return 0.0

    def rest(self, now_s: float, after_s: float | None) -> None:
        """Ask nothing for as long as the provider wants, within bounds; None: it did not say."""
        span_s = USUAL_REST_S if after_s is None else min(max(after_s, 0.0), LONGEST_REST_S)
        self._closed_until_s = max(self._closed_until_s, now_s + span_s)

    def left(self, now_s: float) -> int:
        """Return how many calls may be made at once now."""
        if now_s < self._closed_until_s:
            return 0
        self._fill(now_s)
        return int(self._left)

    def _fill(self, now_s: float) -> None:
        filled = self._left + (now_s - self._filled_s) * self._per_s
        self._left, self._filled_s = min(filled, self._most), now_s
