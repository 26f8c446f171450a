"""Build what tests of keys of audit records need: a seal, keys of subjects, sealed records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import text

from runtime.adapters.aes_seal import AesSeal
from runtime.adapters.envelope_seal import EnvelopeSeal
from runtime.domain.audit_leaf import Leaf
from runtime.domain.audit_sealing import sealed
from runtime.domain.record import AuditRecord
from runtime.services.audit.erasures import Erasures
from runtime.services.audit.holds import Holds
from runtime.services.audit.subject_keys import SubjectKeys, period_of
from runtime.store.session import Database
from tests.tenants import Tenant, a_tenancy, a_tenant

SEALING_KEY: Final = b"s" * 32
TOKEN_KEY: Final = b"k" * 32
ADA: Final = "mem_01KDVDNA000000000000000000"
EVE: Final = "mem_01KDVDNA000000000000000001"
NOVEMBER: Final = datetime(2026, 11, 30, 9, tzinfo=UTC)


def a_seal(*keys: bytes) -> EnvelopeSeal:
    """Build a seal under these keys, by default one; older texts open under the token key."""
    return EnvelopeSeal(keys or (SEALING_KEY,), before=AesSeal([TOKEN_KEY]))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysWorld:
    """Hold an organization with its keys, and what destroys them."""

    tenant: Tenant
    keys: SubjectKeys
    holds: Holds
    erasures: Erasures

    @property
    def database(self) -> Database:
        """Return where all of it is."""
        return self.tenant.tenancy.database

    def another_process(self) -> SubjectKeys:
        """Build keys as another process has them, which is told nothing."""
        return SubjectKeys(self.database, a_seal(), self.tenant.tenancy.clock)

    async def leaf(self, subject: str = ADA, at: datetime = NOVEMBER) -> Leaf:
        """Seal a record of a subject as the log does."""
        record = AuditRecord.of(
            {"said": "something of a person"},
            record_id=self.tenant.tenancy.ids.new("aud"),
            principal_id=subject,
            kind="plan.executed",
            project_id=None,
        )
        pair = (subject, period_of(at))
        key = (await self.keys.of(self.tenant.id, [pair]))[pair]
        return sealed(record, key, organization_id=self.tenant.id, at=at)

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return rows of the organization as they are stored."""
        async with self.database.transaction(self.tenant.id, read_only=True) as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]


async def a_keys_world(database: Database) -> KeysWorld:
    """Make an organization with an owner, and nothing sealed yet."""
    tenancy = a_tenancy(database)
    tenant = await a_tenant(tenancy)
    keys = SubjectKeys(database, a_seal(), tenancy.clock)
    return KeysWorld(
        tenant=tenant,
        keys=keys,
        holds=Holds(database=database, ids=tenancy.ids),
        erasures=Erasures(database=database, ids=tenancy.ids, forget=keys.forget),
    )
