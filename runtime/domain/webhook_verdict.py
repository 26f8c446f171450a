"""Say what an answer means for a delivery, for its endpoint, and for when to try again.

All waits take a random number in [0, 1), so that what failed together comes back apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from runtime.domain.webhook import DISABLED_AFTER, GIVEN_UP_AFTER, OPENED_AFTER

WAITS_S: Final = (
    5.0, 60.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0
)  # fmt: skip
"""After the first failure, after the second one, and so on; after the last of these, that."""
JITTER: Final = 0.2
LONGEST_WISH_S: Final = 86_400.0
"""Of an endpoint that says when it wants to be asked again."""
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 300.0
GONE: Final = 410
BUSY: Final = frozenset({429, 502, 503, 504})
_TAKEN: Final = range(200, 300)


class Fate(StrEnum):
    """Say what an attempt came to.

    TAKEN: the endpoint took it.
    REFUSED: it did not, or nobody answered; this delivery is tried again.
    BUSY: the endpoint asks for a pause, of everything.
    GONE: the endpoint wants nothing any more.
    """

    TAKEN = "taken"
    REFUSED = "refused"
    BUSY = "busy"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Say how well an endpoint takes what it is sent.

    Attributes:
        failures: in a row.
        failing_since: of the first of them; None: there is none.
    """

    failures: int = 0
    failing_since: datetime | None = None

    @property
    def open(self) -> bool:
        """Say whether one delivery at a time is tried, after a pause."""
        return self.failures >= OPENED_AFTER

    def after_failure(self, now: datetime) -> Health:
        """Return how it is after one more failure."""
        return Health(failures=self.failures + 1, failing_since=self.failing_since or now)

    def worn_out(self, now: datetime) -> bool:
        """Say whether it failed for so long that nothing is sent any more."""
        return self.failing_since is not None and now - self.failing_since >= DISABLED_AFTER


def fate_of(status_code: int | None) -> Fate:
    """Return what an answer means; None: there was none.

    >>> [fate_of(code).value for code in (204, 302, 500, 503, 410, None)]
    ['taken', 'refused', 'refused', 'busy', 'gone', 'refused']
    """
    if status_code is None:
        return Fate.REFUSED
    if status_code in _TAKEN:
        return Fate.TAKEN
    if status_code in BUSY:
        return Fate.BUSY
    return Fate.GONE if status_code == GONE else Fate.REFUSED


def too_old(created_at: datetime, now: datetime) -> bool:
    """Say whether a delivery is given up."""
    return now - created_at >= GIVEN_UP_AFTER


def wait_for(attempts: int, *, jitter: float, wish_s: float | None = None) -> timedelta:
    """Return after how long a delivery is tried again.

    Args:
        attempts: how many failed, with this one.
        jitter: a random number in [0, 1).
        wish_s: how long the endpoint wants to be left alone with it; it may be longer, not shorter.

    >>> wait_for(1, jitter=0.5), wait_for(99, jitter=0.5)
    (datetime.timedelta(seconds=5), datetime.timedelta(days=1))
    """
    usual_s = WAITS_S[min(attempts, len(WAITS_S)) - 1]
    return timedelta(seconds=max(_spread(usual_s, jitter), _granted(wish_s)))


def pause_for(failures: int, *, jitter: float, wish_s: float | None = None) -> timedelta:
    """Return how long an endpoint is left alone that asked for it, or that fails again and again.

    Args:
        failures: in a row, with this one.
        jitter: a random number in [0, 1).
        wish_s: how long the endpoint wants; it may be longer, not shorter.

    >>> pause_for(1, jitter=0.5), pause_for(9, jitter=0.5, wish_s=900.0)
    (datetime.timedelta(seconds=5), datetime.timedelta(seconds=900))
    """
    usual_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(max(failures, 1) - 1, 16))
    return timedelta(seconds=max(_spread(usual_s, jitter), _granted(wish_s)))


def _spread(seconds: float, jitter: float) -> float:
    return seconds * (1.0 - JITTER + 2.0 * JITTER * jitter)


def _granted(wish_s: float | None) -> float:
    return 0.0 if wish_s is None else min(max(wish_s, 0.0), LONGEST_WISH_S)
