"""What clients saw of one project could have happened one operation at a time (M6)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from tests.integration.faults.history import judged
from tests.integration.faults.linearizable import Op, violations
from tests.integration.faults.load import under_load
from tests.integration.faults.nemesis import freeze_holders
from tests.integration.faults.site import Site, Tenant


async def test_clients_see_one_order_through_a_freeze_and_a_flush(
    site: Site, tenant: Tenant
) -> None:
    """Reads and writes of 12 clients at two replicas; two swapped answers would be noticed."""
    project = await site.project(tenant)
    async with site.calls(tenant.token) as calls:
        async with under_load(calls, [project], clients=8, readers=4, within_s=0.5) as load:
            await load.more(100)
            await freeze_holders(site, tenant, project, load, rounds=1, chance=Random(2))
            async with Redis.from_url(site.redis.url) as client:
                await client.flushall()
            await load.more(200)
        stored = await judged(site.urls, calls, project, load.acts[project])

    ops = load.ops(project)
    assert stored == []
    assert violations(ops) == []
    assert len(ops) > 400
    assert violations(swapped(ops)) != []


def swapped(ops: list[Op]) -> list[Op]:
    """Seed a bug: two writers, one long done before the other began, got each other's answers."""
    writes = sorted((op for op in ops if op.by), key=lambda op: op.answered_s)
    first = writes[0]
    later = next(op for op in writes if op.invoked_s > first.answered_s)
    others = [op for op in ops if op is not first and op is not later]
    return [
        *others,
        replace(first, version=later.version, value=later.value),
        replace(later, version=first.version, value=first.value),
    ]


def op(version: int, value: int, start: float, end: float, *, by: int = 0) -> Op:
    """Build an operation."""
    return Op(version=version, value=value, by=by, invoked_s=start, answered_s=end)


POSSIBLE = {
    "nothing": [],
    "one after the other": [op(1, 1, 0, 1, by=1), op(1, 1, 2, 3), op(2, 3, 4, 5, by=2)],
    "overlapping, in another order than asked": [
        op(2, 2, 0, 9, by=1), op(1, 1, 1, 8, by=1), op(0, 0, 2, 7), op(2, 2, 3, 6),
    ],
    "a read of the old value while it is written": [op(1, 1, 0, 9, by=1), op(0, 0, 3, 4)],
}  # fmt: skip
IMPOSSIBLE = {
    "a stale read": [op(1, 1, 0, 1, by=1), op(0, 0, 2, 3)],
    "a read of what is not there yet": [op(1, 1, 0, 1), op(1, 1, 2, 3, by=1)],
    "two readers, the later one sees the past": [
        op(1, 1, 0, 9, by=1), op(1, 1, 1, 2), op(0, 0, 3, 4),
    ],
    "a writer before one that had ended": [op(2, 2, 0, 1, by=1), op(1, 1, 2, 3, by=1)],
    "a lost write": [op(1, 1, 0, 1, by=1), op(2, 1, 2, 3, by=1)],
    "a version that two made": [op(1, 1, 0, 1, by=1), op(1, 1, 0, 1, by=1)],
    "a version that nobody made": [op(2, 2, 0, 1, by=1)],
    "a value of no version": [op(1, 1, 0, 1, by=1), op(1, 7, 2, 3)],
}  # fmt: skip


@pytest.mark.parametrize("ops", POSSIBLE.values(), ids=POSSIBLE.keys())
def test_the_checker_accepts_what_can_be(ops: list[Op]) -> None:
    """Overlapping operations may take effect in any order."""
    assert violations(ops) == []


@pytest.mark.parametrize("ops", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_the_checker_refuses_what_can_not_be(ops: list[Op]) -> None:
    """Each of these breaks one rule."""
    assert violations(ops) != []


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 5), st.floats(0, 5)), max_size=30))
def test_the_checker_accepts_every_history_of_a_real_counter(
    steps: list[tuple[int, float, float]],
) -> None:
    """Instants of effect one after the other, asked for some time before and answered after."""
    ops, version, value = [], 0, 0
    for instant, (by, before, after) in enumerate(steps):
        version, value = version + bool(by), value + by
        ops.append(op(version, value, instant - before, instant + after, by=by))

    assert violations(ops) == []


@pytest.mark.timeout(10)
def test_the_checker_is_fast_enough_for_a_campaign() -> None:
    """A hundred thousand operations take seconds."""
    ops = [op(number, number, number, number + 1.5, by=1) for number in range(1, 100_001)]

    assert violations(ops) == []
