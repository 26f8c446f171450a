"""Charge what a group of executions did to the budgets of an organization.

A commit adds up what is charged here and compares it with the counters as they are by then. What
was judged may rest on older counters: so each charge says how much may be used before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runtime.domain.action import Action
from runtime.domain.shared_limits import SharedLimits
from runtime.domain.shared_use import (
    Charges,
    Counter,
    Payer,
    Periods,
    SharedCharge,
    SharedUse,
    charges_of,
)


class SharedTally:
    """Add up what executions of one project did at one instant, on top of what was used."""

    def __init__(self, limits: SharedLimits, use: SharedUse, *, periods: Periods) -> None:
        self._limits = limits
        self._periods = periods
        self._use = use
        self._done: list[tuple[str, Charges]] = []
        self._in_use = 0
        self._charges: dict[Counter, SharedCharge] = {}

    @property
    def use(self) -> SharedUse:
        """Return what is used by now; most groups are of one execution, and nobody asks."""
        new = self._done[self._in_use :]
        if new:
            self._use = self._use.after(
                (duty.counter, more) for _, charges in new for duty, more in charges.all
            )
            self._in_use = len(self._done)
        return self._use

    def charge(self, done: Iterable[Action], *, payer: Payer, outcome_id: str) -> None:
        """Charge the actions that an execution did, in their order."""
        for action in done:
            charges = charges_of(self._limits, action, payer=payer, periods=self._periods)
            if charges.all:
                self._done.append((outcome_id, charges))
                self._add(charges.charged)

    def charges(self) -> tuple[SharedCharge, ...]:
        """Return what is charged to each counter."""
        return tuple(self._charges.values())

    def newest(self, counter: Counter) -> str:
        """Return the newest outcome that is charged to a counter.

        Raises:
            LookupError: nothing is.
        """
        for outcome_id, charges in reversed(self._done):
            if counter in charges.charged:
                return outcome_id
        message = f"nothing is charged to {counter}"
        raise LookupError(message)

    def _add(self, charged: Mapping[Counter, SharedCharge]) -> None:
        if not self._charges:
            self._charges = dict(charged)
            return
        for counter, charge in charged.items():
            before = self._charges.get(counter)
            self._charges[counter] = charge if before is None else before.and_then(charge)
