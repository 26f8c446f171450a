"""A majority grants, remembers the token, and gives back what it can't have."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from runtime.adapters.redis_leases.grantor import Granted, Refused, Renewed
from runtime.adapters.redis_leases.quorum import Quorum
from runtime.domain.errors import LeaseUnavailableError
from tests.servers.lease_world import until
from tests.unit.runtime.adapters.redis_leases.doubles import (
    BUSY,
    DOWN,
    HeardWords,
    ScriptedGrantor,
    a_grant,
    a_wish,
)

Answer = Granted | Refused | Exception


class World:
    """Hold a quorum of servers that say what a test prepared."""

    def __init__(self, *answers: Answer) -> None:
        """Prepare one answer to `enter` for each server."""
        self.nodes = [ScriptedGrantor(answer) for answer in answers]
        self.quorum = Quorum(tuple(self.nodes), random=Random(1))

    def renewing(self, *answers: Renewed | Exception | None) -> None:
        """Prepare one answer to `renew` for each server."""
        for node, answer in zip(self.nodes, answers, strict=True):
            node.renewing.append(answer)

    def advancing(self, *answers: int | Exception | None) -> None:
        """Prepare one answer to `advance` for each server."""
        for node, answer in zip(self.nodes, answers, strict=True):
            node.advancing.append(answer)

    def left(self) -> list[bool]:
        """Say of each server whether it was told to leave."""
        return [("leave", "one#1") in node.calls for node in self.nodes]


async def test_the_largest_token_of_a_majority_counts() -> None:
    """Those that gave a smaller one are made to remember it before it counts."""
    world = World(a_grant(5), a_grant(9, wanted=True), a_grant(7))
    world.advancing(9, 9, None)

    granted = await world.quorum.enter(a_wish())

    assert granted == a_grant(9, wanted=True)
    assert all(("advance", "one#1", "9", "0") in node.calls for node in world.nodes)


async def test_equal_tokens_need_no_second_round() -> None:
    """A majority remembers the number already."""
    world = World(a_grant(5), a_grant(5), BUSY)

    granted = await world.quorum.enter(a_wish())

    assert granted == a_grant(5)
    await until(lambda: world.left() == [False, False, True])
    assert not any(call[0] == "advance" for node in world.nodes for call in node.calls)


async def test_a_token_that_no_majority_remembers_does_not_count() -> None:
    """The tenure is given back everywhere that granted it."""
    world = World(a_grant(5), a_grant(9), BUSY)
    world.advancing(None, 9, None)

    refused = await world.quorum.enter(a_wish())

    assert isinstance(refused, Refused)
    await until(lambda: world.left() == [True, True, False])


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([a_grant(5), BUSY, BUSY], id="one grants"),
        pytest.param([a_grant(5), BUSY, DOWN], id="one grants, one is down"),
    ],
)
async def test_a_minority_is_given_back_and_others_are_waited_for(answers: list[Answer]) -> None:
    """The place in the queue of those that refused is kept."""
    world = World(*answers)

    refused = await world.quorum.enter(a_wish())

    assert refused == BUSY
    await until(lambda: world.left() == [True, False, False])


async def test_without_a_majority_of_answers_nothing_is_concluded() -> None:
    """Two of three are down: unavailable, and the one grant is given back."""
    world = World(a_grant(5), DOWN, DOWN)

    with pytest.raises(LeaseUnavailableError, match="2 of 3"):
        await world.quorum.enter(a_wish())

    await until(lambda: world.left() == [True, False, False])


async def test_a_slow_minority_is_not_waited_for() -> None:
    """Its late refusal ends its wait, its late grant is part of the tenure."""
    world = World(a_grant(5), a_grant(5), BUSY, a_grant(4), a_grant(5))
    for node in world.nodes[2:4]:
        node.slow = asyncio.Event()

    granted = await world.quorum.enter(a_wish())
    for node in world.nodes[2:4]:
        assert node.slow is not None
        node.slow.set()

    assert granted == a_grant(5)
    await until(lambda: world.left() == [False, False, True, False, False])


async def test_a_late_failure_is_no_noise() -> None:
    """A slow server that fails after the decision changes nothing."""
    world = World(a_grant(5), a_grant(5), DOWN)
    world.nodes[2].slow = asyncio.Event()

    granted = await world.quorum.enter(a_wish())
    world.nodes[2].slow.set()
    await world.quorum.close()

    assert granted == a_grant(5)
    assert [node.calls[-1] for node in world.nodes] == [("close",)] * 3


async def test_a_refusal_that_is_a_little_late_keeps_its_place() -> None:
    """A server that is slower than the majority is no reason to leave its queue."""
    world = World(*[BUSY] * 3)
    slow = world.nodes[2].slow = asyncio.Event()
    asyncio.get_running_loop().call_later(0.005, slow.set)

    refused = await world.quorum.enter(a_wish())
    await world.quorum.close()

    assert refused == BUSY
    assert world.left() == [False, False, False]


async def test_a_refusal_gives_the_slow_a_moment_and_then_takes_back() -> None:
    """What a server may still grant must not stay behind."""
    world = World(BUSY, BUSY, a_grant(5))
    world.nodes[2].slow = asyncio.Event()

    refused = await world.quorum.enter(a_wish())

    assert refused == BUSY
    await until(lambda: world.left() == [False, False, True])
    world.nodes[2].slow.set()


@pytest.mark.parametrize(
    ("answers", "renewed"),
    [
        pytest.param([Renewed(wanted=False)] * 3, Renewed(wanted=False), id="all"),
        pytest.param(
            [Renewed(wanted=True), DOWN, Renewed(wanted=False)], Renewed(wanted=True), id="two"
        ),
        pytest.param([None, None, Renewed(wanted=False)], None, id="two forgot"),
    ],
)
async def test_a_majority_renews(
    answers: list[Renewed | Exception | None], renewed: Renewed | None
) -> None:
    """One that wants it is enough to be wanted."""
    world = World(*[BUSY] * 3)
    world.renewing(*answers)

    assert await world.quorum.renew("k", "one#1") == renewed


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([None, DOWN, Renewed(wanted=False)], id="the one that is down decides"),
        pytest.param([Renewed(wanted=False), DOWN, DOWN], id="two are down"),
    ],
)
async def test_an_outage_does_not_end_a_tenure(answers: list[Renewed | Exception | None]) -> None:
    """The holder asks again until its time is over."""
    world = World(*[BUSY] * 3)
    world.renewing(*answers)

    with pytest.raises(LeaseUnavailableError):
        await world.quorum.renew("k", "one#1")


@pytest.mark.parametrize(
    ("token", "floor", "raised"),
    [
        pytest.param(7, 30, 31, id="below the floor"),
        pytest.param(40, 30, 40, id="above it already"),
    ],
)
async def test_a_majority_raises_the_token(token: int, floor: int, raised: int) -> None:
    """All are asked to remember the same number."""
    world = World(*[BUSY] * 3)
    world.advancing(raised, raised, None)

    assert await world.quorum.advance("k", "one#1", token=token, floor=floor) == raised
    assert ("advance", "one#1", str(raised), str(floor)) in world.nodes[0].calls


async def test_a_majority_that_forgot_raises_nothing() -> None:
    """The tenure is over."""
    world = World(*[BUSY] * 3)
    world.advancing(None, None, 31)

    assert await world.quorum.advance("k", "one#1", token=7, floor=30) is None


async def test_leaving_reaches_all_and_waits_for_no_outage() -> None:
    """A server that is down is left by its time to live."""
    world = World(*[BUSY] * 3)
    world.nodes[0].leaving.append(DOWN)

    await world.quorum.leave("k", "one#1")

    await until(lambda: world.left() == [True, True, True])


async def test_ready_needs_a_majority() -> None:
    """One may be down, two may not."""
    world = World(*[BUSY] * 3)
    world.quorum.start(HeardWords())
    world.nodes[0].leaving.extend([DOWN, DOWN])
    await world.quorum.ready()
    world.nodes[1].leaving.append(DOWN)

    with pytest.raises(LeaseUnavailableError, match="2 of 3"):
        await world.quorum.ready()


def test_pauses_are_random_grow_and_are_bounded() -> None:
    """Who was refused together does not come back together."""
    quorum = World(*[BUSY] * 3).quorum
    early = [quorum.pause_s(BUSY, 0) for _ in range(200)]
    late = [quorum.pause_s(BUSY, 20) for _ in range(200)]

    assert len(set(late)) > 100
    assert 0.001 <= min(early) <= max(early) <= 0.008
    assert 0.1 < max(late) <= 0.25
