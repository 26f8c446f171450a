"""Charge what a group of executions did to the budgets of an organization.

A commit adds up what is charged here and compares it with the counters as they are by then. What
was judged may rest on older counters: so each charge says how much may be used before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runtime.domain.action import Action
from runtime.domain.shared_limits import SharedLimits
from runtime.domain.shared_use import (
    Counter,
    Duty,
    Payer,
    Periods,
    SharedUse,
    charges_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCharge:
    """Say what is added to a counter.

    Attributes:
        duty: which counter, whose it is, and how much there is.
        amount: how much is added.
        room: how much may be used before, so that nothing is overspent; None: whatever is used, as
            only urgent steps are charged.
        outcome_id: the newest outcome that is charged.
    """

    duty: Duty
    amount: int
    room: int | None
    outcome_id: str


class SharedTally:
    """Add up what executions of one project did at one instant, on top of what was used."""

    def __init__(self, limits: SharedLimits, use: SharedUse, *, periods: Periods) -> None:
        self.use = use
        self._limits = limits
        self._periods = periods
        self._charges: dict[Counter, SharedCharge] = {}

    def charge(self, done: Iterable[Action], *, payer: Payer, outcome_id: str) -> None:
        """Charge the actions that an execution did, in their order."""
        added: list[tuple[Counter, int]] = []
        for action in done:
            calm = not action.permission.urgent
            for duty, more in charges_of(self._limits, action, payer=payer, periods=self._periods):
                added.append((duty.counter, more))
                self._add(duty, more, calm=calm, outcome_id=outcome_id)
        if added:
            self.use = self.use.after(added)

    def charges(self) -> tuple[SharedCharge, ...]:
        """Return what is charged to each counter."""
        return tuple(self._charges.values())

    def _add(self, duty: Duty, more: int, *, calm: bool, outcome_id: str) -> None:
        before = self._charges.get(duty.counter)
        total = more if before is None else before.amount + more
        room = None if before is None else before.room
        if calm:  # what comes later needs more room, as there is more before it
            room = duty.most - total
        self._charges[duty.counter] = SharedCharge(
            duty=duty, amount=total, room=room, outcome_id=outcome_id
        )
