"""The lending of children: who gets one, who waits, who is refused."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from runtime.adapters.rego.pool import PENALTY_S, PROVEN, STRIKES, ChildPool
from runtime.adapters.rego.process import Caps, ChildLostError
from runtime.kit.clock import FixedClock
from runtime.ports.policy import PolicyFault, PolicyFaultError

PING = [b"decide", b"", b""]


class World:
    """Hold a pool of two and its clock."""

    def __init__(self) -> None:
        self.clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.pool = ChildPool(2, caps=Caps(time_s=20), clock=self.clock, wait_s=0.05)

    async def ask(self, organization: str = "a", revision: str = "r") -> int:
        """Ask a child something and return its process id."""
        async with self.pool.lend(organization, revision) as child:
            assert await child.ask(PING) == [b"unknown"]
            return child.pid

    async def break_one(self, organization: str = "a", revision: str = "r") -> None:
        """Have a child killed by a revision."""
        with pytest.raises(PolicyFaultError):
            async with self.pool.lend(organization, revision):
                raise PolicyFaultError(PolicyFault.SLOW, "broke it")

    async def lose_one(self, organization: str = "a", revision: str = "r") -> PolicyFaultError:
        """Have somebody end a child while a revision is asked, and return what is told."""
        try:
            async with self.pool.lend(organization, revision) as child:
                os.kill(child.pid, signal.SIGKILL)
                await child.ask(PING)
        except PolicyFaultError as told:
            return told
        raise AssertionError("it was answered")

    async def refusal(self, organization: str = "a", revision: str = "r") -> PolicyFaultError:
        """Return why no child is lent."""
        with pytest.raises(PolicyFaultError) as refusal:
            await self.ask(organization, revision)
        return refusal.value


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Open a pool of two children."""
    world = World()
    yield world
    await world.pool.close()


async def test_a_child_is_lent_again(world: World) -> None:
    """Who brings it back in order leaves it to the next."""
    assert await world.ask() == await world.ask("b")
    assert len(world.pool.pids) == 1


async def test_two_are_lent_at_a_time(world: World) -> None:
    """A second question at the same time gets a second child, and a third waits in vain."""
    for organization in ("a", "b"):
        await world.ask(organization)
    async with world.pool.lend("a", "r") as first, world.pool.lend("b", "r") as second:
        assert first.pid != second.pid
        assert (await world.refusal("c")).fault is PolicyFault.SLOW

    assert await world.ask("c") in {first.pid, second.pid}


async def test_an_organization_never_holds_all(world: World) -> None:
    """Its second question waits, and another organization's passes by."""
    await world.ask("b")
    async with world.pool.lend("a", "r"):
        assert (await world.refusal("a", "another")).fault is PolicyFault.SLOW
        assert await world.ask("b")


async def test_a_pool_of_one_lends_it_to_anybody() -> None:
    """The smallest pool serves too."""
    pool = ChildPool(1, caps=Caps(time_s=20), clock=World().clock, wait_s=20)
    async with pool.lend("a", "r") as child:
        assert await child.ask(PING)
    await pool.close()


def test_a_pool_of_none_is_refused() -> None:
    """It would answer nothing for ever."""
    with pytest.raises(ValueError, match="expected at least 1"):
        ChildPool(0, caps=Caps(), clock=World().clock, wait_s=1)


async def test_a_child_that_knows_the_revision_is_preferred(world: World) -> None:
    """Modules are not sent again where they are known."""
    for organization in ("a", "b"):
        await world.ask(organization)
    async with world.pool.lend("a", "r") as first, world.pool.lend("b", "r") as second:
        first.known.add("known")
        second.known.add("other")

    for _ in range(3):
        assert await world.ask("c", "known") == first.pid
        assert await world.ask("c", "other") == second.pid


async def test_who_breaks_a_child_leaves_the_next_a_fresh_one(world: World) -> None:
    """What it would have said next is never heard."""
    before = await world.ask()
    await world.break_one("evil")

    assert await world.ask("b") != before


async def test_a_question_that_is_cancelled_has_its_child_ended(world: World) -> None:
    """Its answer would be taken for that of the next; it is not held against the rules."""
    entered = asyncio.Event()

    async def wait() -> None:
        async with world.pool.lend("a", "r"):
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await entered.wait()
    (before,) = world.pool.pids
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await world.ask("a", "r") != before


async def test_a_revision_that_broke_a_child_is_refused_for_a_while(world: World) -> None:
    """Others of the same organization are served; later it may try again."""
    await world.break_one("evil", "bad")

    assert "took too much" in (await world.refusal("evil", "bad")).detail
    assert await world.ask("evil", "good")
    assert await world.ask("b", "bad")
    world.clock.advance(timedelta(seconds=PENALTY_S))
    assert await world.ask("evil", "bad")


async def test_a_child_that_is_lost_is_held_against_nobody(world: World) -> None:
    """Who asks again is answered by a fresh one, whoever else ended with it."""
    for organization in ("a", "b"):
        await world.ask(organization)
    async with world.pool.lend("a", "r") as first, world.pool.lend("b", "r") as second:
        before = {first.pid, second.pid}

    assert isinstance(await world.lose_one(), ChildLostError)
    assert await world.ask() not in before


async def test_a_second_loss_in_a_while_is_held_against_the_revision(world: World) -> None:
    """Rules that make the machine run out of memory get no more than one question more."""
    await world.lose_one()

    assert not isinstance(await world.lose_one(), ChildLostError)
    assert "took too much" in (await world.refusal()).detail
    assert isinstance(await world.lose_one("b"), ChildLostError)
    world.clock.advance(timedelta(seconds=PENALTY_S))
    assert isinstance(await world.lose_one(), ChildLostError)


async def test_a_loss_is_forgotten(world: World) -> None:
    """Nothing is kept of an organization when its while is over."""
    await world.lose_one()
    assert set(world.pool._tenants) == {"a"}  # noqa: SLF001  # what is kept is the point

    world.clock.advance(timedelta(seconds=PENALTY_S))
    await world.ask("quiet")
    assert world.pool._tenants == {}  # noqa: SLF001


async def test_an_organization_that_breaks_many_is_refused_for_a_while(world: World) -> None:
    """New revisions do not help it; the others don't notice."""
    for number in range(STRIKES):
        await world.break_one("evil", f"bad{number}")

    assert "took too much" in (await world.refusal("evil", "good")).detail
    assert await world.ask("b", "good")
    world.clock.advance(timedelta(seconds=PENALTY_S))
    assert await world.ask("evil", "good")


async def test_revisions_that_have_not_answered_never_hold_all(world: World) -> None:
    """However many organizations bring new ones: what has answered before gets a child."""
    await world.ask("honest", "old")

    async with world.pool.lend("a", "new"):
        assert (await world.refusal("b", "new")).fault is PolicyFault.SLOW
        assert await world.ask("honest", "old")


async def test_a_revision_that_broke_a_child_has_to_answer_again(world: World) -> None:
    """What it answered before says nothing of it any more."""
    await world.ask("evil", "bad")
    await world.ask("honest", "old")
    await world.break_one("evil", "bad")
    world.clock.advance(timedelta(seconds=PENALTY_S))

    async with world.pool.lend("a", "new"):
        assert (await world.refusal("evil", "bad")).fault is PolicyFault.SLOW
        assert await world.ask("honest", "old")


async def test_only_so_many_revisions_are_remembered(world: World) -> None:
    """The one that answered first is asked as if it never had."""
    await world.ask("a", "first")
    for number in range(PROVEN):
        world.pool._trust(("a", str(number)))  # noqa: SLF001  # as so many questions would

    async with world.pool.lend("b", "new"):
        assert (await world.refusal("a", "first")).fault is PolicyFault.SLOW
        assert await world.ask("a", "0")


async def test_a_start_that_fails_breaks_nobody(world: World) -> None:
    """It is no fault of the rules that were to be asked."""
    pool = ChildPool(2, caps=Caps(start_s=0.001), clock=world.clock, wait_s=20)
    for _ in range(STRIKES + 1):
        with pytest.raises(PolicyFaultError) as refusal:
            async with pool.lend("a", "r"):
                pytest.fail("nothing was started")
        assert refusal.value.fault is PolicyFault.DOWN
    await pool.close()


async def test_a_close_ends_what_is_lent(world: World) -> None:
    """A question in the middle learns that its child ended, and no child is left."""
    entered = asyncio.Event()

    async def wait() -> None:
        async with world.pool.lend("a", "r") as child:
            entered.set()
            await child.ask([b"decide", b"r"] * 1_000_000)

    task = asyncio.create_task(wait())
    await entered.wait()
    await world.pool.close()

    with pytest.raises(PolicyFaultError) as refusal:
        await task
    assert refusal.value.fault is PolicyFault.FAILED
    assert world.pool.pids == ()
    assert (await world.refusal()).fault is PolicyFault.DOWN


async def test_a_child_that_ended_by_itself_is_not_lent(world: World) -> None:
    """Whatever ended it while nobody asked: the next question gets another, and no fault."""
    async with world.pool.lend("a", "r") as child:
        child.kill()
        await child._process.wait()  # noqa: SLF001  # so that it is known to be over

    assert await world.ask("a", "r") != child.pid
    assert child.pid not in world.pool.pids


async def test_organizations_that_are_quiet_are_forgotten(world: World) -> None:
    """What is kept of them does not grow with their number."""
    for number in range(5):
        await world.ask(f"quiet{number}")
    await world.break_one("evil")

    assert set(world.pool._tenants) == {"evil"}  # noqa: SLF001  # what is kept is the point

    world.clock.advance(timedelta(seconds=PENALTY_S))
    await world.ask("quiet")
    assert world.pool._tenants == {}  # noqa: SLF001
