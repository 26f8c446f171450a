"""Many wait for other rules than they have, and are told of them soon and for little."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from runtime.services.policies.rules_watch import RulesWatch

SOON_S = 0.01
LONG_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Hold what is read of an organization."""

    number: int
    etag: str
    good_for_s: float = LONG_S

    @property
    def stamp(self) -> int:
        """Return what is otherwise in the next."""
        return self.number


@dataclass(slots=True)
class World:
    """Hold rules that change, who watches them, and what that took.

    Attributes:
        number: of the rules that hold.
        shown: what the ETag is made of, where it is not the number.
        stamps: how often what tells the rules from others was read.
        reads: how often the rules were.
        read_once: set when they were `wanted` times.
    """

    poll_s: float = LONG_S
    most_waiting: int = 100
    number: int = 1
    shown: str = ""
    good_for_s: float = LONG_S
    stamps: int = 0
    reads: int = 0
    read_once: asyncio.Event = field(default_factory=asyncio.Event)
    wanted: int = 1
    gone: bool = False

    def watch(self) -> RulesWatch:
        """Watch them."""
        return RulesWatch(self._stamp, poll_s=self.poll_s, most_waiting=self.most_waiting)

    async def _stamp(self, _: str) -> int:
        self.stamps += 1
        return self.number

    async def _read(self) -> Version:
        self.reads += 1
        if self.reads >= self.wanted:
            self.read_once.set()
        return Version(
            number=self.number, etag=self.shown or str(self.number), good_for_s=self.good_for_s
        )

    async def _gone(self) -> bool:
        return self.gone

    async def newer(
        self, watch: RulesWatch, *, known: str = "1", within_s: float = LONG_S
    ) -> Version | None:
        """Wait for others than those that are known."""
        async with asyncio.timeout(20):
            return await watch.newer(
                "org", self._read, known=known, within_s=within_s, gone=self._gone
            )


async def test_who_has_older_rules_does_not_wait() -> None:
    """There is nothing to wait for."""
    world = World()

    found = await world.newer(world.watch(), known="0")

    assert found is not None
    assert (found.number, world.stamps) == (1, 0)


async def test_a_change_that_is_told_of_ends_the_waiting_at_once() -> None:
    """Long before what tells the rules from others would be looked at by itself."""
    world = World()
    watch = world.watch()
    waiting = asyncio.create_task(world.newer(watch))
    await world.read_once.wait()
    world.number = 2
    watch.tell("org")

    found = await waiting

    assert found is not None
    assert (found.number, world.stamps, world.reads) == (2, 1, 2)


async def test_a_change_that_is_told_of_while_the_rules_are_read_is_not_missed() -> None:
    """It came after what was read, and is looked at before anybody waits."""
    world = World()
    watch = world.watch()

    async def changing() -> Version:
        found = await world._read()  # noqa: SLF001  # of this file
        if world.number == 1:
            world.number = 2
            watch.tell("org")
        return found

    async with asyncio.timeout(20):
        found = await watch.newer(
            "org",
            changing,
            known="1",
            within_s=LONG_S,
            gone=world._gone,  # noqa: SLF001
        )

    assert found is not None
    assert found.number == 2


async def test_a_change_by_another_replica_is_found() -> None:
    """Nobody tells of it."""
    world = World(poll_s=SOON_S)
    waiting = asyncio.create_task(world.newer(world.watch()))
    await world.read_once.wait()
    world.number = 2

    found = await waiting

    assert found is not None
    assert found.number == 2


async def test_what_is_told_to_one_organization_wakes_no_other() -> None:
    """Nor does it read anything of another."""
    world = World()
    watch = world.watch()
    waiting = asyncio.create_task(world.newer(watch))
    await world.read_once.wait()
    watch.tell("other")
    await asyncio.sleep(0)

    assert not waiting.done()
    watch.close()
    assert await waiting is None
    assert world.stamps == 0


async def test_who_waited_as_long_as_they_would_has_the_newest() -> None:
    """They may ask again."""
    world = World()

    assert await world.newer(world.watch(), within_s=SOON_S) is None
    assert world.reads == 1


async def test_what_is_too_old_is_read_again_though_nothing_changed() -> None:
    """Its date is part of what is known."""
    world = World(good_for_s=SOON_S)
    waiting = asyncio.create_task(world.newer(world.watch()))
    await world.read_once.wait()
    world.shown = "1, a minute later"

    found = await waiting

    assert found is not None
    assert (found.etag, found.number) == ("1, a minute later", 1)


async def test_a_change_of_nothing_that_is_served_is_waited_through() -> None:
    """Something was archived that has no rules: what is known is the newest still."""
    world = World(poll_s=SOON_S, shown="1")
    watch = world.watch()
    waiting = asyncio.create_task(world.newer(watch))
    await world.read_once.wait()
    world.read_once.clear()
    world.number = 2
    await world.read_once.wait()

    assert not waiting.done()
    world.shown = "3"
    world.number = 3
    found = await waiting
    assert found is not None
    assert found.number == 3


async def test_who_has_gone_is_not_waited_for() -> None:
    """Their place is free for others."""
    world = World(poll_s=SOON_S, gone=True)

    assert await world.newer(world.watch()) is None


async def test_an_end_answers_all_who_wait() -> None:
    """And nobody waits any more."""
    world = World()
    watch = world.watch()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        waiting = [group.create_task(world.newer(watch)) for _ in range(3)]
        await world.read_once.wait()
        watch.close()

    assert [task.result() for task in waiting] == [None, None, None]
    assert watch.has_room is False
    assert await world.newer(watch) is None


async def test_only_so_many_wait() -> None:
    """The next is told that there is no room; it has, when one has left."""
    world = World(most_waiting=1)
    watch = world.watch()
    waiting = asyncio.create_task(world.newer(watch))
    await world.read_once.wait()
    full = watch.has_room
    world.number = 2
    watch.tell("org")
    await waiting

    assert (full, watch.has_room) == (False, True)


async def test_many_who_wait_for_one_organization_share_what_is_read() -> None:
    """A change is looked at once for all of them."""
    world = World(wanted=50)
    watch = world.watch()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        waiting = [group.create_task(world.newer(watch)) for _ in range(world.wanted)]
        await world.read_once.wait()
        world.number = 2
        watch.tell("org")

    assert all(task.result() is not None for task in waiting)
    assert world.stamps == 1


async def test_a_read_that_fails_ends_the_waiting() -> None:
    """Whoever waits is told, and its place is free."""
    world = World()

    async def failing(_: str) -> int:
        raise ConnectionError

    watch = RulesWatch(failing, poll_s=SOON_S, most_waiting=1)
    with pytest.raises(ConnectionError):
        await world.newer(watch)

    assert watch.has_room
