"""An erasure destroys every key of a subject, unless a hold keeps them; it is a record itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from runtime.domain.audit_sealing import opened, salt
from runtime.domain.errors import (
    LeafUnreadableError,
    NotAllowedError,
    NotConfirmedError,
    NotFoundError,
    WrongTimeError,
)
from runtime.domain.merkle import Frontier, inclusion_needs, inclusion_proof, verify_inclusion
from runtime.services.audit.holds import HoldWish
from runtime.store.session import Database
from tests.audit_keys import ADA, EVE, NOVEMBER, KeysWorld, a_keys_world
from tests.tenants import a_person, a_project, a_tenant, keyed


@pytest.fixture
async def world(database: Database) -> KeysWorld:
    """Make an organization without keys."""
    return await a_keys_world(database)


async def erased(world: KeysWorld, subject: str = ADA) -> int:
    """Let the owner erase a subject, and return how many keys are gone."""
    done = await world.erasures.erase(world.tenant.owner, subject, confirm=subject)
    return int(done.document["keys"])


async def test_what_was_sealed_can_not_be_opened_while_all_proofs_still_verify(
    world: KeysWorld,
) -> None:
    """Leaves stay as they are; of others all can be read."""
    leaves = [
        await world.leaf(subject, NOVEMBER + timedelta(days=days))
        for subject, days in ((ADA, 0), (EVE, 0), (ADA, 1), (EVE, 40))
    ]
    size, hashes = len(leaves), [leaf.hash() for leaf in leaves]
    root = Frontier().with_leaves(hashes).root()
    held = (await world.another_process().of(world.tenant.id, [(ADA, "2026-11")]))[ADA, "2026-11"]
    shown_before = salt(held, leaves[0].id).hex()

    assert await erased(world) == 2

    left = await world.keys.with_ids(world.tenant.id, {leaf.key_id for leaf in leaves})
    for number, leaf in enumerate(leaves):
        needs = inclusion_needs(number, size)
        parts = {
            part: Frontier()
            .with_leaves(hashes[part.index << part.level : (part.index + 1) << part.level])
            .root()
            for part in needs
        }
        proof = inclusion_proof(number, size, parts)
        assert verify_inclusion(leaf.hash(), index=number, size=size, proof=proof, root=root)
        assert (leaf.key_id in left) == (leaf.principal_id == EVE)
        if leaf.key_id in left:
            assert opened(leaf, left[leaf.key_id]) == {"said": "something of a person"}
    new = (await world.keys.of(world.tenant.id, [(ADA, "2026-11")]))[ADA, "2026-11"]
    with pytest.raises(LeafUnreadableError):
        opened(replace(leaves[0], key_id=new.id), new)
    assert salt(new, leaves[0].id).hex() != shown_before


async def test_nothing_of_a_destroyed_key_is_stored(world: KeysWorld) -> None:
    """Its row says when and why, and the record says how many and of whom."""
    await world.leaf()
    ((key_id, wrapped),) = await world.rows("select id, wrapped from audit_payload_keys")

    assert await erased(world) == 1

    now = world.tenant.tenancy.clock.now()
    assert await world.rows(
        "select id, wrapped, destroyed_at, destroyed_why from audit_payload_keys"
    ) == [(key_id, None, now, "erased")]
    ((principal, document),) = await world.rows(
        "select principal_id, document::json from audit_records where kind = 'audit.subject_erased'"
    )
    credential = world.tenant.owner.caller.credential_id
    assert principal == world.tenant.owner_id
    assert document == {"credential": credential, "keys": 1, "subject": ADA}
    assert wrapped is not None


async def test_who_was_erased_can_be_erased_again(world: KeysWorld) -> None:
    """Records that were made since have keys of their own."""
    await world.leaf()
    assert await erased(world) == 1
    assert await erased(world) == 0
    await world.leaf()
    assert await erased(world) == 1
    assert await world.rows("select count(*) from audit_payload_keys") == [(2,)]


@pytest.mark.parametrize("subject", [None, ADA])
async def test_a_hold_refuses_and_says_which_it_is(world: KeysWorld, subject: str | None) -> None:
    """Of the subject or of the organization; once it is released the erasure is done."""
    await world.leaf()
    wish = HoldWish(name="Kiln ./. Sons", reason="", subject=subject)
    placed = (await world.holds.place(world.tenant.owner, wish)).document

    with pytest.raises(WrongTimeError, match=r"Kiln ./. Sons"):
        await erased(world)
    assert await world.rows("select destroyed_at from audit_payload_keys") == [(None,)]
    await world.holds.release(world.tenant.owner, placed["id"])
    assert await erased(world) == 1


async def test_a_hold_of_somebody_else_is_in_nobodys_way(world: KeysWorld) -> None:
    """Nor one of another organization."""
    other = await a_tenant(world.tenant.tenancy, "Globex")
    await world.leaf()
    await world.holds.place(world.tenant.owner, HoldWish(name="x", reason="", subject=EVE))
    await world.holds.place(other.owner, HoldWish(name="x", reason=""))

    assert await erased(world) == 1


async def test_a_subject_whose_record_waits_for_the_log_is_erased_after_it(
    world: KeysWorld,
) -> None:
    """It would be sealed under a new key, and could be read."""
    await world.leaf(world.tenant.owner_id)
    await a_project(world.tenant)

    with pytest.raises(WrongTimeError, match="on its way into the log"):
        await erased(world, world.tenant.owner_id)
    assert await world.rows("select destroyed_at from audit_payload_keys") == [(None,)]


async def test_an_erasure_is_an_owners_and_is_confirmed(world: KeysWorld) -> None:
    """Nobody else's keys are touched, whatever is asked for."""
    await world.leaf()
    owner = world.tenant.owner
    other = await a_tenant(world.tenant.tenancy, "Globex")
    person = await a_person(world.tenant, "pat")
    unscoped = replace(owner, caller=replace(owner.caller, scopes=frozenset()))

    for refused in (person, unscoped):
        with pytest.raises(NotAllowedError):
            await world.erasures.erase(refused, ADA, confirm=ADA)
    with pytest.raises(NotConfirmedError):
        await world.erasures.erase(owner, ADA, confirm=EVE)
    for asked, subject in ((other.owner, ADA), (owner, EVE), (owner, "Ada Lovelace"), (owner, "")):
        with pytest.raises(NotFoundError):
            await world.erasures.erase(asked, subject, confirm=subject)
    assert await world.rows("select destroyed_at from audit_payload_keys") == [(None,)]


async def test_a_request_that_is_repeated_erases_once(world: KeysWorld) -> None:
    """And is answered as before, although there are new keys."""
    await world.leaf()
    asked = keyed(world.tenant.owner)

    first = await world.erasures.erase(asked, ADA, confirm=ADA)
    await world.leaf()
    second = await world.erasures.erase(asked, ADA, confirm=ADA)

    assert second.replayed
    assert first.document == second.document == {"subject": ADA, "keys": 1}
    live = "select count(*) from audit_payload_keys where destroyed_at is null"
    assert await world.rows(live) == [(1,)]


async def test_an_archived_organization_is_restored_first(world: KeysWorld) -> None:
    """As for every other change."""
    await world.leaf()
    await world.tenant.tenancy.organizations.archive(world.tenant.owner, world.tenant.id)

    with pytest.raises(WrongTimeError, match="archived"):
        await erased(world)


async def test_an_erasure_that_fails_after_all_destroys_nothing(world: KeysWorld) -> None:
    """An owner who is one no more is found out last, and the keys are there still."""
    await world.leaf()
    async with world.database.transaction(world.tenant.id) as connection:
        await connection.execute(text("update members set organization_role = 'member'"))

    with pytest.raises(NotAllowedError):
        await erased(world)
    assert await world.rows("select destroyed_at from audit_payload_keys") == [(None,)]
