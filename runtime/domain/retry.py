"""Say when work that failed is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.kit.backoff import delay_s


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Bound how often and how far apart work is tried.

    Attributes:
        errors: how many failures end it.
        base_s: the longest wait after the first.
        cap_s: the longest wait of all, also where the other side asks for a longer one.
    """

    errors: int = 8
    base_s: float = 1.0
    cap_s: float = 600.0

    def __post_init__(self) -> None:
        if self.errors < 1:
            raise ValueError(f"errors is {self.errors}, expected 1 or more")
        if not 0 < self.base_s <= self.cap_s:
            raise ValueError(
                f"base_s is {self.base_s} and cap_s is {self.cap_s}, expected 0 < base_s <= cap_s"
            )

    def wait_s(self, errors: int, *, jitter: float, after_s: float | None = None) -> float | None:
        """Return how long to wait after a failure, or None to give up.

        Args:
            errors: how many there were, with this one.
            jitter: a random number in [0, 1), so that what failed together comes back apart.
            after_s: when the other side wants to be asked again; it is not asked earlier, and a
                share of the usual wait later, as all whom it told so would come together.

        >>> RetryPolicy(errors=3).wait_s(2, jitter=0.5), RetryPolicy(errors=3).wait_s(3, jitter=0.5)
        (1.0, None)
        """
        if errors >= self.errors:
            return None
        usual = delay_s(max(0, errors - 1), base_s=self.base_s, cap_s=self.cap_s, jitter=jitter)
        if after_s is None:
            return usual
        return min(self.cap_s, max(0.0, after_s) + usual)


DEFAULT_RETRIES: Final = RetryPolicy()
