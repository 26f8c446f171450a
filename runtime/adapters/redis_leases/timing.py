"""The spans of a lease, all derived from its time to live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SHORTEST_TTL_S: Final = 0.1
_RENEWALS_PER_TTL: Final = 3
_VALID_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Hold the time to live and what follows from it.

    Attributes:
        ttl_s: how long Redis keeps a tenure that nobody renews.
        answer_s: how long Redis may take to answer before it counts as down.
    """

    ttl_s: float = 6.0
    answer_s: float = 1.0

    def __post_init__(self) -> None:
        """Refuse spans that no network can keep.

        Raises:
            ValueError: If the time to live is too short, or there is no time to answer.
        """
        if self.ttl_s < SHORTEST_TTL_S:
            raise ValueError(f"ttl_s is {self.ttl_s}, expected at least {SHORTEST_TTL_S}")
        if self.answer_s <= 0:
            raise ValueError(f"answer_s is {self.answer_s}, expected more than 0")

    @property
    def valid_s(self) -> float:
        """Return how long a tenure counts as held after the request for it was sent.

        The rest of the time to live is for clocks that run at different speeds, and for the last
        statement that is on its way when the time is up.
        """
        return self.ttl_s * _VALID_SHARE

    @property
    def renew_every_s(self) -> float:
        """Return the time between two renewals, of a tenure as of a place in the queue."""
        return self.ttl_s / _RENEWALS_PER_TTL

    @property
    def baton_s(self) -> float:
        """Return how long a tenure lasts that was handed over, until its process renews it."""
        return self.ttl_s / _RENEWALS_PER_TTL

    @property
    def baton_valid_s(self) -> float:
        """Return how long it counts as held after the request that it answers was sent."""
        return self.baton_s * _VALID_SHARE
