"""Say how long to wait before the next try; the caller brings the randomness and waits."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_SECONDS: Final = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,9})?")
_MAX_DOUBLINGS: Final = 60  # any cap is reached long before; a larger power overflows a float


def delay_s(attempt: int, *, base_s: float, cap_s: float, jitter: float) -> float:
    """Return a share of an exponential delay, so that callers who failed together spread out.

    Args:
        attempt: How many waits came before this one: 0 for the first.
        base_s: The longest first delay.
        cap_s: The longest delay of all.
        jitter: The share, a random number in [0, 1).

    Raises:
        ValueError: If an argument is out of its range.

    >>> delay_s(3, base_s=1.0, cap_s=60.0, jitter=0.5)
    4.0
    """
    if attempt < 0:
        raise ValueError(f"attempt is {attempt}, expected 0 or more")
    if base_s < 0 or cap_s < 0:
        raise ValueError(f"base_s is {base_s} and cap_s is {cap_s}, expected 0 or more")
    if not 0 <= jitter < 1:
        raise ValueError(f"jitter is {jitter}, expected a number in [0, 1)")
    return jitter * min(cap_s, base_s * 2.0 ** min(attempt, _MAX_DOUBLINGS))


def retry_after_s(header_value: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, or None if it says nothing usable.

    The past is 0. The caller caps the answer: a server may ask for a year.
    Source: RFC 9110 §10.2.3; fractions of a second are read too, for servers send them.

    >>> start = datetime(2026, 1, 1, tzinfo=UTC)
    >>> retry_after_s("120", now=start), retry_after_s("Thu, 01 Jan 2026 00:00:30 GMT", now=start)
    (120.0, 30.0)
    """
    text = (header_value or "").strip()
    if _SECONDS.fullmatch(text):
        return max(0.0, float(text))
    instant = _http_date(text)
    return None if instant is None else max(0.0, (instant - now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError):  # the parser leaks the last two
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
