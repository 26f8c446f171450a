"""Logs are signed in time, by the newest key, and only where they go on from what was signed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from asyncpg.pool import PoolConnectionProxy
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from typing_extensions import override

from runtime.adapters.ed25519_signer import Ed25519Signer
from runtime.domain.errors import AuditKeyRefusedError
from runtime.domain.merkle import Frontier, verify_consistency
from runtime.domain.tree_head import SignedHead
from runtime.kit.clock import FixedClock, SystemClock
from runtime.services.audit.epochs import introduced
from runtime.store.audit_key_epochs import key_epochs
from runtime.store.audit_waiting import HeadTerms
from runtime.store.session import Database
from tests.audit_log import LogWorld
from tests.database import FreshDatabase, session
from tests.integration.audit_log.proving import decoded, proof_between

FIRST, SECOND, THIRD, FOURTH = (Ed25519Signer(letter * 32) for letter in (b"1", b"2", b"3", b"4"))


def right(signed: SignedHead, signer: Ed25519Signer) -> bool:
    """Say whether a signature is right; a wrong one raises."""
    key = Ed25519PublicKey.from_public_bytes(signer.public_key)
    key.verify(decoded(signed.signature), signed.head.signed_bytes())
    return signed.key_id == signer.key_id


async def test_a_log_that_is_longer_gets_a_head(world: LogWorld) -> None:
    """Size and root are the log's, and the signature is right."""
    organization = await world.organization()

    heads = [await world.signed(organization, count=count) for count in (3, 300)]

    hashes = [item.leaf.hash() for item in await world.leaves(organization)]
    for signed, size in zip(heads, (3, 303), strict=True):
        assert signed.head.size == size
        assert signed.head.root == Frontier().with_leaves(hashes[:size]).root().hex()
        assert signed.head.organization_id == organization
        assert right(signed, FIRST)
    assert await world.heads().look() == 0


async def test_heads_go_on_one_from_another(world: LogWorld) -> None:
    """What is stored proves it for every two of them."""
    organization = await world.organization()
    heads = [(await world.signed(organization, count=count)).head for count in (1, 6, 250, 260, 3)]

    for first, second in pairwise(heads):
        assert verify_consistency(
            first.size,
            second.size,
            first_root=bytes.fromhex(first.root),
            second_root=bytes.fromhex(second.root),
            proof=await proof_between(world, organization, first.size, second.size),
        )
        assert first.at <= second.at


@pytest.mark.parametrize(
    ("count", "made"), [pytest.param(9, 0, id="few"), pytest.param(10, 1, id="enough")]
)
async def test_a_head_is_due_once_enough_leaves_are_new(
    world: LogWorld, count: int, made: int
) -> None:
    """Fewer wait for their time; leaves that are signed already do not count."""
    organization = await world.organization()
    await world.signed(organization, count=20)
    await world.record(organization, count=count)
    await world.sequencing(terms=HeadTerms(within_s=600.0, every=10)).look()

    assert await world.heads().look() == made


async def test_a_head_is_due_after_a_while_counted_from_the_first_new_leaf(
    world: LogWorld,
) -> None:
    """Leaves that follow do not put it off."""
    organization = await world.organization()
    for within_s in (600.0, 900.0):
        await world.record(organization)
        await world.sequencing(terms=HeadTerms(within_s=within_s, every=10)).look()

    ((waits,),) = await world.asked(
        organization, "select head_due_at - now() < interval '600 seconds' from audit_turns"
    )
    assert waits is True


async def test_the_time_of_heads_never_goes_back(world: LogWorld) -> None:
    """A process whose clock is late signs with the instant of the head before."""
    organization = await world.organization()
    before = await world.signed(organization)
    await world.numbered(organization)
    late = FixedClock(before.head.at - timedelta(hours=1))

    assert await world.heads(clock=late).look() == 1

    assert [item.head.at for item in await world.signed_heads(organization)] == [
        before.head.at,
        before.head.at,
    ]


async def test_many_who_sign_make_one_head(world: LogWorld) -> None:
    """Of a size there is one."""
    organization = await world.organization()
    await world.numbered(organization, count=5)

    async with asyncio.TaskGroup() as group:
        looks = [group.create_task(world.heads().look()) for _ in range(4)]

    assert sum(look.result() for look in looks) == 1
    assert len(await world.signed_heads(organization)) == 1
    assert world.watched.failures == []


async def test_a_rewritten_log_is_not_signed(world: LogWorld, database: FreshDatabase) -> None:
    """Somebody with all rights over the database changed a leaf under a head, and it is told of."""
    organization, other = await world.organization(), await world.organization()
    await world.signed(organization, count=5)
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")
        await superuser.execute(
            "update audit_leaves set hash = repeat('00', 32) where sequence = 4"
        )
    await world.numbered(organization)
    await world.numbered(other)

    assert await world.heads().look() == 1

    assert set(world.watched.broken_logs) == {organization}
    assert len(await world.signed_heads(organization)) == 1
    assert len(await world.signed_heads(other)) == 1
    world.watched.broken_logs.clear()
    assert await world.heads().look() == 0
    assert world.watched.broken_logs == {}, "it is looked at again later"


async def test_a_log_that_was_set_back_is_not_signed(
    world: LogWorld, database: FreshDatabase
) -> None:
    """It has fewer leaves than were signed, or as many others."""
    organization = await world.organization()
    await world.signed(organization, count=3)
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")
        await superuser.execute("delete from audit_leaves")
        await superuser.execute("delete from audit_trees")
    await world.numbered(organization, count=2)

    assert await world.heads().look() == 0
    assert "2 leaves, and 3 were signed" in world.watched.broken_logs[organization]

    await world.numbered(organization, count=1)
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute("update audit_turns set head_due_at = now()")
    assert await world.heads().look() == 0
    assert "others than those" in world.watched.broken_logs[organization]


@pytest.mark.parametrize("begun", [0, 5])
async def test_a_long_log_is_signed_in_several_steps(world: LogWorld, begun: int) -> None:
    """A sink takes no anchor of however many leaves; the log as it is now begins with each head."""
    organization = await world.organization()
    if begun:
        await world.signed(organization, count=begun)
    await world.numbered(organization, count=700)
    heads = world.heads(leaves=300)

    while await heads.look():
        pass

    hashes = [item.leaf.hash() for item in await world.leaves(organization)]
    made = [signed.head for signed in await world.signed_heads(organization)]
    assert [head.size - begun for head in made if head.size > begun] == [300, 600, 700]
    for head in made:
        assert head.root == Frontier().with_leaves(hashes[: head.size]).root().hex()


async def test_no_step_is_signed_of_a_log_with_other_hashes(
    world: LogWorld, database: FreshDatabase
) -> None:
    """What is stored of leaves has to make the root that the log has."""
    organization = await world.organization()
    await world.numbered(organization, count=700)
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")
        await superuser.execute("update audit_tiles set hash = repeat('00', 32) where index = 0")

    assert await world.heads(leaves=300).look() == 0
    assert "others than those of its root" in world.watched.broken_logs[organization]


async def test_a_key_that_was_succeeded_signs_no_more(world: LogWorld) -> None:
    """Its process has to start anew; one with the new key signs meanwhile."""
    organization = await world.organization()
    await world.signed(organization)
    newer = await introduced(world.database, [SECOND, FIRST], SystemClock())
    await world.numbered(organization)

    assert await world.heads(signer=FIRST).look() == 0
    assert isinstance(world.watched.failures.pop(), AuditKeyRefusedError)
    assert await world.heads(signer=newer).look() == 1

    assert right((await world.signed_heads(organization))[-1], SECOND)


async def test_a_key_that_nobody_introduced_signs_nothing(world: LogWorld) -> None:
    """A thief's own key is none of the log's."""
    organization = await world.organization()
    await world.numbered(organization)

    assert await world.heads(signer=THIRD).look() == 0
    assert await world.signed_heads(organization) == []


async def test_each_key_endorses_the_next(world: LogWorld) -> None:
    """Several that are new are introduced one after another, and each signature is right."""
    await introduced(world.database, [THIRD, SECOND, FIRST], SystemClock())

    first, second, third = await key_epochs(world.database)
    assert first.key_id == FIRST.key_id
    assert (first.endorsed_by, first.endorsement) == (None, None)
    for epoch, before, signer in ((second, FIRST, SECOND), (third, SECOND, THIRD)):
        assert epoch.key_id == signer.key_id
        assert epoch.endorsed_by == before.key_id
        key = Ed25519PublicKey.from_public_bytes(before.public_key)
        key.verify(decoded(epoch.endorsement or ""), epoch.endorsed_bytes())
        assert decoded(epoch.public_key) == signer.public_key


async def test_keys_that_are_known_are_introduced_once(world: LogWorld) -> None:
    """A process that starts again changes nothing, nor do many that start at once."""
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(introduced(world.database, [SECOND, FIRST], SystemClock()))

    assert await introduced(world.database, [SECOND], SystemClock()) is SECOND
    assert [epoch.key_id for epoch in await key_epochs(world.database)] == [
        FIRST.key_id,
        SECOND.key_id,
    ]


@pytest.mark.parametrize(
    ("signers", "says"),
    [
        pytest.param([THIRD], "is not among them", id="a stranger"),
        pytest.param([THIRD, FIRST], "is not among them", id="without the one between"),
        pytest.param([FIRST], "is not among them", id="an old one alone"),
        pytest.param([FIRST, SECOND], "give all processes the same", id="the wrong order"),
    ],
)
async def test_keys_that_do_not_go_on_from_the_last_are_refused(
    world: LogWorld, signers: list[Ed25519Signer], says: str
) -> None:
    """The message names the key that signed last, and nothing is stored."""
    await introduced(world.database, [SECOND, FIRST], SystemClock())

    with pytest.raises(AuditKeyRefusedError, match=says) as refused:
        await introduced(world.database, signers, SystemClock())

    assert SECOND.key_id in str(refused.value)
    assert [epoch.key_id for epoch in await key_epochs(world.database)] == [
        FIRST.key_id,
        SECOND.key_id,
    ]


async def test_two_servers_can_not_go_on_with_different_keys(world: LogWorld) -> None:
    """Whoever is quicker has the key endorsed, and the other one is refused."""
    async with asyncio.TaskGroup() as group:
        starts = [
            group.create_task(_or_refusal(world.database, [newest, FIRST]))
            for newest in (SECOND, THIRD)
        ]

    assert sorted(start.result() is None for start in starts) == [False, True]
    assert len(await key_epochs(world.database)) == 2


class LateDatabase(Database):
    """Let somebody else introduce a key before the second call."""

    calls = 0

    @override
    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PoolConnectionProxy[Any]]:
        self.calls += 1
        if self.calls == 2:
            whole = Database(engine=self.engine, direct=self.direct)
            await introduced(whole, [SECOND, FIRST], SystemClock())
        async with super().connection() as connection:
            yield connection


async def test_who_was_too_late_with_one_key_leaves_none_that_follows_it(world: LogWorld) -> None:
    """A key behind one that nobody endorsed could never be introduced again."""
    late = LateDatabase(engine=world.database.engine, direct=world.database.direct)
    with pytest.raises(AuditKeyRefusedError, match="give all processes the same"):
        await introduced(late, [FOURTH, THIRD, FIRST], SystemClock())

    assert await introduced(world.database, [FOURTH, SECOND], SystemClock()) is FOURTH


async def _or_refusal(
    database: Database, signers: list[Ed25519Signer]
) -> AuditKeyRefusedError | None:
    try:
        await introduced(database, signers, SystemClock())
    except AuditKeyRefusedError as error:
        return error
    return None
