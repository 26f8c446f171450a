"""After an erasure and after retention all proofs verify, and what is gone is gone everywhere."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from runtime import audit_verifier
from runtime.adapters.ed25519_signer import Ed25519Signer
from runtime.domain.audit_leaf import Leaf
from runtime.domain.audit_sealing import opened
from runtime.domain.errors import LeafUnreadableError
from runtime.domain.record import AuditRecord
from runtime.kit.json_value import JsonObject
from runtime.services.audit.epochs import introduced
from runtime.services.audit.exporting import AuditExports
from runtime.services.audit.heads import Heads, HeadsPace
from runtime.services.audit.holds import HoldWish
from runtime.services.audit.keeping import Keeping
from runtime.services.audit.opening import Readable, opened_leaves
from runtime.services.audit.sequencing import Sequencing, SequencingPace
from runtime.services.audit.shipping import Shipping, ShippingPace
from runtime.services.audit.subject_keys import period_of
from runtime.store.audit_log import NumberedLeaf, leaves_after
from runtime.store.audit_settings import put_audit_settings
from runtime.store.records import add_audit_records
from runtime.store.session import Database
from tests.audit_keys import ADA, EVE, KeysWorld, a_keys_world
from tests.audit_log import AT_ONCE, MemorySink

SEED: Final = "5e" * 32
OF_ADA: Final = "what Ada said"
SIXTY_DAYS: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Hold an organization's log with what numbers, signs and ships it."""

    world: KeysWorld
    sink: MemorySink
    folder: Path
    sequencing: Sequencing
    heads: Heads
    shipping: Shipping

    async def record(self, *subjects: str) -> None:
        """Let each have done something, and let all of it be logged, signed and shipped."""
        ids, organization = self.world.tenant.tenancy.ids, self.world.tenant.id
        records = [
            AuditRecord.of(
                {"said": OF_ADA if subject == ADA else "something else"},
                record_id=ids.new("aud"),
                principal_id=subject,
                kind="plan.executed",
                project_id=None,
            )
            for subject in subjects
        ]
        async with self.world.database.transaction(organization) as connection:
            await add_audit_records(
                connection,
                [(record, ids.now()) for record in records],
                organization_id=organization,
            )
        await self.logged()

    async def logged(self) -> None:
        """Number, sign and ship what is recorded."""
        while await self.world.rows("select 1 from audit_records limit 1"):
            await self.sequencing.look()
        while await self.heads.look():
            pass
        while await self.shipping.look():
            pass

    async def leaves(self) -> Sequence[NumberedLeaf]:
        """Return all leaves as they are stored."""
        organization = self.world.tenant.id
        async with self.world.database.transaction(organization, read_only=True) as connection:
            return await leaves_after(connection, -1, organization_id=organization, limit=100)

    async def export(self) -> list[JsonObject]:
        """Export the log, check it with the anchors of the sink as a stranger does, return it."""
        exports = AuditExports(
            database=self.world.database,
            ids=self.world.tenant.tenancy.ids,
            keys=self.world.another_process(),
        )
        parts = await exports.begin(self.world.tenant.owner)
        body = b"".join([part async for part in parts])
        anchors = self.folder / "anchors"
        anchors.mkdir(exist_ok=True)
        for number, anchor in enumerate(self.sink.named("anchors/")):
            (anchors / f"{number}.json").write_bytes(anchor)
        path = self.folder / "export.jsonl"
        path.write_bytes(body)
        assert audit_verifier.main([str(path), "--anchors", str(anchors)]) == 0
        await self.logged()
        return [json.loads(line) for line in body.splitlines()]


@pytest.fixture
async def kept(database: Database, tmp_path: Path) -> Kept:
    """Log what two subjects did, under a first head."""
    world = await a_keys_world(database)
    clock, sink = world.tenant.tenancy.clock, MemorySink(name="first")
    signer = await introduced(database, Ed25519Signer.of_text(SEED), clock)
    made = Kept(
        world=world,
        sink=sink,
        folder=tmp_path,
        sequencing=Sequencing(database, world.keys, clock, pace=SequencingPace(terms=AT_ONCE)),
        heads=Heads(database, signer, clock, pace=HeadsPace(terms=AT_ONCE)),
        shipping=Shipping(database, sink, clock, sinks=1, pace=ShippingPace()),
    )
    await made.record(ADA, EVE, ADA, EVE, EVE)
    return made


def of_ada(lines: list[JsonObject]) -> list[JsonObject]:
    """Return the lines of leaves of one subject."""
    return [line for line in lines if line.get("header", {}).get("principal") == ADA]


async def test_an_erased_subject_is_read_nowhere_and_every_proof_verifies(kept: Kept) -> None:
    """Not off the database, a copy in a sink or an export; of others all is there."""
    world, tenant = kept.world, kept.world.tenant
    before = await kept.export()
    ((old_key,),) = {(leaf.leaf.key_id,) for leaf in await kept.leaves() if of(leaf, ADA)}
    assert [line["document"] for line in of_ada(before)] == [{"said": OF_ADA}] * 2

    done = await world.erasures.erase(tenant.owner, ADA, confirm=ADA)
    await kept.record(EVE)
    after = await kept.export()

    assert done.document["keys"] == 1
    assert [(line["document"], line["salt"]) for line in of_ada(after)] == [(None, None)] * 2
    same = [{**line, "document": None, "salt": None} for line in of_ada(before)]
    assert of_ada(after) == same  # header, hash and payload are what they were
    said = [line["document"] for line in after if line.get("header", {}).get("principal") == EVE]
    assert said == [{"said": "something else"}] * 4
    read = await opened_leaves(world.another_process(), tenant.id, await kept.leaves())
    assert {item.readable for item in read if of(item.numbered, ADA)} == {Readable.ERASED}
    assert {item.readable for item in read if not of(item.numbered, ADA)} == {Readable.READABLE}
    await refused_by_every_key(kept, old_key)


async def refused_by_every_key(kept: Kept, old_key: str) -> None:
    """Try all keys that there are, new ones too, on what the sink and the database hold."""
    world = kept.world
    pairs = [(subject, period_of(world.tenant.tenancy.clock.now())) for subject in (ADA, EVE)]
    keys = await world.another_process().of(world.tenant.id, pairs)
    stored = [item.leaf for item in await kept.leaves() if of(item, ADA)]
    shipped = [
        json.loads(line) for body in kept.sink.named("leaves/") for line in body.splitlines()
    ]
    copies = {line["header"]["id"]: line["payload"] for line in shipped if "header" in line}
    assert {leaf.id: leaf.payload for leaf in stored}.items() <= copies.items()
    for leaf in stored:
        for key in keys.values():
            with pytest.raises(LeafUnreadableError):
                opened(leaf, key)
    assert await world.keys.with_ids(world.tenant.id, [old_key]) == {}
    assert OF_ADA.encode() not in b"".join(kept.sink.objects.values())
    rows = await world.rows("select * from audit_payload_keys")
    spelled = urlsafe_b64encode(OF_ADA.encode()).rstrip(b"=").decode()
    assert spelled not in str(rows) + str(await world.rows("select payload from audit_leaves"))


async def test_what_was_kept_for_long_enough_is_read_no_more_but_under_a_hold(kept: Kept) -> None:
    """And every proof verifies, too."""
    world, tenant = kept.world, kept.world.tenant
    async with world.database.transaction(tenant.id) as connection:
        await put_audit_settings(
            connection,
            tenant.id,
            strict=False,
            keep_days=1,
            changed_by=tenant.owner_id,
            now=tenant.tenancy.clock.now(),
        )
    await world.holds.place(tenant.owner, HoldWish(name="a case", reason="", subject=EVE))
    await kept.logged()
    tenant.tenancy.clock.advance(SIXTY_DAYS)
    keeping = Keeping(world.database, tenant.tenancy.clock, forget=world.keys.forget)

    assert await keeping.look() == 3  # Ada's, the operator's, the owner's
    await kept.record(EVE)
    lines = await kept.export()

    assert {line["document"] is None for line in of_ada(lines)} == {True}
    assert {
        line["header"]["principal"]
        for line in lines
        if "header" in line and line["document"] is not None
    } == {EVE, "platform"}


def of(item: NumberedLeaf, subject: str) -> bool:
    """Say whose leaf it is."""
    leaf: Leaf = item.leaf
    return leaf.principal_id == subject
