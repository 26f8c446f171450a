"""Keep how an endpoint is while its lane is held, and judge what each attempt means.

Pure but for the random numbers: `lane_run` sends, waits and writes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from runtime.domain.webhook import (
    DISABLED_AFTER,
    GIVEN_UP_AFTER,
    OPENED_AFTER,
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    Endpoint,
)
from runtime.domain.webhook_verdict import Fate, Health, pause_for, too_old, wait_for
from runtime.services.webhooks.sending import Attempted
from runtime.store.webhook_ends import DeliveryEnd

LOOKS_EVERY: Final = timedelta(seconds=30)
TOO_OLD: Final = f"It was not taken within {GIVEN_UP_AFTER // timedelta(hours=1)} hours."


class Judging:
    """Hold the health of one endpoint, and whether it is left alone now."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """Know nothing yet; `chance` gives numbers in [0, 1)."""
        self._chance = chance
        self.health = Health()
        self.rests_until: datetime | None = None
        self.failed: str | None = None
        self._looked_at: datetime | None = None

    def adopt(self, endpoint: Endpoint) -> None:
        """Begin with what is stored."""
        self.health = Health(failures=endpoint.failures, failing_since=endpoint.failing_since)

    def rests(self, now: datetime) -> bool:
        """Say whether nothing is to be sent now."""
        return self.rests_until is not None and now < self.rests_until

    def looks_for_old(self, now: datetime) -> bool:
        """Say whether to look for deliveries that are too old: at first, and now and then."""
        if self._looked_at is not None and now - self._looked_at < LOOKS_EVERY:
            return False
        self._looked_at = now
        return True

    def end_of(self, delivery: Delivery, attempted: Attempted, *, now: datetime) -> DeliveryEnd:
        """Return what becomes of a delivery, and take note of what that says of the endpoint."""
        attempt = attempted.attempt
        if attempted.fate is Fate.TAKEN:
            self.health = Health()
            return _ended(delivery, attempt, status=DeliveryStatus.DELIVERED, now=now)
        self.health = self.health.after_failure(now)
        reason = _reason(attempt)
        if attempted.fate is Fate.GONE:
            self.failed = "It answered 410: it wants nothing any more."
            return _ended(delivery, attempt, status=DeliveryStatus.FAILED, now=now, reason=reason)
        if self.health.worn_out(now):
            hours = DISABLED_AFTER // timedelta(hours=1)
            self.failed = f"Nothing was taken for {hours} hours. {reason}"
        due_at = self._due_at(delivery, attempted, now=now)
        if too_old(delivery.created_at, now):
            reason = f"{TOO_OLD} {reason}"
            return _ended(delivery, attempt, status=DeliveryStatus.FAILED, now=now, reason=reason)
        return DeliveryEnd(
            attempt=attempt, status=DeliveryStatus.WAITING, due_at=due_at, reason=reason
        )

    def _due_at(self, delivery: Delivery, attempted: Attempted, *, now: datetime) -> datetime:
        """Return when it is tried again; where all have to rest, it stays the first in line."""
        failures, wish_s = self.health.failures, attempted.wish_s
        if attempted.fate is Fate.BUSY:
            self._rest(now + pause_for(failures, jitter=self._chance(), wish_s=wish_s))
            return delivery.due_at
        if self.health.open:
            probes = failures - OPENED_AFTER + 1
            self._rest(now + pause_for(probes, jitter=self._chance(), wish_s=wish_s))
            return delivery.due_at
        return now + wait_for(attempted.attempt.number, jitter=self._chance(), wish_s=wish_s)

    def _rest(self, until: datetime) -> None:
        if self.rests_until is None or until > self.rests_until:
            self.rests_until = until


def unsendable(delivery: Delivery, reason: str, *, now: datetime) -> DeliveryEnd:
    """Return the end of a delivery that can't be sent as it is; its endpoint is not to blame."""
    attempt = DeliveryAttempt(
        delivery_id=delivery.id,
        number=delivery.attempts + 1,
        at=now,
        status_code=None,
        took_ms=0,
        error=reason,
    )
    return _ended(delivery, attempt, status=DeliveryStatus.FAILED, now=now, reason=reason)


def _reason(attempt: DeliveryAttempt) -> str:
    if attempt.status_code is not None:
        return f"The last answer was {attempt.status_code}."
    return f"There was no answer: {attempt.error}."


def _ended(
    delivery: Delivery,
    attempt: DeliveryAttempt,
    *,
    status: DeliveryStatus,
    now: datetime,
    reason: str | None = None,
) -> DeliveryEnd:
    return DeliveryEnd(
        attempt=attempt, status=status, due_at=delivery.due_at, ended_at=now, reason=reason
    )
