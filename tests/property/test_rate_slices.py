"""Whatever is done with room that was lent, who lent it holds as much as may be used."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from typing_extensions import override

from runtime.domain.shared_rates import RateCharge, RateGrant, RateWindow
from runtime.ports.shared_rates import LENT_S
from runtime.services.execution.rate_slices import Handed
from tests.unit.runtime.services.execution.test_rate_slices import (
    NARROW,
    NOW,
    ORG,
    WIDE,
    a_claim,
    some_slices,
)


class Lending(RuleBasedStateMachine):
    """Play who lends: whatever is told holds room for all that was done or may be."""

    def __init__(self) -> None:
        super().__init__()
        self.slices = some_slices()
        self.now_s = 100.0
        self.units: dict[str, int] = {}
        self.given: dict[str, float] = {}
        self.last: dict[str, RateCharge] = {}
        self.done: dict[str, int] = {}
        self.under_way: list[Handed] = []

    def _told(self, charges: Sequence[RateCharge]) -> None:
        for charge in charges:
            before = self.last.get(charge.outcome_id)
            assert charge.done + charge.left <= self.units[charge.outcome_id]
            if before is not None:  # it only goes on from what was under way
                assert before.left > 0
                assert 0 <= charge.done - before.done <= before.left - charge.left
            self.last[charge.outcome_id] = charge

    @rule(steps=st.integers(1, 4), windows=st.sampled_from([(WIDE,), (NARROW,), (WIDE, NARROW)]))
    def execute(self, steps: int, windows: tuple[RateWindow, ...]) -> None:
        """Take room of what is lent, or ask and borrow."""
        claim = a_claim(steps, *windows)
        found = self.slices.handed(ORG, claim, now_s=self.now_s)
        if found is not None:
            assert all(self.now_s < self.given[it.id] + LENT_S for it in found.slices)
            assert all(it.id not in self.last for it in found.slices)
            self.under_way.append(found)
            return
        loans, charges = self.slices.wanted(ORG, [claim, claim], now_s=self.now_s)
        self._told(charges)
        grants = [RateGrant(steps=min(loan.steps, 7)) for loan in loans]
        for piece in self.slices.lent(ORG, loans, grants, asked_s=self.now_s, now=NOW):
            self.units[piece.id] = piece.units
            self.given[piece.id] = self.now_s

    @rule(data=st.data(), done=st.integers(0, 4))
    def settle(self, data: st.DataObject, done: int) -> None:
        """Do all, a part or nothing of what was taken."""
        if self.under_way:
            index = data.draw(st.integers(0, len(self.under_way) - 1))
            found = self.under_way.pop(index)
            steps = min(done, found.steps)
            for piece in found.slices:
                self.done[piece.id] = self.done.get(piece.id, 0) + steps
            self._told(self.slices.settled(found, done=steps))

    @rule()
    def call_in(self) -> None:
        """Give back what is free of a window."""
        self._told(self.slices.called_in(ORG, [WIDE]))

    @rule(later_s=st.sampled_from([0.01, 0.1, LENT_S]))
    def wait(self, later_s: float) -> None:
        """Let time pass."""
        self.now_s += later_s

    @invariant()
    def nothing_is_done_without_room(self) -> None:
        """What may be done of a loan, at any time, fits into what its lender holds for it."""
        taken = dict(self.done)
        for found in self.under_way:
            for piece in found.slices:
                taken[piece.id] = taken.get(piece.id, 0) + found.steps
        for name, steps in taken.items():
            last = self.last.get(name)
            held = self.units[name] if last is None else last.done + last.left
            assert steps <= held

    @override
    def teardown(self) -> None:
        """In the end it is told exactly what was done."""
        self._told([it for told in self.slices.all_ended().values() for it in told])
        for found in self.under_way:
            for piece in found.slices:
                self.done[piece.id] = self.done.get(piece.id, 0) + found.steps
            self._told(self.slices.settled(found, done=found.steps))
        for name in self.units:
            assert (self.last[name].done, self.last[name].left) == (self.done.get(name, 0), 0)


TestLending = Lending.TestCase
TestLending.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
