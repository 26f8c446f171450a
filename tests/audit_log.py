"""Build what tests of audit logs need: organizations that record, who numbers, signs and keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from sqlalchemy import text
from typing_extensions import override

from runtime.adapters.ed25519_signer import Ed25519Signer
from runtime.domain.audit_sealing import opened
from runtime.domain.merkle import Frontier
from runtime.domain.record import AuditRecord
from runtime.domain.tree_head import SignedHead
from runtime.kit.canonical_json import digest_bytes
from runtime.kit.clock import Clock, SystemClock
from runtime.ports.audit_sink import CopyLostError, Listed, Receipt, SinkError, SinkObject
from runtime.ports.head_signer import HeadSigner
from runtime.services.audit.epochs import introduced
from runtime.services.audit.heads import Heads, HeadsPace
from runtime.services.audit.measures import UnmeasuredAuditLog
from runtime.services.audit.sequencing import Keys, Sequencing, SequencingPace
from runtime.services.audit.shipping import Shipping, ShippingPace
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.services.context import Ids
from runtime.store.audit_heads import heads_after
from runtime.store.audit_log import NumberedLeaf, leaves_after
from runtime.store.audit_waiting import HeadTerms
from runtime.store.records import add_audit_records
from runtime.store.session import Database
from tests.audit_keys import a_seal

AT_ONCE: Final = HeadTerms(within_s=0.0, every=1_000)
ADA: Final = "mem_01KDVDNA000000000000000000"
_MAKE: Final = "insert into organizations (id, name, created_at) values (:id, 'Acme', now())"
_SAME_TIME: Final = (
    "insert into audit_records "
    "(organization_id, id, project_id, principal_id, kind, document, digest, created_at) "
    "values ($1, $2, null, $3, 'plan.executed', $4, 'd', now())"
)


class WatchedLog(UnmeasuredAuditLog):
    """Remember what went wrong."""

    def __init__(self) -> None:
        self.failures: list[BaseException] = []
        self.broken_logs: dict[str, str] = {}

    @override
    def failed(self, what: str, error: BaseException) -> None:
        """Remember what could not be done."""
        assert what
        self.failures.append(error)

    @override
    def broken(self, organization_id: str, *, reason: str) -> None:
        """Remember a log that is broken."""
        self.broken_logs[organization_id] = reason


@dataclass(slots=True, kw_only=True)
class MemorySink:
    """Keep copies in memory; refuse while told to.

    Attributes:
        refusal: what `put` raises instead.
        taken: names that begin so are taken by other bodies.
        refused: names that begin so are not taken, each time anew.
        gate: `put` waits for it.
    """

    name: str
    immutable: bool = True
    listable: bool = False
    objects: dict[str, bytes] = field(default_factory=dict)
    refusal: Exception | None = None
    taken: str = ""
    refused: str = ""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    tries: int = 0

    def __post_init__(self) -> None:
        """Let everything pass."""
        self.gate.set()

    async def put(self, obj: SinkObject) -> Receipt:
        """Keep a copy, unless told otherwise."""
        self.tries += 1
        await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal
        if self.taken and obj.name.startswith(self.taken):
            raise CopyLostError("the name is taken by another body", sink=self.name)
        if self.refused and obj.name.startswith(self.refused):
            raise SinkError("it is too large", sink=self.name)
        self.objects[obj.name] = obj.body
        return Receipt(sink=self.name, name=obj.name, version="1", digest=digest_bytes(obj.body))

    async def read(self, receipt: Receipt) -> bytes:
        """Return a copy."""
        return self.objects[receipt.name]

    def list(self, *, prefix: str, after: str) -> AsyncIterator[Listed]:
        """Refuse: nobody asks."""
        raise SinkError(f"{prefix}{after} is not listed", sink=self.name)

    async def hold(self, receipt: Receipt, *, held: bool) -> None:
        """Refuse: nobody asks."""
        raise SinkError(f"{receipt.name} is not held: {held}", sink=self.name)

    async def ready(self) -> None:
        """Be ready."""

    async def close(self) -> None:
        """Release nothing."""

    def named(self, prefix: str) -> Sequence[bytes]:
        """Return copies whose names begin so, in the order in which they were put."""
        return [body for name, body in self.objects.items() if name.startswith(prefix)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWorld:
    """Hold a database in which organizations record."""

    database: Database
    keys: SubjectKeys
    signer: HeadSigner
    clock: Clock = field(default_factory=SystemClock)
    watched: WatchedLog = field(default_factory=WatchedLog)

    @property
    def ids(self) -> Ids:
        """Return what makes ids."""
        return Ids(self.clock)

    async def organization(self) -> str:
        """Make an organization."""
        made = self.ids.new("org")
        async with self.database.transaction(made) as connection:
            await connection.execute(text(_MAKE), {"id": made})
        return made

    async def record(
        self,
        organization_id: str,
        *,
        count: int = 1,
        kind: str = "plan.executed",
        principal_id: str = ADA,
        project_id: str | None = None,
        padding: str = "",
    ) -> list[str]:
        """Write records in one transaction, and return their ids in the order of writing."""
        records = [
            AuditRecord.of(
                {"place": place, "said": padding},
                record_id=self.ids.new("aud"),
                principal_id=principal_id,
                kind=kind,
                project_id=project_id,
            )
            for place in range(count)
        ]
        now = self.clock.now()
        async with self.database.transaction(organization_id) as connection:
            await add_audit_records(
                connection, [(record, now) for record in records], organization_id=organization_id
            )
        return [record.id for record in records]

    def sequencing(self, *, keys: Keys | None = None, **pace: Any) -> Sequencing:  # noqa: ANN401  # any part of it
        """Build who numbers; a log is due to be signed at once."""
        wanted = {"terms": AT_ONCE, "every_s": 0.01, **pace}
        return Sequencing(
            self.database,
            keys or self.keys,
            self.clock,
            pace=SequencingPace(**wanted),
            measures=self.watched,
        )

    def heads(
        self,
        *,
        signer: HeadSigner | None = None,
        clock: Clock | None = None,
        leaves: int = 100_000,
    ) -> Heads:
        """Build who signs."""
        return Heads(
            self.database,
            signer or self.signer,
            clock or self.clock,
            pace=HeadsPace(every_s=0.01, leaves=leaves, terms=AT_ONCE),
            measures=self.watched,
        )

    def shipping(self, sink: MemorySink, *, sinks: int = 2, **pace: Any) -> Shipping:  # noqa: ANN401  # any part of it
        """Build who ships to a sink."""
        wanted = {"every_s": 0.01, "cap_s": 0.02, **pace}
        return Shipping(
            self.database,
            sink,
            self.clock,
            sinks=sinks,
            pace=ShippingPace(**wanted),
            measures=self.watched,
        )

    async def numbered(self, organization_id: str, *, count: int = 1) -> list[str]:
        """Write records and number them, and return their ids."""
        ids = await self.record(organization_id, count=count)
        while await self.sequencing().look():
            pass
        return ids

    async def signed(self, organization_id: str, *, count: int = 1) -> SignedHead:
        """Write records, number them and sign the log; return the newest head."""
        await self.numbered(organization_id, count=count)
        await self.heads().look()
        return (await self.signed_heads(organization_id))[-1]

    async def signed_heads(self, organization_id: str) -> Sequence[SignedHead]:
        """Return the signed heads of a log."""
        async with self.database.transaction(organization_id, read_only=True) as connection:
            return await heads_after(connection, organization_id, 0, limit=10_000)

    async def leaves(self, organization_id: str) -> Sequence[NumberedLeaf]:
        """Return the leaves of a log."""
        async with self.database.transaction(organization_id, read_only=True) as connection:
            return await leaves_after(
                connection, -1, organization_id=organization_id, limit=100_000
            )

    async def asked(self, organization_id: str, statement: str) -> list[tuple[object, ...]]:
        """Return rows as an organization sees them."""
        async with self.database.transaction(organization_id, read_only=True) as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    async def sound(self, organization_id: str) -> list[str]:
        """Return the ids of a log's records in order, once everything about it is as it must be.

        Numbers have no gap, hashes are those of the headers, documents open, tree and tiles are
        those of the leaves.
        """
        leaves = await self.leaves(organization_id)
        assert [item.sequence for item in leaves] == list(range(len(leaves)))
        hashes = [item.leaf.hash() for item in leaves]
        assert [item.hash for item in leaves] == [item.hex() for item in hashes]
        keys = await self.keys.with_ids(organization_id, {item.leaf.key_id for item in leaves})
        assert all("place" in opened(item.leaf, keys[item.leaf.key_id]) for item in leaves)
        trees = await self.asked(organization_id, "select size, frontier from audit_trees")
        whole = Frontier().with_leaves(hashes)
        if leaves:
            assert trees == [(len(leaves), [item.hex() for item in whole.hashes])]
        for level, index, top in await self.asked(
            organization_id, "select level, index, hash from audit_tiles"
        ):
            width = 1 << int(str(level))
            first = int(str(index)) * width
            assert Frontier().with_leaves(hashes[first : first + width]).root().hex() == top
        counted = await self.asked(organization_id, "select count(*) from audit_tiles")
        assert counted == [(len(leaves) // 256 + len(leaves) // 65_536,)]
        return [item.leaf.id for item in leaves]


class OpenTransaction:
    """Be a transaction that writes records and stays open until told otherwise."""

    def __init__(
        self, connection: asyncpg.Connection[asyncpg.Record], organization_id: str
    ) -> None:
        self._connection = connection
        self._organization_id = organization_id
        self._transaction = connection.transaction()
        self.ids: list[str] = []

    async def begin(self) -> None:
        """Open it; it has no place among others until it writes."""
        await self._transaction.start()
        setting = "select set_config('app.organization_id', $1, true)"
        await self._connection.execute(setting, self._organization_id)

    async def write(self, record_id: str) -> None:
        """Write a record."""
        place = f'{{"place":{len(self.ids)}}}'
        await self._connection.execute(_SAME_TIME, self._organization_id, record_id, ADA, place)
        self.ids.append(record_id)

    async def end(self, *, commit: bool) -> None:
        """Commit, or take everything back."""
        await (self._transaction.commit() if commit else self._transaction.rollback())


@asynccontextmanager
async def open_transaction(app_url: str, organization_id: str) -> AsyncIterator[OpenTransaction]:
    """Open a transaction on a connection of its own."""
    connection = await asyncpg.connect(app_url)
    try:
        opened_one = OpenTransaction(connection, organization_id)
        await opened_one.begin()
        yield opened_one
    finally:
        await connection.close()


async def a_log_world(database: Database) -> LogWorld:
    """Make a world whose first key signs."""
    clock = SystemClock()
    signer = await introduced(database, [Ed25519Signer(b"1" * 32)], clock)
    return LogWorld(
        database=database, keys=SubjectKeys(database, a_seal(), clock), signer=signer, clock=clock
    )


async def until(condition: Callable[[], Awaitable[bool]], *, within_s: float = 20.0) -> None:
    """Return as soon as a condition holds, and fail if it does not in time."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110  # what others write sets no event here
            await asyncio.sleep(0.01)
