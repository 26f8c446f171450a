"""Charges are added up in one order, and counters are read and forgotten by who has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from runtime.kit.json_value import JsonObject, JsonValue
from runtime.store.limit_counters import (
    LimitCounterRow,
    NewCharge,
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
    declared: JsonObject = {
        "key": "a",
        "period": "2026-01",
        "most": 10,
        "at": NOW,
        "project_id": "p",
        "event": None,
    }
    return NewCharge(**{**declared, "amount": amount, "room": room, **changes})


def test_who_brings_an_event_is_told_by_it() -> None:
    """The newest that has one: who is far from a threshold alone brings none."""
    first, second = (NewThreshold(id=name, begins="{", goes_on=",") for name in ("a", "b"))

    assert added_up([a_charge(event=first), a_charge()])[0].event == first
    assert added_up([a_charge(), a_charge(event=second)])[0].event == second
    assert added_up([a_charge(event=first), a_charge(event=second)])[0].event == second


def test_charges_of_a_counter_are_one() -> None:
    """Of the newest that is charged, as late as the latest."""
    charges = [a_charge(2, 8, at=LATER), a_charge(3, 7, project_id="q")]

    assert added_up(charges) == (a_charge(5, 5, project_id="q", at=LATER),)


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
    (charge,) = added_up([a_charge(3, first), a_charge(2, second)])

    assert (charge.amount, charge.room) == (5, room)


def test_counters_are_changed_in_one_order() -> None:
    """Of key and period, so that no two commits wait for each other."""
    named = [("b", "2026-01"), ("a", "2026-02"), ("a", "2026-01"), ("b", "2025-12")]

    charges = added_up(a_charge(key=key, period=period) for key, period in named)

    assert [(charge.key, charge.period) for charge in charges] == sorted(named)
    assert added_up([]) == ()


@given(
    charges=st.lists(st.tuples(st.integers(1, 5), st.none() | st.integers(0, 20)), min_size=1),
    used=st.integers(0, 25),
)
def test_a_sum_passes_where_each_would_one_after_the_other(
    charges: list[tuple[int, int | None]], used: int
) -> None:
    """No more and no less."""
    (whole,) = added_up(a_charge(amount, room) for amount, room in charges)

    fits, now = True, used
    for amount, room in charges:
        fits = fits and (room is None or now <= room)
        now += amount

    assert (whole.room is None or used <= whole.room) is fits
    assert used + whole.amount == now


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


def test_a_charge_names_all_that_a_commit_writes() -> None:
    """Two that differ in anything are two."""
    assert replace(a_charge(), amount=1) == a_charge()
    assert replace(a_charge(), amount=2) != a_charge()
