"""Charges are added up in one order, and counters are read and forgotten by who has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from runtime.domain.limits import BudgetScope
from runtime.domain.shared_limits import BudgetBound, BudgetMeasure, BudgetSpan
from runtime.domain.shared_use import Duty, SharedCharge
from runtime.kit.json_value import JsonValue
from runtime.store.limit_counters import (
    LimitCounterRow,
    NewCharge,
    NewCharges,
    NewThreshold,
    added_up,
    counters_used,
    forget_counters,
    read_counters,
)
from runtime.store.organizations import add_organization
from runtime.store.session import Database
from tests.unit.runtime.store.rows import NOW, ORGANIZATION, OTHER, an_organization

LATER: Final = NOW + timedelta(seconds=1)


def a_charge(amount: int = 1, room: int | None = 9, **changes: JsonValue) -> NewCharge:
    """Build a charge of the counter `a` in a month."""
    charge: NewCharge = {
        "key": "a",
        "period": "2026-01",
        "amount": amount,
        "room": room,
        "most": 10,
        "at": NOW,
        "project_id": "p",
        "event": None,
    }
    charge.update(changes)  # type: ignore[typeddict-item]  # what a test says
    return charge


def added(*charges: NewCharge) -> list[NewCharge]:
    """Add up charges, each of a group of its own."""
    return added_up(in_group(charge) for charge in charges)


def in_group(charge: NewCharge) -> NewCharges:
    """Build the group that is charged so."""
    counter = (charge["key"], charge["period"])
    bound = BudgetBound(
        scope=BudgetScope.ORGANIZATION,
        measure=BudgetMeasure.UNITS,
        per=BudgetSpan.MONTH,
        each=charge["most"],
        by_subject={},
    )
    duty = Duty(bound=bound, subject=None, most=charge["most"], counter=counter)
    return NewCharges(
        at=charge["at"],
        project_id=charge["project_id"],
        charges=(SharedCharge(duty=duty, amount=charge["amount"], room=charge["room"]),),
        events={} if charge["event"] is None else {counter: charge["event"]},
    )


def test_who_brings_an_event_is_told_by_it() -> None:
    """The newest that has one: who is far from a threshold alone brings none."""
    first, second = (NewThreshold(id=name, begins="{", goes_on=",") for name in ("a", "b"))

    assert added(a_charge(event=first), a_charge())[0]["event"] == first
    assert added(a_charge(), a_charge(event=second))[0]["event"] == second
    assert added(a_charge(event=first), a_charge(event=second))[0]["event"] == second


def test_charges_of_a_counter_are_one() -> None:
    """Of the newest that is charged, as late as the latest."""
    charges = [a_charge(2, 8, at=LATER), a_charge(3, 7, most=11, project_id="q")]

    assert added(*charges) == [a_charge(5, 5, most=11, project_id="q", at=LATER)]
    assert added(*reversed(charges)) == [a_charge(5, 5, project_id="p", at=LATER)]


@pytest.mark.parametrize(
    ("first", "second", "room"),
    [
        pytest.param(None, None, None, id="urgent ones need none"),
        pytest.param(4, None, 4, id="an urgent one behind needs none"),
        pytest.param(None, 4, 1, id="who comes behind an urgent one needs more"),
        pytest.param(1, 9, 1, id="the first needs most"),
        pytest.param(9, 3, 0, id="the second needs most"),
    ],
)
def test_what_comes_later_needs_more_room(
    first: int | None, second: int | None, room: int | None
) -> None:
    """As there is more before it."""
    (charge,) = added(a_charge(3, first), a_charge(2, second))

    assert (charge["amount"], charge["room"]) == (5, room)


def test_counters_are_changed_in_one_order() -> None:
    """Of key and period, so that no two commits wait for each other."""
    named = [("b", "2026-01"), ("a", "2026-02"), ("a", "2026-01"), ("b", "2025-12")]

    charges = added(*(a_charge(key=key, period=period) for key, period in named))

    assert [(charge["key"], charge["period"]) for charge in charges] == sorted(named)
    assert added() == []


@given(
    charges=st.lists(st.tuples(st.integers(1, 5), st.none() | st.integers(0, 20)), min_size=1),
    used=st.integers(0, 25),
)
def test_a_sum_passes_where_each_would_one_after_the_other(
    charges: list[tuple[int, int | None]], used: int
) -> None:
    """No more and no less."""
    (whole,) = added(*(a_charge(amount, room) for amount, room in charges))

    fits, now = True, used
    for amount, room in charges:
        fits = fits and (room is None or now <= room)
        now += amount

    assert (whole["room"] is None or used <= whole["room"]) is fits
    assert used + whole["amount"] == now


@pytest.fixture
async def counted(database: Database) -> Database:
    """Store two organizations with a counter each of one name, and one with an old one as well."""
    for organization, used in ((ORGANIZATION, 5), (OTHER, 7)):
        async with database.transaction(organization) as connection:
            await add_organization(connection, an_organization(id=organization))
            row = {
                "organization_id": organization, "key": "a", "period": "2026-01", "used": used,
                "told": 0, "told_of": 10, "updated_at": NOW,
            }  # fmt: skip
            old = {**row, "period": "2024-12", "updated_at": NOW - timedelta(days=9)}
            await connection.execute(
                insert(LimitCounterRow), [row, *([old] if organization == ORGANIZATION else [])]
            )
    return database


async def test_counters_are_read_by_name(counted: Database) -> None:
    """One's own; of what was never counted nothing is used."""
    mine, none = ("a", "2026-01"), ("b", "2026-01")
    async with counted.transaction(ORGANIZATION) as connection:
        found = await counters_used(connection, [mine, none])

    assert found == {mine: 5, none: 0}
    assert await read_counters(counted, ORGANIZATION, [mine, none]) == {mine: 5, none: 0}
    assert await read_counters(counted, OTHER, [none]) == {none: 0}


async def test_old_counters_are_forgotten_and_young_ones_stay(counted: Database) -> None:
    """A number at a time; another organization's stay whatever their age."""
    async with counted.transaction(ORGANIZATION) as connection:
        none = await forget_counters(connection, NOW - timedelta(days=9), limit=5)
        some = await forget_counters(connection, NOW, limit=5)
        left = await counters_used(connection, [("a", "2024-12"), ("a", "2026-01")])
        few = await forget_counters(connection, LATER, limit=0)
    async with counted.transaction(OTHER) as connection:
        others = await counters_used(connection, [("a", "2026-01")])

    assert (none, some, few) == (0, 1, 0)
    assert left == {("a", "2024-12"): 0, ("a", "2026-01"): 5}
    assert others == {("a", "2026-01"): 7}


def test_a_charge_that_is_alone_is_spelled_as_it_is() -> None:
    """With all that a commit reads of it."""
    event = NewThreshold(id="evt_1", begins="{", goes_on=",")

    for charge in (a_charge(), a_charge(2, None, project_id="q", at=LATER, event=event)):
        assert added(charge) == [charge]
