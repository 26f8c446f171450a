"""Decide by the generic cell rate algorithm how often something may happen.

One number a key is enough: the instant at which all that was allowed would have been spent evenly.
Source: ITU-T I.371, the virtual scheduling algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Allow so many a second in the long run, and so many at once.

    Attributes:
        per_s: above 0.
        burst: 1 or more.
    """

    per_s: float
    burst: int

    def __post_init__(self) -> None:
        """Refuse a rate that never allows anything.

        Raises:
            ValueError: a part is out of its range.
        """
        if self.per_s <= 0 or self.burst < 1:
            raise ValueError(f"the rate is {self.per_s}/s, {self.burst} at once, expected some")


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Say what was decided.

    Attributes:
        spent_until_s: what to remember for the key, whatever was decided.
        remaining: how many more may happen at once.
        wait_s: 0 when it may happen, else how long until it may.
        full_again_s: how long until as many may happen at once as ever.
    """

    spent_until_s: float
    remaining: int
    wait_s: float
    full_again_s: float

    @property
    def admitted(self) -> bool:
        """Say whether it may happen."""
        return self.wait_s == 0


def admission(rate: Rate, *, spent_until_s: float, now_s: float) -> Admission:
    """Decide whether one more may happen.

    Args:
        rate: what is allowed.
        spent_until_s: `Admission.spent_until_s` of the time before; anything past at first.
        now_s: seconds of a clock that never runs backwards.

    >>> decided = admission(Rate(per_s=2, burst=3), spent_until_s=0, now_s=10)
    >>> decided.admitted, decided.remaining, decided.spent_until_s
    (True, 2, 10.5)
    """
    each_s = 1 / rate.per_s
    room_s = rate.burst * each_s
    spent = max(spent_until_s, now_s)
    after = spent + each_s
    wait_s = after - room_s - now_s
    if wait_s > each_s * 1e-6:  # what rounding makes of nothing
        return Admission(
            spent_until_s=spent, remaining=0, wait_s=wait_s, full_again_s=spent - now_s
        )
    left_s = room_s - (after - now_s)
    return Admission(
        spent_until_s=after,
        remaining=int(left_s / each_s + 1e-6),
        wait_s=0,
        full_again_s=after - now_s,
    )
