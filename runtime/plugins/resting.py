"""Decide for whom a plugin rests after it lost its process, or was slow for long.

What one organization's inputs did is that organization's: it rests, and the others are served. Only
when it fails for several of them, or can't be started, the plugin rests for all. How many
organizations are remembered is bounded.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

COMES_BACK: Final = 0.25
"""The part of the time that passes which comes back of an allowance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestPace:
    """Say how long a plugin rests, and after what.

    Attributes:
        rest_s: how long calls fail at once after the process was lost; twice as long after each
            further loss that comes before `calm_s` have passed since the last rest.
        longest_rest_s: the longest rest.
        calm_s: how long after a rest the next loss counts as the first again.
        slow_s: a call that takes longer counts against the allowance.
        allowance_s: how long an organization's slow calls may take together before the plugin rests
            for it as after a loss; it comes back by a quarter of the time that passes. All
            organizations together have it `several` times.
        several: of how many organizations failures make it rest for all.
        lately_s: how long a failure counts to that.
        most_known: how many organizations are remembered.
    """

    rest_s: float = 5.0
    longest_rest_s: float = 60.0
    calm_s: float = 120.0
    slow_s: float = 0.05
    allowance_s: float = 2.0
    several: int = 3
    lately_s: float = 60.0
    most_known: int = 1_000


@dataclass(slots=True)
class _Rest:
    """Say until when somebody rests, in seconds of a clock, and what slow calls took.

    Who never failed rested until long ago.
    """

    pace: RestPace
    why: str = ""
    lasts_s: float = 0.0
    failed_s: float = -math.inf
    ends_s: float = -math.inf
    slow_s: float = 0.0
    counted_s: float = 0.0

    def begin(self, why: str, *, now_s: float) -> None:
        """Rest from now on, longer than the last time if that was not long ago."""
        often = now_s < self.ends_s + self.pace.calm_s
        wished_s = self.lasts_s * 2 if often else self.pace.rest_s
        self.lasts_s = min(wished_s, self.pace.longest_rest_s)
        self.why, self.failed_s, self.slow_s = why, now_s, 0.0
        self.ends_s = now_s + self.lasts_s

    def took(self, took_s: float, *, now_s: float) -> None:
        """Count a slow call; rest if slow ones took too much together."""
        self.slow_s, self.counted_s = self.slow_at(now_s) + took_s, now_s
        if self.slow_s > self.pace.allowance_s:
            self.begin("its handlers took too long together", now_s=now_s)

    def slow_at(self, now_s: float) -> float:
        """Return what slow calls took that did not come back yet."""
        return max(0.0, self.slow_s - (now_s - self.counted_s) * COMES_BACK)


class Rests:
    """Remember for whom one plugin rests."""

    def __init__(self, pace: RestPace, *, monotonic_s: Callable[[], float]) -> None:
        """Rest for nobody yet."""
        self._pace = pace
        self._monotonic_s = monotonic_s
        self._whole = _Rest(pace)
        self._known: OrderedDict[str, _Rest] = OrderedDict()

    def why(self, organization: str) -> str | None:
        """Return why a call of an organization fails now; None: it need not."""
        now_s = self._monotonic_s()
        left_s = self._whole.ends_s - now_s
        if left_s > 0:
            return f"{self._whole.why}; the plugin rests for {left_s:.0f} more seconds"
        own = self._known.get(organization)
        if own is None or own.ends_s <= now_s:
            return None
        left_s = own.ends_s - now_s
        return f"{own.why}; the plugin rests for this organization for {left_s:.0f} more seconds"

    def lost(self, organization: str, why: str) -> None:
        """Rest for an organization whose call took the process; for all if it is one of several."""
        self._of(organization).begin(why, now_s=self._monotonic_s())
        self._judge_whole()

    def took(self, organization: str, took_s: float) -> None:
        """Count a call that was answered, if it was slow."""
        if took_s > self._pace.slow_s:
            self._of(organization).took(took_s, now_s=self._monotonic_s())
            self._judge_whole()

    def broken(self, why: str) -> None:
        """Rest for all: it can't be started, whoever asks."""
        self._whole.begin(why, now_s=self._monotonic_s())

    def _judge_whole(self) -> None:
        """Rest for all if it failed for several since it last did, or was slow for many."""
        now_s = self._monotonic_s()
        since_s = max(now_s - self._pace.lately_s, self._whole.failed_s)
        failed = sum(item.failed_s > since_s for item in self._known.values())
        slow_s = sum(item.slow_at(now_s) for item in self._known.values())
        if failed >= self._pace.several:
            self._whole.begin(f"it failed for {failed} organizations", now_s=now_s)
        elif slow_s > self._pace.allowance_s * self._pace.several:
            self._whole.begin("its handlers took too long for many organizations", now_s=now_s)
            for item in self._known.values():
                item.slow_s = 0.0

    def _of(self, organization: str) -> _Rest:
        """Return what is remembered of an organization; who was longest without fault is forgot."""
        found = self._known.pop(organization, None) or _Rest(self._pace)
        self._known[organization] = found
        if len(self._known) > self._pace.most_known:
            self._known.popitem(last=False)
        return found
