"""A process keeps logs beside its other work: it numbers, signs and ships until it ends."""

from __future__ import annotations

import pytest

from runtime.bootstrap.audit_log import audit_log_kept, opened_signer
from runtime.domain.errors import AuditKeyRefusedError
from tests.audit_log import LogWorld, MemorySink, until

SEED = b"1".hex() * 32


async def test_a_record_is_in_the_sinks_without_anybody_asking(world: LogWorld) -> None:
    """Its leaf, and then the head that covers it."""
    organization = await world.organization()
    sinks = [MemorySink(name="memory://one"), MemorySink(name="memory://two")]
    signer = await opened_signer(world.database, SEED, world.clock)
    assert signer is not None
    assert signer.key_id == world.signer.key_id
    async with audit_log_kept(
        world.database, world.keys, signer=signer, sinks=sinks, clock=world.clock
    ):
        await world.record(organization, count=2)

        async def anchored() -> bool:
            asked = "select count(*) from events where type = 'audit.anchored'"
            return await world.asked(organization, asked) == [(1,)]

        await until(anchored, within_s=40.0)

    assert [len(sink.named("leaves/")) for sink in sinks] == [1, 1]
    assert len(await world.sound(organization)) == 2


async def test_without_a_signer_records_have_numbers_all_the_same(world: LogWorld) -> None:
    """They are signed once there is one."""
    organization = await world.organization()
    assert await opened_signer(world.database, None, world.clock) is None
    async with audit_log_kept(world.database, world.keys, signer=None, sinks=[], clock=world.clock):
        await world.record(organization)

        async def numbered() -> bool:
            return await world.asked(organization, "select count(*) from audit_leaves") == [(1,)]

        await until(numbered)
    assert await world.signed_heads(organization) == []
    await world.heads().look()
    assert await world.signed_heads(organization) == []


async def test_seeds_that_can_not_be_read_are_refused_by_the_name_of_their_setting(
    world: LogWorld,
) -> None:
    """Whoever starts the server knows what to mend, and nothing of them is repeated."""
    with pytest.raises(AuditKeyRefusedError, match=r"PLANGATE_AUDIT_KEYS.*seed 1") as refused:
        await opened_signer(world.database, "hunter2", world.clock)
    assert "hunter2" not in str(refused.value)
