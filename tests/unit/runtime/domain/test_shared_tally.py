"""A group of executions is charged once for all, and each charge says what room it needs."""

from __future__ import annotations

from typing import Final

import pytest

from runtime.domain.action import Action, Permission
from runtime.domain.limits import BudgetScope
from runtime.domain.shared_limits import BudgetMeasure
from runtime.domain.shared_tally import SharedTally
from runtime.domain.shared_use import Payer, Periods, SharedUse
from tests.builders import NOW, an_action
from tests.shared_limits import a_budget, shared_limits

PUT: Final = an_action(cost=2)
STOP: Final = an_action(id="box.stop@1", cost=3, permission=Permission(urgent=True))
FREE: Final = an_action(id="box.free@1", cost=0)
PERIODS: Final = Periods.at(NOW, "UTC")
COUNTER: Final = ("units_a_day:organization:", "2026-01-05")
LIMITS: Final = shared_limits(a_budget(10))


def tally(*done: tuple[Action, ...], known: int = 0) -> SharedTally:
    """Charge plans, one after the other, to a budget of ten units."""
    charged = SharedTally(LIMITS, SharedUse(known={COUNTER: known}), periods=PERIODS)
    for number, actions in enumerate(done):
        payer = Payer(project="p", principal="ann")
        charged.charge(actions, payer=payer, outcome_id=f"out_{number}")
    return charged


def figures(*done: tuple[Action, ...]) -> tuple[int, int | None]:
    """Return the amount and the room of what plans are charged."""
    (charge,) = tally(*done).charges()
    return charge.amount, charge.room


def test_plans_of_a_group_are_one_charge() -> None:
    """Which names the newest outcome, and needs room for all of them."""
    charged = tally((PUT,), (PUT, PUT), (FREE,))
    (charge,) = charged.charges()

    assert (charge.duty.counter, charge.duty.most) == (COUNTER, 10)
    assert (charge.amount, charge.room, charged.newest(COUNTER)) == (6, 4, "out_1")


def test_nobody_is_the_newest_to_be_charged_where_nothing_is() -> None:
    """Who asks for it all the same has made a mistake."""
    with pytest.raises(LookupError, match="nothing is charged to"):
        tally((FREE,)).newest(COUNTER)


def test_what_is_used_grows_with_each_charge() -> None:
    """Whoever asked before, and how often."""
    charged = tally((PUT,), known=3)
    before = [charged.use.of(COUNTER), charged.use.of(COUNTER)]

    charged.charge((PUT,), payer=Payer(project="p", principal="ann"), outcome_id="out_2")

    assert (before, charged.use.of(COUNTER)) == ([5, 5], 7)


def test_what_limits_keep_is_not_what_a_group_is_charged() -> None:
    """One group's charges leave the next one's alone."""
    tally((PUT,), (PUT,), (STOP,))

    assert figures((PUT,)) == (2, 8)


def test_each_plan_finds_what_those_before_it_used() -> None:
    """On top of what was used before all of them."""
    assert tally(known=3).use.of(COUNTER) == 3
    assert tally((PUT,), (PUT, STOP), known=3).use.of(COUNTER) == 10


def test_urgent_steps_need_no_room_for_themselves() -> None:
    """They are counted, whatever is used; who comes behind them needs what they left."""
    assert figures((STOP,)) == (3, None)
    assert figures((PUT, STOP)) == (5, 8)
    assert figures((STOP, PUT)) == (5, 5)
    assert figures((PUT,), (STOP,), (PUT,), (STOP,)) == (10, 3)


def test_what_costs_nothing_is_charged_nowhere() -> None:
    """Not even with nothing."""
    assert tally((FREE,), ()).charges() == ()


def test_each_counter_is_charged_apart() -> None:
    """By scope, subject and measure."""
    limits = shared_limits(
        a_budget(10, scope=BudgetScope.PRINCIPAL),
        a_budget(10, scope=BudgetScope.ACTION, measure=BudgetMeasure.ACTIONS),
    )
    charged = SharedTally(limits, SharedUse(), periods=PERIODS)
    for who in ("ann", "bob"):
        payer = Payer(project="p", principal=who)
        charged.charge((PUT, STOP), payer=payer, outcome_id=who)

    found = {charge.duty.counter[0]: charge.amount for charge in charged.charges()}

    assert found == {
        "units_a_day:principal:ann": 5,
        "units_a_day:principal:bob": 5,
        "actions_a_day:action:box.put": 2,
        "actions_a_day:action:box.stop": 2,
    }
    assert [
        charged.newest((f"units_a_day:principal:{who}", PERIODS.day)) for who in ("ann", "bob")
    ] == [
        "ann",
        "bob",
    ]
