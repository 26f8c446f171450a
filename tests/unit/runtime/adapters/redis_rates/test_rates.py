"""What fits is reserved, once an execution; what does not is refused with the first full window."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runtime.adapters.redis_rates.opening import open_rates
from runtime.domain.errors import RatesUnavailableError
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_rates import RateGrant, RateRefusal
from runtime.kit.clock import SystemClock
from runtime.ports.shared_rates import Forgotten
from tests.unit.runtime.adapters.redis_rates.world import (
    ORGANIZATION,
    RatesWorld,
    a_claim,
    a_window,
    reserved,
    settled,
    used,
    uses,
)

NOW = SystemClock().now


async def test_what_fits_is_granted_and_what_does_not_is_refused(world: RatesWorld) -> None:
    """The figures say what was used, what was wanted, and when it would fit."""
    window = a_window(5)
    rates = await world.aware()
    first, second = a_claim(3, windows=[window]), a_claim(3, windows=[window])

    granted, refused = await reserved(rates, first, second)

    assert granted == RateGrant(steps=3)
    assert refused.steps == 0
    assert refused.refusal is not None
    assert (refused.refusal.window, refused.refusal.used, refused.refusal.wanted) == (window, 3, 3)
    assert refused.refusal.free_at is not None
    left_s = (refused.refusal.free_at - NOW()).total_seconds()
    assert 58 < left_s <= 61
    assert await used(rates, window) == [3]


async def test_the_last_unit_can_be_used(world: RatesWorld) -> None:
    """Exactly `most` fit, and one more does not."""
    window = a_window(2)
    rates = await world.aware()

    grants = await reserved(rates, *(a_claim(1, windows=[window]) for _ in range(3)))

    assert [grant.steps for grant in grants] == [1, 1, 0]


async def test_what_is_more_than_the_limit_never_fits(world: RatesWorld) -> None:
    """There is no instant to wait for."""
    window = a_window(2)
    rates = await world.aware()

    (grant,) = await reserved(rates, a_claim(3, windows=[window]))

    assert grant == RateGrant(
        steps=0, refusal=RateRefusal(window=window, used=0, wanted=3, free_at=None)
    )


async def test_every_window_has_to_have_room(world: RatesWorld) -> None:
    """One that is full refuses, and then none is charged."""
    wide, narrow = a_window(10), a_window(1, scope=BudgetScope.PROJECT, subject="prj_1")
    hour = a_window(10, measure=LimitMeasure.PER_HOUR)
    rates = await world.aware()

    (grant,) = await reserved(rates, a_claim(2, windows=[wide, narrow, hour]))

    assert grant.refusal is not None
    assert grant.refusal.window == narrow
    assert await used(rates, wide, narrow, hour) == [0, 0, 0]


async def test_windows_of_several_projects_add_up_in_the_organization(world: RatesWorld) -> None:
    """Two processes count in one place."""
    shared = a_window(3)
    one, other = (a_window(9, scope=BudgetScope.PROJECT, subject=name) for name in ("a", "b"))
    first, second = await world.aware(), world.open()

    grants = [
        *await reserved(first, a_claim(2, windows=[shared, one])),
        *await reserved(second, a_claim(2, windows=[shared, other])),
        *await reserved(second, a_claim(1, windows=[shared, other])),
    ]

    assert [grant.steps for grant in grants] == [2, 0, 1]
    assert await used(first, shared, one, other) == [3, 2, 1]


async def test_organizations_do_not_count_together(world: RatesWorld) -> None:
    """The same window of another organization is another one."""
    window = a_window(1)
    rates = await world.aware()

    (one,) = await reserved(rates, a_claim(1, windows=[window]))
    (other,) = await reserved(rates, a_claim(1, windows=[window]), organization="org_2")

    assert (one.steps, other.steps) == (1, 1)


async def test_a_claim_that_is_repeated_counts_once(world: RatesWorld) -> None:
    """A group that is judged anew asks again, and gets the same, full or not."""
    window = a_window(2)
    rates, replica = await world.aware(), world.open()
    claim = a_claim(2, windows=[window])

    answers = [
        await reserved(rates, claim),
        await reserved(rates, claim),
        await reserved(replica, claim),
    ]

    assert answers == [[RateGrant(steps=2)]] * 3
    assert await used(rates, window) == [2]


async def test_a_claim_of_other_terms_is_judged_anew(world: RatesWorld) -> None:
    """A limit that was lowered meanwhile refuses, and what was reserved before is free."""
    window = a_window(5)
    rates = await world.aware()
    claim = a_claim(4, windows=[window])
    await reserved(rates, claim)

    (grant,) = await reserved(rates, replace(claim, windows=(replace(window, most=3),)))

    assert grant.steps == 0
    assert await used(rates, window) == [0]


async def test_a_claim_that_is_repeated_begins_anew(world: RatesWorld) -> None:
    """Its time to run counts from the last try on, and it is still counted once."""
    window = a_window(5)
    rates = await world.aware(longest_run_s=20)
    claim = a_claim(2, windows=[window])
    await reserved(rates, claim)
    (before,) = await uses(rates, window)

    later = await world.aware(longest_run_s=40)
    await reserved(later, claim)
    (after,) = await uses(rates, window)

    assert (before.used, after.used) == (2, 2)
    assert before.free_at is not None
    assert after.free_at is not None
    assert after.free_at - before.free_at >= timedelta(seconds=19)


async def test_urgent_steps_pass_and_are_counted(world: RatesWorld) -> None:
    """They fit where nothing else does, and leave less to those behind."""
    window = a_window(2)
    rates = await world.aware()

    stopped, behind = await reserved(
        rates, a_claim("u3", 1, windows=[window]), a_claim(1, windows=[window])
    )

    assert stopped.steps == 3
    assert stopped.refusal is not None
    assert (stopped.refusal.used, stopped.refusal.wanted) == (3, 1)
    assert behind.steps == 0
    assert await used(rates, window) == [3]


async def test_nothing_behind_a_refused_stretch_is_counted(world: RatesWorld) -> None:
    """An urgent step that is not reached is not done."""
    window = a_window(1)
    rates = await world.aware()

    (grant,) = await reserved(rates, a_claim(2, "u1", windows=[window]))

    assert grant.steps == 0
    assert await used(rates, window) == [0]


async def test_a_stretch_that_found_no_room_may_find_it_later(world: RatesWorld) -> None:
    """What was granted before stays granted; only the rest is judged anew."""
    window = a_window(2)
    rates = await world.aware()
    other = a_claim(1, windows=[window])
    claim = a_claim("u1", 1, windows=[window])
    await reserved(rates, other)

    (before,) = await reserved(rates, claim)
    await rates.settle(ORGANIZATION, [settled(other, 0)])
    (after,) = await reserved(rates, claim)

    assert (before.steps, after.steps, after.refusal) == (1, 2, None)
    assert await used(rates, window) == [2]


async def test_what_was_not_done_is_free_again(world: RatesWorld) -> None:
    """A refused plan leaves nothing, a plan that stopped half way what it did."""
    window = a_window(9)
    rates = await world.aware()
    refused, partly = a_claim(4, windows=[window]), a_claim(4, windows=[window])
    await reserved(rates, refused, partly)

    await rates.settle(ORGANIZATION, [settled(refused, 0), settled(partly, 3)])

    assert await used(rates, window) == [3]


async def test_a_charge_that_is_repeated_counts_once(world: RatesWorld) -> None:
    """An answer that got lost makes nobody pay twice."""
    window = a_window(9)
    rates = await world.aware()
    claim = a_claim(2, windows=[window])
    await reserved(rates, claim)

    for _ in range(3):
        await rates.settle(ORGANIZATION, [settled(claim, 2)])

    assert await used(rates, window) == [2]


async def test_what_was_done_without_a_reservation_counts(world: RatesWorld) -> None:
    """Urgent steps run while nobody can be asked; they are counted when somebody can."""
    window = a_window(9)
    rates = await world.aware()

    await rates.settle(ORGANIZATION, [settled(a_claim("u2", windows=[window]), 2)])

    assert await used(rates, window) == [2]


async def test_a_reservation_counts_for_as_long_as_it_may_run(world: RatesWorld) -> None:
    """Until it is settled, its time begins when it would end at the latest."""
    window = a_window(9)
    rates = await world.aware(longest_run_s=30)
    claim = a_claim(1, windows=[window])

    await reserved(rates, claim)
    (open_use,) = await uses(rates, window)
    await rates.settle(ORGANIZATION, [settled(claim, 1)])
    (done_use,) = await uses(rates, window)

    assert open_use.used == done_use.used == 1
    assert open_use.free_at is not None
    assert done_use.free_at is not None
    later = open_use.free_at - done_use.free_at
    assert timedelta(seconds=29) <= later <= timedelta(seconds=30)


async def test_foreseeing_takes_nothing(world: RatesWorld) -> None:
    """A simulation is answered as an execution would be, and leaves all as it was."""
    window = a_window(2)
    rates = await world.aware()
    fits, does_not = a_claim(2, windows=[window]), a_claim(3, windows=[window])

    told = await rates.foresee(ORGANIZATION, [fits])
    refused = await rates.foresee(ORGANIZATION, [does_not])

    assert told == [RateGrant(steps=2)]
    assert not isinstance(refused, Forgotten)
    assert refused[0].refusal is not None
    assert await used(rates, window) == [0]


async def test_the_use_of_a_window_says_when_it_is_free(world: RatesWorld) -> None:
    """An empty one is free now."""
    window, hour = a_window(9), a_window(9, measure=LimitMeasure.PER_HOUR)
    rates = await world.aware()

    before = await uses(rates, window)
    await reserved(rates, a_claim(4, windows=[window, hour]))
    minute, hourly = await uses(rates, window, hour)

    assert before[0].used == 0
    assert minute.free_at is not None
    assert hourly.free_at is not None
    assert 59 <= (minute.free_at - NOW()).total_seconds() <= 61
    assert 3500 < (hourly.free_at - NOW()).total_seconds() <= 3661


async def test_keys_end_by_themselves(world: RatesWorld) -> None:
    """An organization that does nothing leaves nothing, but for when the server began."""
    window, hour = a_window(9), a_window(9, measure=LimitMeasure.PER_HOUR)
    rates = await world.aware()
    claim = a_claim(1, windows=[window, hour])
    await reserved(rates, claim, a_claim(1, windows=[window, hour]))
    await rates.settle(ORGANIZATION, [settled(claim, 1)])

    names = await world.command("KEYS", "plangate:rates:{*")
    assert isinstance(names, list)
    left_ms = [await world.command("PTTL", name) for name in names]

    assert len(names) == 4
    assert all(isinstance(left, int) and 0 < left <= 62 * 60_000 for left in left_ms)


async def test_each_organization_has_its_server(world: RatesWorld) -> None:
    """Every process chooses the same, and organizations spread."""
    port = world.server.port
    urls = [world.server.url, world.server.url.replace("127.0.0.1", "localhost")]
    one, other = open_rates(urls, longest_run_s=0), open_rates(urls[::-1], longest_run_s=0)
    world.opened += [one, other]

    chosen = {
        name: (one._server(name).address, other._server(name).address)  # type: ignore[attr-defined]  # noqa: SLF001  # which one is nobody's business else
        for name in map(str, range(40))
    }

    assert all(first == second for first, second in chosen.values())
    assert {first for first, _ in chosen.values()} == {f"127.0.0.1:{port}", f"localhost:{port}"}


async def test_readiness_asks_every_server(world: RatesWorld) -> None:
    """One that can't write is no place to count."""
    rates = world.open()
    await rates.ready()
    await world.command("CONFIG", "SET", "min-replicas-to-write", 1)

    with pytest.raises(RatesUnavailableError, match="NOREPLICAS"):
        await rates.ready()
