"""A block that holds a lease gives it back, however it ends."""

from __future__ import annotations

import asyncio

import pytest
from typing_extensions import override

from runtime.domain.errors import LeaseBusyError
from runtime.ports.leases import Lease, Leases, hold


class OneLease(Lease, Leases):
    """Play a lease and who gives it: count what is asked."""

    key = "k"
    owner = "one#1"
    token = 1
    lost = False
    wanted = False

    def __init__(self, *, busy: bool = False) -> None:
        """Be free, or busy for ever."""
        self.busy = busy
        self.asked: list[tuple[str, float, int]] = []
        self.released = 0

    @override
    async def acquire(self, key: str, *, wait_s: float, floor: int = 0) -> Lease:
        self.asked.append((key, wait_s, floor))
        if self.busy:
            raise LeaseBusyError(key=key, holder="two#1", waited_s=wait_s, position=1)
        return self

    @override
    async def release(self, lease: Lease) -> None:
        self.released += 1

    @override
    async def advance(self, *, floor: int) -> int:
        return floor + 1

    @override
    async def until_wanted_or_lost(self) -> None:
        """Return at once."""

    @override
    async def ready(self) -> None:
        """Be ready."""

    @override
    async def close(self) -> None:
        """Have nothing to close."""


async def test_a_lease_is_held_for_the_length_of_the_block() -> None:
    """The arguments are passed on, and the release comes at the end."""
    leases = OneLease()

    async with hold(leases, "k", wait_s=2.5, floor=7) as lease:
        released_inside = leases.released

    assert lease is leases
    assert (released_inside, leases.released) == (0, 1)
    assert leases.asked == [("k", 2.5, 7)]


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError()], ids=str)
async def test_a_block_that_fails_gives_the_lease_back(error: BaseException) -> None:
    """An error and a cancellation pass through after the release."""
    leases = OneLease()

    with pytest.raises(type(error)):
        async with hold(leases, "k", wait_s=1):
            raise error

    assert leases.released == 1


async def test_what_was_not_got_is_not_given_back() -> None:
    """A refusal reaches the caller, and nothing is released."""
    leases = OneLease(busy=True)

    with pytest.raises(LeaseBusyError):
        async with hold(leases, "k", wait_s=0):
            raise AssertionError

    assert leases.released == 0
