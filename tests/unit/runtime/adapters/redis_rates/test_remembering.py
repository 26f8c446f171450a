"""A server that may have forgotten grants nothing before it was told what was done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runtime.adapters.redis_rates.scripts import BEGUN
from runtime.domain.errors import RatesUnavailableError
from runtime.domain.shared_rates import RateGrant, RateHistory
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
)

NOW = SystemClock().now


async def test_an_emptied_server_asks_for_what_it_forgot(world: RatesWorld) -> None:
    """Nothing is granted on counters that may be incomplete."""
    window = a_window(3)
    rates = await world.aware()
    await reserved(rates, a_claim(3, windows=[window]))
    await world.command("FLUSHALL")

    told = await rates.reserve(ORGANIZATION, [a_claim(1, windows=[window])])

    assert isinstance(told, Forgotten)
    assert told.windows == (window,)


async def test_what_was_told_counts_as_if_it_had_been_counted(world: RatesWorld) -> None:
    """Parts that the span has left do not."""
    window = a_window(4)
    rates = world.open()
    second = int(NOW().timestamp())
    told = await rates.reserve(ORGANIZATION, [a_claim(1, windows=[window])])
    assert isinstance(told, Forgotten)

    history = RateHistory(window=window, counts={second - 300: 50, second - 20: 2, second: 1})
    await rates.recall(ORGANIZATION, [history], since=told.since)

    assert await used(rates, window) == [3]
    grants = await reserved(rates, a_claim(1, windows=[window]), a_claim(1, windows=[window]))
    assert [grant.steps for grant in grants] == [1, 0]
    assert grants[1].refusal is not None
    assert grants[1].refusal.free_at == datetime.fromtimestamp(second - 20 + 61, UTC)


async def test_a_history_of_another_time_is_not_learned(world: RatesWorld) -> None:
    """The server was emptied again since it was asked for: it may lack the newest."""
    window = a_window(4)
    rates = world.open()
    told = await rates.reserve(ORGANIZATION, [a_claim(1, windows=[window])])
    assert isinstance(told, Forgotten)

    await rates.recall(ORGANIZATION, [RateHistory(window=window, counts={})], since="1")

    assert isinstance(await rates.uses(ORGANIZATION, [window]), Forgotten)


async def test_a_history_takes_nothing_away(world: RatesWorld) -> None:
    """What another process has learned and counted meanwhile stays."""
    window = a_window(9)
    rates = world.open()
    told = await rates.reserve(ORGANIZATION, [a_claim(1, windows=[window])])
    assert isinstance(told, Forgotten)
    second = int(NOW().timestamp())
    seven = RateHistory(window=window, counts={second: 7})
    await rates.recall(ORGANIZATION, [seven], since=told.since)
    await reserved(rates, a_claim(1, windows=[window]))

    await rates.recall(ORGANIZATION, [seven], since=told.since)

    assert await used(rates, window) == [8]


async def test_what_was_settled_before_the_history_is_not_counted_twice(world: RatesWorld) -> None:
    """The larger of the two counts holds."""
    window = a_window(9)
    rates = world.open()
    told = await rates.reserve(ORGANIZATION, [a_claim(1, windows=[window])])
    assert isinstance(told, Forgotten)
    await rates.settle(ORGANIZATION, [settled(a_claim("u3", windows=[window]), 3)])
    second = int(NOW().timestamp())

    history = RateHistory(window=window, counts={second - 300: 50, second: 2})
    await rates.recall(ORGANIZATION, [history], since=told.since)

    assert await used(rates, window) == [3]


async def test_a_server_of_another_run_is_told_what_it_may_lack(world: RatesWorld) -> None:
    """Restarted or promoted, it has kept most; what it has more than the history stays."""
    window = a_window(9)
    rates = await world.aware()
    await reserved(rates, a_claim(4, windows=[window]))
    await world.command("SET", BEGUN, "0123456789abcdef 1000")

    told = await rates.reserve(ORGANIZATION, [a_claim(1, windows=[window])])
    assert isinstance(told, Forgotten)
    second = int(NOW().timestamp())
    await rates.recall(
        ORGANIZATION, [RateHistory(window=window, counts={second: 1})], since=told.since
    )

    assert told.windows == (window,)
    assert await used(rates, window) == [4]


async def test_a_server_that_just_began_grants_nothing_for_a_while(world: RatesWorld) -> None:
    """What was reserved before may yet be done, and nobody knows of it."""
    rates = world.open(longest_run_s=30)
    claim = a_claim(1, windows=[a_window(9)])
    foreseen = await rates.foresee(ORGANIZATION, [claim])

    assert isinstance(foreseen, Forgotten)  # what is only foreseen needs but a history
    with pytest.raises(
        RatesUnavailableError, match=r"was started or emptied.*(30\.0|29\.\d) s more"
    ):
        await rates.reserve(ORGANIZATION, [claim])


async def test_a_window_that_has_passed_since_needs_no_history(world: RatesWorld) -> None:
    """Of a server that began long ago everything is known that still counts."""
    rates = await world.aware()

    (grant,) = await reserved(rates, a_claim(1, windows=[a_window(1)]))

    assert grant == RateGrant(steps=1)
