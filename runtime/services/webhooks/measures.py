"""Name what fan-outs and lanes tell of their work, for telemetry to count."""

from __future__ import annotations

from typing import Protocol


class WebhookMeasures(Protocol):
    """Take note of what happened; cheap, and never in the way."""

    def fanned_out(self, events: int, *, deliveries: int) -> None:
        """Note events that were matched with endpoints, and the deliveries that came of them."""
        ...

    def condition_failed(self) -> None:
        """Note a condition of an endpoint that gave no boolean: it let nothing through."""
        ...

    def tried(self, outcome: str, *, took_s: float) -> None:
        """Note an attempt, by what it came to, and how long it took."""
        ...

    def waited(self, seconds: float) -> None:
        """Note how long after its event a delivery was tried for the first time."""
        ...

    def ended(self, status: str, count: int) -> None:
        """Note deliveries that ended, by what became of them."""
        ...

    def disabled(self) -> None:
        """Note an endpoint that has failed for too long, or wants nothing any more."""
        ...

    def lanes_held(self, lanes: int) -> None:
        """Note how many endpoints this process sends to now."""
        ...

    def backlog(self, events: int, *, lanes: int) -> None:
        """Note events that wait for a fan-out, and lanes in which something is due, of all."""
        ...

    def lost(self) -> None:
        """Note a lane that was another's before its ends could be written."""
        ...

    def failed(self, what: str, error: BaseException) -> None:
        """Note what could not be done; it is tried again."""
        ...


class UnmeasuredWebhooks:
    """Take note of nothing."""

    def fanned_out(self, events: int, *, deliveries: int) -> None:
        """Forget it."""

    def condition_failed(self) -> None:
        """Forget it."""

    def tried(self, outcome: str, *, took_s: float) -> None:
        """Forget it."""

    def waited(self, seconds: float) -> None:
        """Forget it."""

    def ended(self, status: str, count: int) -> None:
        """Forget it."""

    def disabled(self) -> None:
        """Forget it."""

    def lanes_held(self, lanes: int) -> None:
        """Forget it."""

    def backlog(self, events: int, *, lanes: int) -> None:
        """Forget it."""

    def lost(self) -> None:
        """Forget it."""

    def failed(self, what: str, error: BaseException) -> None:
        """Forget it."""
