"""The addresses decide who grants."""

from __future__ import annotations

import pytest

from runtime.adapters.redis_leases.opening import open_leases
from runtime.domain.errors import LeaseUnavailableError
from runtime.kit.clock import SystemClock
from tests.servers.stoppable_redis import StoppableRedis


@pytest.mark.parametrize(
    ("urls", "message"),
    [
        pytest.param([], "no Redis address", id="none"),
        pytest.param(["redis://a", "redis://b", "redis://a"], "given twice", id="one twice"),
    ],
)
def test_addresses_that_make_no_sense_are_refused(urls: list[str], message: str) -> None:
    """The message says what was expected."""
    with pytest.raises(ValueError, match=message):
        open_leases(urls, instance="one", clock=SystemClock())


def test_a_span_that_makes_no_sense_is_refused() -> None:
    """The time to live is checked when leases are opened, not when the first one ends."""
    with pytest.raises(ValueError, match="ttl_s"):
        open_leases(["redis://a"], instance="one", clock=SystemClock(), ttl_s=0)


async def test_one_address_is_enough(server: StoppableRedis) -> None:
    """It alone decides."""
    leases = open_leases([server.url], instance="one", clock=SystemClock())

    lease = await leases.acquire("k", wait_s=5)

    assert lease.owner.startswith("one.")
    await leases.close()


async def test_one_of_three_is_not_enough(server: StoppableRedis) -> None:
    """A majority decides, and the other two are not there."""
    urls = [server.url, "redis://127.0.0.1:1", "redis://127.0.0.1:2"]
    leases = open_leases(urls, instance="one", clock=SystemClock())

    with pytest.raises(LeaseUnavailableError, match="2 of 3"):
        await leases.acquire("k", wait_s=5)

    await leases.close()
