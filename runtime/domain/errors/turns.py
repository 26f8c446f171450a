"""Turns that did not come, or were overtaken."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class LeaseBusyError(DomainError):
    """A lease that somebody else held for as long as the caller could wait."""

    code = "lease_busy"

    def __init__(self, *, key: str, holder: str | None, waited_s: float, position: int) -> None:
        """Name the key, who held it last (None if that is unknown), and the place in the queue."""
        self.key = key
        self.holder = holder
        self.waited_s = waited_s
        self.position = position
        super().__init__(
            f"lease on '{key}' is held by {holder or 'somebody else'} after {waited_s:.3f} s of "
            f"waiting at place {position} in the queue; try again later or wait longer"
        )


class LeaseLostError(DomainError):
    """A lease that ended before the work under it did."""

    code = "lease_lost"

    def __init__(self, *, key: str, owner: str) -> None:
        """Name the key and the tenure that is over."""
        self.key = key
        self.owner = owner
        super().__init__(
            f"lease on '{key}' is not held by {owner} any more; write nothing under it, acquire it "
            "again and start over"
        )


class LeaseUnavailableError(DomainError):
    """No answer about leases, which counts as a denial."""

    code = "lease_unavailable"

    def __init__(self, *, reason: str) -> None:
        """Say what the lease server answered, or why it did not."""
        self.reason = reason
        super().__init__(f"no lease can be had: {reason}; nothing was done, try again later")


class RatesUnavailableError(DomainError):
    """No answer about the rates that projects share, which counts as a denial."""

    code = "rates_unavailable"

    def __init__(self, *, reason: str) -> None:
        """Say what the server that counts them answered, or why it did not."""
        self.reason = reason
        super().__init__(
            f"it can't be told whether the organization's rates allow this: {reason}; nothing was "
            "done, try again later"
        )


class StaleFenceError(DomainError):
    """A later holder of the project's lease has written: this one may not any more."""

    code = "stale_fence"

    def __init__(self, *, held: int, current: int) -> None:
        """Name both tokens."""
        self.held = held
        self.current = current
        super().__init__(f"fencing token {held} is older than {current}, which storage has seen")


class StaleHeadError(DomainError):
    """The head moved, or the project's settings changed, since they were read."""

    code = "stale_head"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("the project's state or settings changed meanwhile; read them again")


class LimitPassedError(DomainError):
    """Others used what was left of a budget that projects share, since it was read."""

    code = "limit_passed"

    def __init__(self, *, counter: str) -> None:
        """Name what is counted."""
        self.counter = counter
        super().__init__(
            f"others used what was left of '{counter}' meanwhile; nothing was done, try again"
        )


class DeadlineError(DomainError):
    """The caller's deadline passed while the request waited; nothing was done."""

    code = "deadline_passed"

    def __init__(self, *, waited_s: float, waiting_for: str) -> None:
        """Say how long, and for what."""
        self.waited_s = waited_s
        self.waiting_for = waiting_for
        super().__init__(
            f"nothing was done: {waited_s:.1f} s passed while waiting for {waiting_for}; try again"
        )
