"""One Redis grants, queues, hands over and forgets as the scripts say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from random import Random

import pytest
from redis.asyncio import Redis

from runtime.adapters.redis_leases.grantor import Baton, Granted, Refused, Renewed
from runtime.adapters.redis_leases.node import Node
from runtime.adapters.redis_leases.scripts import names
from runtime.adapters.redis_leases.timing import Timing
from runtime.domain.errors import LeaseUnavailableError
from tests.servers.stoppable_redis import StoppableRedis
from tests.unit.runtime.adapters.redis_leases.doubles import (
    HeardWords,
    a_grant,
    a_wish,
    talking_redis,
)

TIMING = Timing(ttl_s=6.0)


class World:
    """Open nodes, each for an instance of its own, on one server."""

    def __init__(self, server: StoppableRedis, stack: AsyncExitStack) -> None:
        """Take the server and what closes the nodes."""
        self.client = Redis.from_url(server.url)
        self._server = server
        self._stack = stack

    def node(self, instance: str, *, ordered: bool = True, timing: Timing = TIMING) -> Node:
        """Return a node that nobody can wake yet."""
        node = Node(
            self._server.url, instance=instance, timing=timing, random=Random(1), ordered=ordered
        )
        self._stack.push_async_callback(node.close)
        return node

    async def listening(self, instance: str, *, ordered: bool = True) -> tuple[Node, HeardWords]:
        """Return a node that can be woken, and what it hears."""
        node, heard = self.node(instance, ordered=ordered), HeardWords()
        node.start(heard)
        assert (await heard.next())[0] == "line"
        return node, heard


@pytest.fixture
async def world(server: StoppableRedis) -> AsyncIterator[World]:
    """Start with an empty server."""
    async with AsyncExitStack() as stack:
        world = World(server, stack)
        await world.client.flushall()
        yield world
        await world.client.aclose()


async def _refused(node: Node, owner: str) -> Refused:
    answer = await node.enter(a_wish(owner))
    assert isinstance(answer, Refused)
    return answer


async def test_the_first_is_granted_the_others_queue_in_order(world: World) -> None:
    """A refusal names the holder, the place and the end; asking again keeps the place."""
    node = world.node("one")
    granted = await node.enter(a_wish("one#1"))
    first, second = await _refused(node, "two#1"), await _refused(node, "three#1")
    again = await _refused(node, "two#1")

    assert granted == a_grant(1)
    assert {first.holder, second.holder} == {"one#1"}
    assert (first.place, second.place, again.place) == (1, 2, 1)
    assert 5 < first.ends_in_s <= 6
    assert first.ticket != "0"


async def test_who_does_not_queue_leaves_no_trace(world: World) -> None:
    """The place is the one that there would be."""
    node = world.node("one")
    await node.enter(a_wish("one#1"))
    await _refused(node, "two#1")

    answer = await node.enter(a_wish("three#1", queue=False))

    assert isinstance(answer, Refused)
    assert (answer.place, answer.ticket) == (2, "0")
    assert await world.client.zcard(names("k")[2]) == 1


async def test_all_but_the_last_token_ends_by_itself(world: World) -> None:
    """A key that nobody uses any more costs Redis one small number."""
    node = world.node("one")
    await node.enter(a_wish("one#1"))
    await _refused(node, "two#1")

    holder, fence, queue, alive = [await world.client.pttl(name) for name in names("k")]

    assert 5000 < holder <= 6000
    assert fence == -1
    assert 10_000 < queue <= 12_000
    assert 10_000 < alive <= 12_000


async def test_a_wish_is_told_to_the_holder_once(world: World) -> None:
    """The first that waits is news; the others are not."""
    node, heard = await world.listening("one")
    await node.enter(a_wish("one#1"))

    for owner in ("two#1", "three#1", "two#1"):
        await _refused(node, owner)

    assert await heard.next() == ("wish", "one#1", None)
    assert heard.words.empty()


async def test_leaving_hands_over_with_a_larger_token(world: World) -> None:
    """The next is told its token, whether others wait, and its ticket, and has a short time."""
    one = world.node("one")
    two, heard = await world.listening("two")
    await one.enter(a_wish("one#1"))
    refused = await _refused(two, "two#1")
    await _refused(one, "three#1")

    await one.leave("k", "one#1")

    baton = Baton(granted=a_grant(2, wanted=True), ticket=refused.ticket)
    assert await heard.next() == ("turn", "two#1", baton)
    assert await world.client.get(names("k")[0]) == b"two#1"
    assert 0 < await world.client.pttl(names("k")[0]) <= 2000
    assert await two.renew("k", "two#1") == Renewed(wanted=True)
    assert await world.client.pttl(names("k")[0]) > 2000


async def test_a_hand_over_within_a_process_is_one_request(world: World) -> None:
    """Ending one tenure and beginning the next is a step; the token grows."""
    node = world.node("one")
    await node.enter(a_wish("one#1"))

    granted = await node.enter(a_wish("one#2", previous="one#1", floor=41))

    assert granted == a_grant(42)
    assert await node.renew("k", "one#1") is None


async def test_a_process_that_waits_comes_before_the_next_local_one(world: World) -> None:
    """The request that ends the tenure takes the last place."""
    one = world.node("one")
    two, heard = await world.listening("two")
    await one.enter(a_wish("one#1"))
    await _refused(two, "two#1")

    refused = await one.enter(a_wish("one#2", previous="one#1"))

    assert isinstance(refused, Refused)
    assert (refused.holder, refused.place) == ("two#1", 1)
    assert (await heard.next())[:2] == ("turn", "two#1")


async def test_who_does_not_listen_is_passed_over_but_keeps_its_place(world: World) -> None:
    """Its line may be back before its turn comes again."""
    deaf = world.node("deaf")
    two, heard = await world.listening("two")
    await two.enter(a_wish("one#1"))
    await _refused(deaf, "deaf#1")
    await _refused(two, "two#1")

    await two.leave("k", "one#1")

    assert (await heard.next())[:2] == ("turn", "two#1")
    assert (await _refused(deaf, "deaf#1")).place == 1


async def test_a_waiter_that_was_silent_for_too_long_is_forgotten(world: World) -> None:
    """The queue does not grow by those who died."""
    short = world.node("short", timing=Timing(ttl_s=0.1))
    node, heard = await world.listening("two")
    await node.enter(a_wish("one#1"))
    await _refused(short, "two#9")
    await _refused(node, "two#1")
    await asyncio.sleep(0.15)

    await node.leave("k", "one#1")

    assert (await heard.next())[:2] == ("turn", "two#1")
    assert await world.client.zcard(names("k")[2]) == 0


async def test_a_free_key_goes_to_the_first_that_can_hear(world: World) -> None:
    """The holder died; whoever asks next does not overtake who waits."""
    two, heard = await world.listening("two")
    await two.enter(a_wish("one#1"))
    await _refused(two, "two#1")
    await world.client.delete(names("k")[0])

    refused = await _refused(two, "three#1")

    assert refused.holder == "two#1"
    assert (await heard.next())[:2] == ("turn", "two#1")


async def test_a_free_key_goes_to_who_asks_if_nobody_before_can_hear(world: World) -> None:
    """Those before are told nothing and keep their places."""
    node = world.node("one")
    await node.enter(a_wish("one#1"))
    await _refused(node, "deaf#1")
    await world.client.delete(names("k")[0])

    assert await node.enter(a_wish("three#1")) == a_grant(2, wanted=True)


async def test_only_the_owner_renews_advances_and_ends(world: World) -> None:
    """Others change nothing; who leaves the queue is forgotten there."""
    node = world.node("one")
    await node.enter(a_wish("one#1"))
    await _refused(node, "two#1")

    strangers = (
        await node.renew("k", "two#1"),
        await node.advance("k", "two#1", token=1, floor=50),
    )
    await node.leave("k", "two#1")

    assert strangers == (None, None)
    assert await node.renew("k", "one#1") == Renewed(wanted=False)
    assert await node.advance("k", "one#1", token=1, floor=0) == 1


@pytest.mark.parametrize(
    ("token", "floor", "raised"),
    [
        pytest.param(1, 0, 1, id="above already"),
        pytest.param(1, 1, 2, id="at the floor"),
        pytest.param(1, 10**15, 10**15 + 1, id="large numbers stay exact"),
        pytest.param(30, 5, 30, id="the counter was lost, the tenure was not"),
    ],
)
async def test_advance_raises_no_more_than_needed(
    world: World, token: int, floor: int, raised: int
) -> None:
    """The next tenure's token is one more."""
    node = world.node("one")
    await node.enter(a_wish("one#1"))

    assert await node.advance("k", "one#1", token=token, floor=floor) == raised
    assert await node.enter(a_wish("one#2", previous="one#1")) == a_grant(raised + 1)


async def test_a_vote_hands_nothing_over_but_says_when_to_ask(world: World) -> None:
    """The key is free for whoever gets a majority."""
    node, heard = await world.listening("two", ordered=False)
    await node.enter(a_wish("one#1"))
    await _refused(node, "two#1")

    await node.leave("k", "one#1")

    assert await heard.next() == ("turn", "two#1", None)
    assert await world.client.exists(names("k")[0]) == 0
    assert await node.enter(a_wish("three#1")) == a_grant(2, wanted=True)


async def test_a_vote_lets_another_process_ask_first(world: World) -> None:
    """A local hand-over yields to a process that waits and listens, and to no other."""
    node, heard = await world.listening("two", ordered=False)
    await node.enter(a_wish("one#1"))
    alone = await node.enter(a_wish("one#2", previous="one#1"))
    await _refused(node, "two#1")

    yielded = await node.enter(a_wish("one#3", previous="one#2"))

    assert isinstance(alone, Granted)
    assert isinstance(yielded, Refused)
    assert await heard.next() == ("turn", "two#1", None)
    assert await world.client.exists(names("k")[0]) == 0


async def test_ready_needs_a_server_that_writes_and_wakes(
    world: World, server: StoppableRedis
) -> None:
    """A vote does without wake-ups; nobody does without the server."""
    ordered, _ = await world.listening("one")
    vote, deaf = world.node("two", ordered=False), world.node("three")

    await ordered.ready()
    await vote.ready()
    with pytest.raises(LeaseUnavailableError, match="can't wake us: no channel is open"):
        await deaf.ready()
    server.stop()
    with pytest.raises(LeaseUnavailableError, match="failed"):
        await vote.ready()


async def test_a_key_of_another_kind_is_an_outage(world: World) -> None:
    """Whoever wrote it, no lease is given on it."""
    await world.client.set(names("k")[2], "not a queue")

    with pytest.raises(LeaseUnavailableError, match="WRONGTYPE"):
        await world.node("one").enter(a_wish())


async def test_an_answer_that_no_script_gives_is_an_outage() -> None:
    """Something else listens at that address."""
    async with talking_redis(lambda words: b"+PONG\r\n") as url:
        node = Node(url, instance="one", timing=TIMING, random=Random(1))
        for question in (
            node.enter(a_wish()),
            node.renew("k", "one#1"),
            node.advance("k", "one#1", token=1, floor=1),
        ):
            with pytest.raises(LeaseUnavailableError, match="which a lease never says"):
                await question
        await node.close()


def test_a_pause_ends_with_the_holder_or_when_the_place_needs_renewal() -> None:
    """A lost wake-up costs no more than that."""
    node = Node("redis://127.0.0.1:1", instance="one", timing=TIMING, random=Random(1))

    pauses = [
        node.pause_s(Refused(holder="two#1", ends_in_s=ends_in_s, place=1), 0)
        for ends_in_s in (0.0, 1.0, 6.0)
    ]

    assert pauses == [pytest.approx(0.002), pytest.approx(1.002), pytest.approx(2.0)]
