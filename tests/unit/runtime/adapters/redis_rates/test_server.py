"""A Redis that is killed, frozen, read-only, full or talks nonsense is one error, in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from runtime.adapters.redis_rates.scripts import Script
from runtime.adapters.redis_rates.server import Server
from runtime.domain.errors import RatesUnavailableError
from runtime.kit.clock import SystemClock
from tests.unit.runtime.adapters.redis_rates.world import (
    ORGANIZATION,
    RatesWorld,
    a_claim,
    a_window,
    reserved,
    settled,
    used,
)

ECHO: Final = Script(text="return ARGV[1]")
NUMBER: Final = Script(text="return 7")


async def _killed(world: RatesWorld) -> None:
    world.server.stop()


async def _frozen(world: RatesWorld) -> None:
    world.server.freeze()


async def _read_only(world: RatesWorld) -> None:
    await world.command("REPLICAOF", "127.0.0.1", 1)


async def _full(world: RatesWorld) -> None:
    await world.command("CONFIG", "SET", "maxmemory", 1)


async def _without_replicas(world: RatesWorld) -> None:
    await world.command("CONFIG", "SET", "min-replicas-to-write", 1)


FAULTS: Final = [
    pytest.param(_killed, id="killed"),
    pytest.param(_frozen, id="frozen"),
    pytest.param(_read_only, id="read-only"),
    pytest.param(_full, id="full"),
    pytest.param(_without_replicas, id="without the replicas that it needs"),
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_granted_by_a_server_at_fault(
    world: RatesWorld, fault: Callable[[RatesWorld], Awaitable[None]]
) -> None:
    """The error comes within the time that the server has to answer."""
    rates = await world.aware()
    hasty = world.open(answer_s=0.3)
    await reserved(rates, a_claim(1, windows=[a_window(9)]))
    await fault(world)
    began_s = SystemClock().monotonic_s()

    with pytest.raises(RatesUnavailableError):
        await hasty.reserve(ORGANIZATION, [a_claim(1, windows=[a_window(9)])])

    assert SystemClock().monotonic_s() - began_s < 2


async def test_who_is_frozen_counts_what_it_had_read(world: RatesWorld) -> None:
    """A reservation that nobody heard of counts; stricter, never less strict."""
    window = a_window(9)
    rates = await world.aware()
    hasty = world.open(answer_s=0.2)
    await used(hasty, window)
    world.server.freeze()
    with pytest.raises(RatesUnavailableError, match=r"gave no answer in 0\.2 s"):
        await hasty.reserve(ORGANIZATION, [a_claim(2, windows=[window])])

    world.server.thaw()

    assert await used(rates, window) in ([0], [2])


async def test_a_server_that_is_back_is_asked_again(world: RatesWorld) -> None:
    """Connections that broke are replaced; a call that meets a broken one is repeated."""
    window = a_window(9)
    rates = await world.aware()
    await reserved(rates, a_claim(1, windows=[window]))
    await world.command("CLIENT", "KILL", "TYPE", "normal")

    (grant,) = await reserved(rates, a_claim(1, windows=[window]))

    assert grant.steps == 1
    assert await used(rates, window) == [2]


async def test_scripts_that_a_server_forgot_are_sent_again(world: RatesWorld) -> None:
    """It knows scripts by their digest only while it runs."""
    window = a_window(9)
    rates = await world.aware()
    await reserved(rates, a_claim(1, windows=[window]))
    await world.command("SCRIPT", "FLUSH")

    assert await used(rates, window) == [1]


async def test_many_callers_share_few_connections(world: RatesWorld) -> None:
    """More callers than connections wait for one; each is counted, and none too many is granted."""
    window = a_window(150)
    rates = await world.aware()

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(reserved(rates, a_claim(1, windows=[window]))) for _ in range(200)
        ]

    assert sum(task.result()[0].steps for task in tasks) == 150
    assert await used(rates, window) == [150]


async def test_a_caller_that_leaves_disturbs_nobody(world: RatesWorld) -> None:
    """Their answer is not taken for another's."""
    window, other = a_window(500), a_window(500, subject="org_other")
    rates = await world.aware()
    claims = [a_claim(2, windows=[window]) for _ in range(60)]
    tasks = [asyncio.ensure_future(reserved(rates, claim)) for claim in claims]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks[::2]:
        task.cancel()

    answers = [await reserved(rates, a_claim(1, windows=[other])) for _ in range(20)]
    await asyncio.wait(tasks)
    await rates.settle(ORGANIZATION, [settled(claim, 0) for claim in claims])

    assert [grant.steps for (grant,) in answers] == [1] * 20
    assert await used(rates, other) == [20]


async def test_what_is_asked_reaches_the_script(world: RatesWorld) -> None:
    """One argument, spelled canonically."""
    server = Server(world.server.url, answer_s=1.0)

    said = await server.run(ECHO, (), {"b": 1, "a": ["ü"]})
    await server.close()

    assert said == '{"a":["ü"],"b":1}'


async def test_an_answer_that_is_no_text_is_an_error(world: RatesWorld) -> None:
    """It is not ours."""
    server = Server(world.server.url, answer_s=1.0)

    with pytest.raises(RatesUnavailableError, match="something else than text"):
        await server.run(NUMBER, (), {})
    await server.close()


async def test_an_error_names_the_server_and_no_secret(world: RatesWorld) -> None:
    """Its address has a password in front of it."""
    server = Server(world.server.url.replace("loopback-only", "hunter2"), answer_s=1.0)

    with pytest.raises(RatesUnavailableError) as caught:
        await server.run(ECHO, (), {})
    await server.close()

    assert f"127.0.0.1:{world.server.port}" in str(caught.value)
    assert "hunter2" not in str(caught.value)
