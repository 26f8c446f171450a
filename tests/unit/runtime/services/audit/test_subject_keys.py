"""Each subject has one key a month, however many ask at once, and never the same one again."""

from __future__ import annotations

import asyncio
from contextlib import _AsyncGeneratorContextManager  # what the one it overrides returns
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from runtime.domain.audit_sealing import opened
from runtime.domain.errors import AuditKeyBrokenError
from runtime.ports.seal import Seal
from runtime.services.audit.key_shelf import FRESH_S, KeyShelf
from runtime.services.audit.subject_keys import SubjectKeys, period_of
from runtime.store.audit_payload_keys import Destruction, WhyDestroyed, destroy_keys
from runtime.store.session import Database
from tests.audit_keys import ADA, EVE, NOVEMBER, KeysWorld, a_keys_world, a_seal
from tests.tenants import a_tenant

PAIR = (ADA, "2026-11")
PAIRS = [PAIR, (ADA, "2026-12"), (EVE, "2026-11")]


class CountingDatabase(Database):
    """Count the transactions that are opened."""

    transactions = 0

    @override
    def transaction(
        self, organization_id: str, *, read_only: bool = False
    ) -> _AsyncGeneratorContextManager[AsyncConnection]:
        self.transactions += 1
        return super().transaction(organization_id, read_only=read_only)


@dataclass(slots=True, kw_only=True)
class OddSeal:
    """Fail once as no seal should, then open as the whole one does."""

    whole: Seal
    odd: bool = True

    def sealed(self, text: str, *, bound_to: str) -> bytes:
        """Seal as the whole one does."""
        return self.whole.sealed(text, bound_to=bound_to)

    def opened(self, sealed: bytes, *, bound_to: str) -> str:
        """Open, but for the first time."""
        if self.odd:
            self.odd = False
            raise RuntimeError("odd")
        return self.whole.opened(sealed, bound_to=bound_to)


@dataclass(slots=True, kw_only=True)
class SwitchedSeal:
    """Be a seal whose key is gone, until it is mended."""

    whole: Seal
    broken: Seal
    mended: bool = False

    def sealed(self, text: str, *, bound_to: str) -> bytes:
        """Seal as the whole one does."""
        return self.whole.sealed(text, bound_to=bound_to)

    def opened(self, sealed: bytes, *, bound_to: str) -> str:
        """Open, or not."""
        return (self.whole if self.mended else self.broken).opened(sealed, bound_to=bound_to)


@pytest.fixture
async def world(database: Database) -> KeysWorld:
    """Make an organization without keys."""
    return await a_keys_world(database)


async def destroyed(world: KeysWorld, subject: str = ADA) -> int:
    """Destroy keys as another process does."""
    async with world.database.transaction(world.tenant.id) as connection:
        gone = await destroy_keys(
            connection,
            Destruction(why=WhyDestroyed.ERASED, subject=subject),
            organization_id=world.tenant.id,
            at=NOVEMBER,
        )
    return gone.keys


async def test_a_key_is_made_once_and_found_again(world: KeysWorld) -> None:
    """One for each subject and month; another process finds the same."""
    made = await world.keys.of(world.tenant.id, PAIRS)
    again = await world.keys.of(world.tenant.id, PAIRS)
    elsewhere = await world.another_process().of(world.tenant.id, PAIRS)

    assert made == again == elsewhere
    assert set(made) == set(PAIRS)
    assert len({key.id for key in made.values()}) == len({key.value for key in made.values()}) == 3


async def test_organizations_share_no_key(world: KeysWorld, database: Database) -> None:
    """Not of the same subject, and none sees another's by its id."""
    other = await a_tenant(world.tenant.tenancy, "Globex")
    ours, theirs = [(await world.keys.of(org, [PAIR]))[PAIR] for org in (world.tenant.id, other.id)]

    assert ours.value != theirs.value
    assert await world.keys.with_ids(other.id, [ours.id]) == {}
    assert await SubjectKeys(database, a_seal(), world.tenant.tenancy.clock).with_ids(
        other.id, [ours.id, theirs.id]
    ) == {theirs.id: theirs}


async def test_whoever_asks_at_once_gets_one_key(world: KeysWorld) -> None:
    """In one process and in several; each row is made once."""
    processes = [world.another_process() for _ in range(4)]
    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(process.of(world.tenant.id, PAIRS))
            for process in processes
            for _ in range(5)
        ]

    first, *others = (task.result() for task in asked)
    assert all(found == first for found in others)
    assert await world.rows("select count(*) from audit_payload_keys") == [(3,)]


async def test_many_who_wait_are_one_question(world: KeysWorld) -> None:
    """What is missing is asked for in one transaction, and what is not in none."""
    counting = CountingDatabase(engine=world.database.engine, direct=world.database.direct)
    keys = SubjectKeys(counting, a_seal(), world.tenant.tenancy.clock)
    async with asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(keys.of(world.tenant.id, PAIRS))
    await keys.of(world.tenant.id, PAIRS)

    assert counting.transactions == 1


async def test_who_gives_up_leaves_the_answer_to_others(world: KeysWorld) -> None:
    """A request that is cancelled does not cancel what another one waits for."""
    first = asyncio.create_task(world.keys.of(world.tenant.id, [PAIR]))
    second = asyncio.create_task(world.keys.of(world.tenant.id, [PAIR]))
    await asyncio.sleep(0)
    first.cancel()

    assert set(await second) == {PAIR}
    await world.keys.close()


async def test_a_destroyed_key_is_never_made_again(world: KeysWorld) -> None:
    """Whoever seals for the same subject and month gets another one."""
    leaf = await world.leaf()
    before = (await world.keys.with_ids(world.tenant.id, [leaf.key_id]))[leaf.key_id]
    assert opened(leaf, before) == {"said": "something of a person"}

    assert await destroyed(world) == 1
    world.keys.forget(world.tenant.id, ADA)
    after = (await world.keys.of(world.tenant.id, [PAIR]))[PAIR]

    assert after.id != before.id
    assert after.value != before.value
    assert await world.keys.with_ids(world.tenant.id, [before.id, after.id]) == {after.id: after}


async def test_another_process_uses_a_destroyed_key_for_no_more_than_half_a_minute(
    world: KeysWorld,
) -> None:
    """It is told nothing, and asks again by itself."""
    before = await world.keys.of(world.tenant.id, [PAIR])
    await destroyed(world)

    assert FRESH_S <= 30
    world.tenant.tenancy.clock.advance(timedelta(seconds=FRESH_S - 1))
    assert await world.keys.of(world.tenant.id, [PAIR]) == before
    world.tenant.tenancy.clock.advance(timedelta(seconds=1))
    assert await world.keys.of(world.tenant.id, [PAIR]) != before


async def test_who_keeps_no_key_never_seals_under_a_destroyed_one(world: KeysWorld) -> None:
    """As who numbers records does not: what it seals is there for good."""
    clock = world.tenant.tenancy.clock
    shelf = KeyShelf(monotonic_s=clock.monotonic_s, fresh_s=0)
    keys = SubjectKeys(world.database, a_seal(), clock, shelf=shelf)
    before = await keys.of(world.tenant.id, [PAIR])
    assert await keys.of(world.tenant.id, [PAIR]) == before
    await destroyed(world)

    assert await keys.of(world.tenant.id, [PAIR]) != before


async def test_what_is_forgotten_while_it_is_asked_for_is_not_kept(world: KeysWorld) -> None:
    """The answer may be older than the destruction."""
    await world.keys.of(world.tenant.id, [PAIR])
    world.keys.forget(world.tenant.id, None)
    asking = asyncio.create_task(world.keys.of(world.tenant.id, [PAIR]))
    await asyncio.sleep(0)
    world.keys.forget(world.tenant.id, ADA)
    old = await asking
    await destroyed(world)

    assert await world.keys.of(world.tenant.id, [PAIR]) != old


async def test_a_key_of_a_lost_server_key_is_told_and_not_replaced(world: KeysWorld) -> None:
    """A key that was copied to another row does not open there, either."""
    leaf = await world.leaf()
    lost = SubjectKeys(world.database, a_seal(b"x" * 32), world.tenant.tenancy.clock)

    with pytest.raises(AuditKeyBrokenError) as refused:
        await lost.of(world.tenant.id, [PAIR])
    with pytest.raises(AuditKeyBrokenError):
        await lost.with_ids(world.tenant.id, [leaf.key_id])
    assert leaf.key_id in str(refused.value)
    assert await world.rows("select count(*) from audit_payload_keys") == [(1,)]

    await world.keys.of(world.tenant.id, [(EVE, "2026-11")])
    async with world.database.transaction(world.tenant.id) as connection:
        await connection.execute(
            text(
                "update audit_payload_keys set wrapped = (select wrapped from audit_payload_keys"
                " where subject = :eve) where subject = :ada"
            ),
            {"eve": EVE, "ada": ADA},
        )
    with pytest.raises(AuditKeyBrokenError):
        await world.another_process().of(world.tenant.id, [PAIR])


async def test_a_failure_is_told_to_all_who_wait_and_not_remembered(world: KeysWorld) -> None:
    """Once the server has its key again, the next one who asks is answered."""
    made = await world.keys.of(world.tenant.id, [PAIR])
    seal = SwitchedSeal(whole=a_seal(), broken=a_seal(b"x" * 32))
    keys = SubjectKeys(world.database, seal, world.tenant.tenancy.clock)
    asking = [asyncio.create_task(keys.of(world.tenant.id, [PAIR])) for _ in range(3)]
    await asyncio.wait(asking)
    seal.mended = True

    assert {type(task.exception()) for task in asking} == {AuditKeyBrokenError}
    assert await keys.of(world.tenant.id, [PAIR]) == made


async def test_a_failure_that_nobody_foresaw_is_not_remembered_either(world: KeysWorld) -> None:
    """Or a subject's records could be sealed by this process no more until it is started anew."""
    made = await world.keys.of(world.tenant.id, [PAIR])
    keys = SubjectKeys(world.database, OddSeal(whole=a_seal()), world.tenant.tenancy.clock)
    with pytest.raises(RuntimeError, match="odd"):
        await keys.of(world.tenant.id, [PAIR])

    assert await keys.of(world.tenant.id, [PAIR]) == made


@pytest.mark.parametrize(
    ("instant", "period"),
    [
        pytest.param("2026-11-30T23:59:59+00:00", "2026-11", id="the last moment of a month"),
        pytest.param("2027-01-01T00:59:59+01:00", "2026-12", id="still last year in UTC"),
        pytest.param("2026-11-30T23:00:00-02:00", "2026-12", id="next month already in UTC"),
    ],
)
def test_a_period_is_a_month_in_utc(instant: str, period: str) -> None:
    """Wherever the record was written."""
    assert period_of(datetime.fromisoformat(instant)) == period
