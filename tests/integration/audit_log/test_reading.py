"""Leaves are found by what they say, in a stable order, and proven to be where they stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from runtime.domain.errors import AuditLogBrokenError
from runtime.domain.merkle import Frontier, verify_consistency, verify_inclusion
from runtime.store.audit_heads import head_of_size, latest_head
from runtime.store.audit_log import LeafFilter, leaf_of_record, leaves_after, log_size
from tests.audit_log import LogWorld, MemorySink
from tests.database import FreshDatabase, session
from tests.integration.audit_log.proving import proof_between, proof_of

PROJECT = "prj_01KDVDNA000000000000000000"
EVE = "mem_01KDVDNA000000000000000001"


async def test_each_leaf_is_proven_in_each_tree_that_has_it(world: LogWorld) -> None:
    """Around tiles, too, and nothing else is proven by it."""
    organization = await world.organization()
    await world.numbered(organization, count=521)
    hashes = [item.leaf.hash() for item in await world.leaves(organization)]

    for size in (1, 2, 255, 256, 257, 511, 512, 521):
        root = Frontier().with_leaves(hashes[:size]).root()
        for index in sorted({0, 1, size // 2, 255, 256, size - 1}):
            if index < size:
                proof = await proof_of(world, organization, index, size)
                assert verify_inclusion(
                    hashes[index], index=index, size=size, proof=proof, root=root
                )
                assert (
                    not verify_inclusion(
                        hashes[index - 1], index=index, size=size, proof=proof, root=root
                    )
                    or size == 1
                )


async def test_each_size_is_proven_to_go_on(world: LogWorld) -> None:
    """From the empty log on, around tiles."""
    organization = await world.organization()
    await world.numbered(organization, count=513)
    hashes = [item.leaf.hash() for item in await world.leaves(organization)]
    sizes = (0, 1, 3, 255, 256, 257, 512, 513)

    for first in sizes:
        for second in (size for size in sizes if size >= first):
            first_root, second_root = (
                Frontier().with_leaves(hashes[:size]).root() for size in (first, second)
            )
            assert verify_consistency(
                first,
                second,
                first_root=first_root,
                second_root=second_root,
                proof=await proof_between(world, organization, first, second),
            )


async def test_a_proof_past_the_end_is_refused(world: LogWorld) -> None:
    """There are no hashes to make it of."""
    organization = await world.organization()
    await world.numbered(organization, count=3)

    with pytest.raises(AuditLogBrokenError, match="hashes of leaves from 2 on are missing"):
        await proof_of(world, organization, 0, 4)
    with pytest.raises(ValueError, match="no leaf 3"):
        await proof_of(world, organization, 3, 3)


async def test_leaves_are_filtered_and_paged_by_their_numbers(world: LogWorld) -> None:
    """Each filter alone, and together; a page goes on behind the number before."""
    organization = await world.organization()
    a = await world.record(organization, count=2, kind="token.created")
    b = await world.record(organization, count=2, project_id=PROJECT)
    c = await world.record(organization, count=2, principal_id=EVE, project_id=PROJECT)
    await world.sequencing().look()

    async def ids(wanted: LeafFilter, *, after: int = -1, limit: int = 10) -> list[str]:
        async with world.database.transaction(organization, read_only=True) as connection:
            found = await leaves_after(
                connection, after, organization_id=organization, limit=limit, wanted=wanted
            )
        return [item.leaf.id for item in found]

    assert await ids(LeafFilter()) == [*a, *b, *c]
    assert await ids(LeafFilter(kind="token.created")) == a
    assert await ids(LeafFilter(project_id=PROJECT)) == [*b, *c]
    assert await ids(LeafFilter(principal_id=EVE)) == c
    assert await ids(LeafFilter(principal_id=EVE, kind="token.created")) == []
    assert await ids(LeafFilter(), limit=2) == a
    assert await ids(LeafFilter(), after=1, limit=2) == b


@pytest.mark.parametrize("headed", [True, False])
async def test_leaves_of_a_span_of_time_are_found(world: LogWorld, *, headed: bool) -> None:
    """Heads that are older help to find where it begins, and hide nothing."""
    organization = await world.organization()
    make: Callable[..., object] = world.signed if headed else world.numbered
    for _ in range(3):
        await make(organization)  # type: ignore[misc]  # both are coroutines
    instants = [item.leaf.at for item in await world.leaves(organization)]

    async def found(wanted: LeafFilter) -> list[int]:
        async with world.database.transaction(organization, read_only=True) as connection:
            rows = await leaves_after(
                connection, -1, organization_id=organization, limit=9, wanted=wanted
            )
        return [row.sequence for row in rows]

    assert await found(LeafFilter(since=instants[1])) == [1, 2]
    assert await found(LeafFilter(until=instants[1])) == [0]
    assert await found(LeafFilter(since=instants[1], until=instants[2])) == [1]
    assert await found(LeafFilter(since=instants[2] + timedelta(hours=1))) == []


async def test_a_record_is_found_by_its_id_once_it_has_its_number(world: LogWorld) -> None:
    """Before it, it waits."""
    organization = await world.organization()
    (record,) = await world.record(organization)

    async with world.database.transaction(organization, read_only=True) as connection:
        assert await leaf_of_record(connection, record, organization_id=organization) is None
        assert await log_size(connection, organization) == 0
    await world.sequencing().look()
    async with world.database.transaction(organization, read_only=True) as connection:
        found = await leaf_of_record(connection, record, organization_id=organization)
        assert await log_size(connection, organization) == 1
    assert found is not None
    assert (found.sequence, found.leaf.id, found.hash) == (0, record, found.leaf.hash().hex())


async def test_heads_are_found_by_their_size(world: LogWorld) -> None:
    """The newest is the largest."""
    organization = await world.organization()
    heads = [await world.signed(organization, count=count) for count in (2, 3)]

    async with world.database.transaction(organization, read_only=True) as connection:
        assert await latest_head(connection, organization) == heads[1]
        assert await head_of_size(connection, organization, 2) == heads[0]
        assert await head_of_size(connection, organization, 3) is None


_TABLES = ("audit_leaves", "audit_tiles", "audit_heads", "audit_anchors", "audit_key_epochs")


@pytest.mark.parametrize("table", _TABLES)
@pytest.mark.parametrize("role", ["app_url", "owner_url"])
async def test_nobody_changes_a_log(
    world: LogWorld, database: FreshDatabase, role: str, table: str
) -> None:
    """Neither who serves requests nor who owns the tables."""
    organization = await world.organization()
    await world.signed(organization, count=257)
    await anchor(world, organization, size=257)
    key = "begins_at" if table == "audit_key_epochs" else "hash"
    column = {"audit_heads": "root", "audit_anchors": "name"}.get(table, key)
    async with session(getattr(database, role)) as other:
        await other.execute("select set_config('app.organization_id', $1, false)", organization)
        counted = f"select count(*) from {table}"  # noqa: S608  # names of our own
        assert await other.fetchval(counted) > 0
        for statement in (
            f"update {table} set {column} = {column}",  # noqa: S608  # names of our own
            f"delete from {table}",  # noqa: S608  # names of our own
            f"truncate {table} cascade",
        ):
            with pytest.raises(Exception, match=r"only ever added|permission denied"):
                await other.execute(statement)
        assert await other.fetchval(counted) > 0


@pytest.mark.parametrize("role", ["app_url", "owner_url"])
@pytest.mark.parametrize(
    ("statement", "says"),
    [
        pytest.param("delete from audit_records", "leave when the log has them", id="unnumbered"),
        pytest.param("update audit_records set kind = 'x'", "added|denied", id="a record"),
        pytest.param("truncate audit_records", "added|denied", id="all records"),
        pytest.param("update audit_trees set size = size - 1", "only grows", id="a shorter log"),
        pytest.param("update audit_trees set size = size", "only grows", id="the same log"),
        pytest.param("delete from audit_trees", "only grows|denied", id="no log"),
        pytest.param("truncate audit_trees", "added|denied", id="no logs"),
    ],
)
async def test_a_record_is_in_the_waiting_room_until_the_log_has_it(
    world: LogWorld, database: FreshDatabase, role: str, statement: str, says: str
) -> None:
    """And a log never gets shorter, whoever asks."""
    organization = await world.organization()
    await world.numbered(organization)
    await world.record(organization)
    async with session(getattr(database, role)) as other:
        await other.execute("select set_config('app.organization_id', $1, false)", organization)
        with pytest.raises(Exception, match=says):
            await other.execute(statement)


async def test_another_organization_sees_nothing(world: LogWorld, database: FreshDatabase) -> None:
    """Not a leaf, a hash, a head or an anchor, and it can write none either."""
    organization, other = await world.organization(), await world.organization()
    await world.signed(organization, count=257)
    await anchor(world, organization, size=257)

    for table in ("audit_leaves", "audit_tiles", "audit_heads", "audit_anchors", "audit_trees"):
        seen = f"select count(*) from {table}"  # noqa: S608  # names of our own
        assert await world.asked(other, seen) == [(0,)]
    async with world.database.transaction(other, read_only=True) as connection:
        assert await leaves_after(connection, -1, organization_id=organization, limit=9) == []
    async with session(database.app_url) as foreign:
        await foreign.execute("select set_config('app.organization_id', $1, false)", other)
        with pytest.raises(Exception, match="row-level security"):
            await foreign.execute(
                "insert into audit_leaves "
                "select $1, 9, 'a', 'k', 'p', null, now(), 'k', '', '', ''",
                organization,
            )


async def anchor(world: LogWorld, organization_id: str, *, size: int) -> None:
    """Ship everything to a sink."""
    await world.shipping(MemorySink(name="memory://one")).look()
    anchors = await world.asked(organization_id, "select size from audit_anchors")
    assert anchors == [(size,)]
