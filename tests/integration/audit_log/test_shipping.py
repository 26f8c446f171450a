"""Leaves and signed heads reach every sink, each at its own pace, and nothing is left out."""

from __future__ import annotations

import asyncio
import random
from base64 import urlsafe_b64decode
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.audit_leaf import leaf_of_header
from runtime.domain.event_catalogue import EVENT_TYPES
from runtime.domain.merkle import Frontier
from runtime.domain.tree_head import signed_head_of
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.ports.audit_sink import Receipt, SinkError
from runtime.services.audit.heads import Heads
from runtime.services.audit.sequencing import Sequencing
from runtime.services.audit.shipping import Shipping
from runtime.store.audit_shipments import add_anchor, anchors_of
from tests.audit_log import LogWorld, MemorySink, until
from tests.database import FreshDatabase, session

_PROGRESS = "select shipped, anchored from audit_shipments where sink = 'memory://one'"


@pytest.fixture
def sink() -> MemorySink:
    """Give a sink."""
    return MemorySink(name="memory://one")


def lines(sink: MemorySink) -> list[JsonObject]:
    """Return the lines of all objects with leaves, as they were shipped."""
    return [parse(line) for body in sink.named("leaves/") for line in body.decode().splitlines()]


def anchors(sink: MemorySink, organization_id: str) -> list[JsonObject]:
    """Return the anchors of an organization, the smallest first."""
    return [parse(body) for body in sink.named(f"anchors/{organization_id}/")]


async def told(world: LogWorld, organization_id: str) -> list[JsonObject]:
    """Return what was told of anchored heads, which is what the catalogue says."""
    rows = await world.asked(
        organization_id, "select document from events where type = 'audit.anchored' order by id"
    )
    documents = [parse(str(row[0])) for row in rows]
    for document in documents:
        EVENT_TYPES["audit.anchored"].data.model_validate_json(str(rows[0][0]))
        assert document["organization"] == organization_id
    return documents


async def shipped(world: LogWorld, sink: MemorySink, **pace: Any) -> None:  # noqa: ANN401  # any part of it
    """Ship until there is no more, and give the sink back."""
    shipping = world.shipping(sink, **pace)
    while await shipping.look():
        pass
    shipping.end()
    await shipping.run()


async def test_one_object_carries_leaves_of_many_organizations(
    world: LogWorld, sink: MemorySink
) -> None:
    """Each line has its number, header and payload; the hash of the header is the leaf's."""
    organizations = [await world.organization() for _ in range(3)]
    for organization in organizations:
        await world.numbered(organization, count=4)

    await shipped(world, sink)

    assert len(sink.objects) == 1
    (name,) = sink.objects
    assert name.startswith(f"leaves/{world.clock.now():%Y/%m/%d}/lvs_")
    for organization in organizations:
        leaves = await world.leaves(organization)
        mine = [line for line in lines(sink) if line["organization"] == organization]
        assert [line["sequence"] for line in mine] == [0, 1, 2, 3]
        assert [leaf_of_header(line["header"]).hex() for line in mine] == [
            item.hash for item in leaves
        ]
        assert [line["payload"] for line in mine] == [item.leaf.payload for item in leaves]


@pytest.mark.parametrize(
    "pace",
    [
        pytest.param({"lines": 3}, id="few lines"),
        pytest.param({"leaves": 2}, id="few leaves of a log"),
        pytest.param({"organizations": 1}, id="one organization at a time"),
        pytest.param({"most_bytes": 2_000}, id="few bytes"),
        pytest.param({"most_bytes": 1}, id="one line at a time"),
        pytest.param({"leaves": 2, "lines": 3, "organizations": 2}, id="all of it"),
    ],
)
async def test_objects_are_bounded_and_nothing_is_left_out(
    world: LogWorld, sink: MemorySink, pace: dict[str, int]
) -> None:
    """Whatever the bounds, each leaf is in one object, in order."""
    organizations = [await world.organization() for _ in range(3)]
    for place, organization in enumerate(organizations):
        await world.numbered(organization, count=5 + place)

    await shipped(world, sink, **pace)

    for place, organization in enumerate(organizations):
        mine = [line["sequence"] for line in lines(sink) if line["organization"] == organization]
        assert mine == list(range(5 + place))
    for body in sink.objects.values():
        found = body.splitlines()
        assert len(found) <= pace.get("lines", 1_000)
        assert len(found) == 1 or len(body) <= pace.get("most_bytes", 4_000_000)


async def test_an_anchor_holds_a_head_and_the_hashes_since_the_one_before(
    world: LogWorld, sink: MemorySink
) -> None:
    """From anchors alone each root can be made again."""
    organization = await world.organization()
    for count in (2, 5, 300):
        await world.signed(organization, count=count)

    await shipped(world, sink)

    tree = Frontier()
    for document, size in zip(anchors(sink, organization), (2, 7, 307), strict=True):
        assert document["format"] == "plangate-audit-anchor/1"
        assert document["from"] == tree.size
        tree = tree.with_leaves(bytes.fromhex(item) for item in document["leaves"])
        signed = signed_head_of(document["head"])
        assert (signed.head.size, signed.head.root) == (size, tree.root().hex())
        assert len(urlsafe_b64decode(signed.signature + "==")) == 64
    assert f"anchors/{organization}/000000000307.json" in sink.objects
    async with world.database.transaction(organization, read_only=True) as connection:
        (receipt,) = await anchors_of(connection, organization, 7)
    assert receipt.name == f"anchors/{organization}/000000000007.json"
    assert await world.asked(organization, _PROGRESS) == [(307, 307)]


async def test_what_a_sink_has_is_not_shipped_again(world: LogWorld, sink: MemorySink) -> None:
    """A look without anything new puts nothing."""
    organization = await world.organization()
    await world.signed(organization)
    await shipped(world, sink)
    tries = sink.tries

    await shipped(world, sink)
    assert sink.tries == tries == 2

    await world.numbered(organization)
    await shipped(world, sink)
    assert [line["sequence"] for line in lines(sink)] == [0, 1]


async def test_a_head_in_two_sinks_is_told_of_once(world: LogWorld, sink: MemorySink) -> None:
    """One is not enough, and the third is no news."""
    organization = await world.organization()
    head = await world.signed(organization, count=3)

    await shipped(world, sink, sinks=3)
    assert await told(world, organization) == []
    for name in ("memory://two", "memory://three"):
        await shipped(world, MemorySink(name=name), sinks=3)

    assert await told(world, organization) == [{**head.document(), "sinks": 2}]


async def test_a_head_in_the_only_sink_is_told_of(world: LogWorld, sink: MemorySink) -> None:
    """The event says that it is one."""
    organization = await world.organization()
    head = await world.signed(organization)

    await shipped(world, sink, sinks=1)

    assert await told(world, organization) == [{**head.document(), "sinks": 1}]


async def test_two_sinks_that_get_a_head_at_once_tell_of_it_once(world: LogWorld) -> None:
    """They count one after the other."""
    organizations = [await world.organization() for _ in range(6)]
    for organization in organizations:
        await world.signed(organization)

    async with asyncio.TaskGroup() as group:
        for name in ("memory://one", "memory://two"):
            group.create_task(shipped(world, MemorySink(name=name)))

    for organization in organizations:
        assert len(await told(world, organization)) == 1


async def test_the_second_of_two_anchors_waits_to_be_counted(world: LogWorld) -> None:
    """It sees the first one, which is being stored, and knows that they are two."""
    organization = await world.organization()
    size = (await world.signed(organization)).head.size

    async def stored(connection: AsyncConnection, name: str) -> int:
        receipt = Receipt(sink=name, name="n", version="1", digest="d")
        now = world.clock.now()
        return await add_anchor(
            connection, receipt, organization_id=organization, size=size, now=now
        )

    async def second() -> int:
        async with world.database.transaction(organization) as connection:
            return await stored(connection, "memory://two")

    async with world.database.transaction(organization) as connection:
        assert await stored(connection, "memory://one") == 1
        waiting = asyncio.create_task(second())

        async def held_up() -> bool:
            asked = "select count(*) from pg_locks where not granted"
            return waiting.done() or await world.asked(organization, asked) == [(1,)]

        await until(held_up)
    assert await waiting == 2


async def test_an_anchor_that_was_put_before_a_crash_is_put_again_as_it_was(
    world: LogWorld, sink: MemorySink
) -> None:
    """What is known of it was lost, or was not written yet: nothing is told twice."""
    organization = await world.organization()
    await world.signed(organization, count=3)
    await shipped(world, sink, sinks=1)
    before = dict(sink.objects)
    async with world.database.transaction(organization) as connection:
        await connection.exec_driver_sql("update audit_shipments set anchored = 0")

    await shipped(world, sink, sinks=1)

    assert sink.objects == before
    assert sink.tries == 3
    assert len(await told(world, organization)) == 1
    assert await world.asked(organization, _PROGRESS) == [(3, 3)]


async def test_a_sink_that_is_down_stops_no_other_and_catches_up(
    world: LogWorld, sink: MemorySink
) -> None:
    """Numbering, signing and the other sink go on; what it missed is in the database."""
    organization = await world.organization()
    other = MemorySink(name="memory://two")
    sink.refusal = SinkError("down", sink=sink.name)
    keepers: list[Sequencing | Heads | Shipping] = [
        world.sequencing(),
        world.heads(),
        world.shipping(sink),
        world.shipping(other),
    ]
    tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]

    for _ in range(3):
        await world.record(organization, count=4)

    async def other_has_all() -> bool:
        found = anchors(other, organization)
        return sink.tries > 1 and bool(found) and found[-1]["head"]["size"] == 12

    await until(other_has_all)
    assert sink.objects == {}
    assert any(isinstance(error, SinkError) for error in world.watched.failures)

    sink.refusal = None

    async def sink_has_all() -> bool:
        return len(anchors(sink, organization)) == len(anchors(other, organization))

    await until(sink_has_all)
    for keeper in keepers:
        keeper.end()
    await asyncio.wait(tasks)
    assert [line["sequence"] for line in lines(sink)] == list(range(12))
    assert [item["head"]["size"] for item in await told_heads(world, organization)][-1] == 12


async def told_heads(world: LogWorld, organization_id: str) -> list[JsonObject]:
    """Return what was told of anchored heads, by size."""
    found = [{"head": item} for item in await told(world, organization_id)]
    return sorted(found, key=lambda item: item["head"]["size"])


async def test_a_sink_that_never_answers_is_given_up_on(world: LogWorld, sink: MemorySink) -> None:
    """It has its time for an object, and then it is a failure."""
    await world.numbered(await world.organization())
    sink.gate.clear()

    async with asyncio.timeout(10):
        with pytest.raises(SinkError, match=r"did not take an object within 0\.01 s"):
            await world.shipping(sink, put_s=0.01).look()


async def test_one_process_at_a_time_ships_to_a_sink(world: LogWorld, sink: MemorySink) -> None:
    """Another one gets its turn when the first one ends, or its time is over."""
    organization = await world.organization()
    await world.numbered(organization)
    first, second = world.shipping(sink), world.shipping(sink, held_s=0.0)
    await first.look()
    await world.numbered(organization)

    await second.look()
    assert [line["sequence"] for line in lines(sink)] == [0]

    first.end()
    await first.run()
    await second.look()
    assert [line["sequence"] for line in lines(sink)] == [0, 1]
    await world.numbered(organization)
    await world.shipping(sink).look()
    assert [line["sequence"] for line in lines(sink)] == [0, 1, 2]


async def test_a_name_that_is_taken_stops_one_log_only(world: LogWorld, sink: MemorySink) -> None:
    """Another head of that size is there already: somebody wrote another history."""
    forked, other = await world.organization(), await world.organization()
    for organization in (forked, other):
        await world.signed(organization)
    sink.taken = f"anchors/{forked}/"

    await world.shipping(sink).look()

    assert len(anchors(sink, other)) == 1
    assert set(world.watched.broken_logs) == {forked}
    assert "taken by another body" in world.watched.broken_logs[forked]


async def test_an_anchor_that_no_sink_takes_keeps_no_other_log_waiting(
    world: LogWorld, sink: MemorySink
) -> None:
    """It is tried again when all others had their turn."""
    first, second = sorted([await world.organization(), await world.organization()])
    for organization in (first, second):
        await world.signed(organization)
    sink.refused = f"anchors/{first}/"
    shipping = world.shipping(sink)

    for _ in range(3):
        with suppress(SinkError):
            await shipping.look()

    assert (len(anchors(sink, first)), len(anchors(sink, second))) == (0, 1)


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param("delete from audit_heads", id="heads"),
        pytest.param("delete from audit_leaves; update audit_turns set headed = 0", id="leaves"),
    ],
)
async def test_what_is_gone_from_a_log_is_not_waited_for(
    world: LogWorld, sink: MemorySink, database: FreshDatabase, harm: str
) -> None:
    """Who looked for it without a pause would do nothing else, in each process."""
    await world.signed(await world.organization())
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")
        await superuser.execute(harm)

    shipping = world.shipping(sink)
    await shipping.look()

    assert not await shipping.look()


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_fails_in_between_the_sink_has_everything_in_the_end(
    world: LogWorld, sink: MemorySink, seed: int
) -> None:
    """A leaf may be there twice, and is the same then."""
    chance = random.Random(seed)
    organizations = [await world.organization() for _ in range(2)]
    for _ in range(12):
        await world.signed(chance.choice(organizations), count=chance.randint(1, 5))
        sink.refusal = SinkError("down", sink=sink.name) if chance.random() < 0.5 else None
        try:
            await world.shipping(sink, held_s=0.0, lines=3, leaves=2).look()
        except SinkError:
            continue
    sink.refusal = None
    await shipped(world, sink, held_s=0.0)

    for organization in organizations:
        found = {
            line["sequence"]: leaf_of_header(line["header"]).hex()
            for line in lines(sink)
            if line["organization"] == organization
        }
        leaves = await world.leaves(organization)
        assert found == {item.sequence: item.hash for item in leaves}
        heads = await world.signed_heads(organization)
        assert [item["head"]["size"] for item in anchors(sink, organization)] == [
            item.head.size for item in heads
        ]
