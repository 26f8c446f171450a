"""An export holds all of one organization as of one instant, and proves that nothing is missing."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

import orjson
import pytest
from sqlalchemy import text

from runtime.domain.errors import (
    ExportsBusyError,
    NotAllowedError,
    NotFoundError,
    StorageUnavailableError,
)
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.parts import PART_BYTES
from runtime.services.tenancy.exports import AT_ONCE, LONGEST, Exports
from runtime.store.session import Database
from tests.tenants import (
    Tenant,
    a_context,
    a_member,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    an_offer,
    kinds_of,
    rows_in,
)

NOT_EXPORTED: Final = {
    "idempotency_keys": "answers kept for a day, to repeat them; what they did is exported",
    "alembic_version": "no tenant's",
    "conversations": "each is its member's alone, who reads it by the API",
    "facts": "each is its member's alone, who reads it by the API",
    "turns": "each is its member's alone, who reads it by the API",
    "listed_organizations": "the id alone, which the export has everywhere",
    "job_leases": "until when workers live; what they did stands in the jobs",
    "event_outbox": "which events are new, as the events say themselves",
    "webhook_lanes": "who sends to which endpoint; what came of it stands in the attempts",
    "outbox": "which jobs wait, as the jobs say themselves",
    "approval_deadlines": "when requests for approval end, as those say themselves",
    "audit_key_epochs": "no tenant's; an export of the log has them",
    "audit_listings": "no tenant's: how far objects of sinks were read",
    "audit_outbox": "which records wait, as the records say themselves",
    "audit_reconciliations": "how far the log was compared with its copies",
    "audit_shipments": "how much of the log sinks have; anchors and copies are exported",
    "audit_shippers": "no tenant's: who ships to a sink",
    "audit_turns": "how long the log is, as its tree says",
    "secret_rotations": "no tenant's",
    "schedule_alarms": "when schedules come due, as the schedules say themselves",
}


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make an organization with something in every table but outcomes."""
    tenant = await a_tenant(a_tenancy(database))
    project = await a_project(tenant)
    await a_person(tenant, "ada", project=project)
    await tenant.tenancy.invitations.create(tenant.owner, offer=an_offer())
    return tenant


async def exported(tenant: Tenant, asked: Context | None = None) -> list[bytes]:
    """Return the lines of an export."""
    parts = await tenant.tenancy.exports.begin(asked or tenant.owner, tenant.id)
    whole = b"".join([part async for part in parts])
    return whole.splitlines(keepends=True)


def rows_of(lines: list[bytes]) -> list[JsonObject]:
    """Return what stands between the first line and the last."""
    return [orjson.loads(line) for line in lines[1:-1]]


async def test_the_first_line_names_the_format_and_the_last_one_proves_the_rest(
    tenant: Tenant,
) -> None:
    """Counts by table, and the SHA-256 of every byte before it."""
    lines = await exported(tenant)

    header, trailer = orjson.loads(lines[0]), orjson.loads(lines[-1])
    assert header == {
        "format": "plangate.export",
        "version": 1,
        "organization": tenant.id,
        "created_at": "2026-01-05T12:00:00Z",
    }
    assert trailer["sha256"] == hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    counted = Counter(row["table"] for row in rows_of(lines))
    assert {table: count for table, count in trailer["counts"].items() if count} == counted
    assert trailer["counts"]["outcomes"] == 0


async def test_every_row_of_the_organization_is_there(tenant: Tenant) -> None:
    """As many as the tables have, the record of the export among them."""
    trailer = orjson.loads((await exported(tenant))[-1])

    assert trailer["counts"] == {table: await rows_in(tenant, table) for table in trailer["counts"]}
    assert (await kinds_of(tenant))[-1] == "organization.exported"


async def test_every_table_of_a_tenant_is_exported_or_says_why_not(tenant: Tenant) -> None:
    """A table that a later revision adds is not forgotten."""
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        asked = text(
            "select relname from pg_class"
            " where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        tables = set(await connection.scalars(asked))

    trailer = orjson.loads((await exported(tenant))[-1])

    assert set(trailer["counts"]) == tables - set(NOT_EXPORTED)


async def test_no_row_of_another_organization_is_there(tenant: Tenant) -> None:
    """Not even its name."""
    other = await a_tenant(tenant.tenancy, "Globex")
    await a_project(other, "Secret of Globex")

    lines = await exported(tenant)

    whole = b"".join(lines)
    assert other.id.encode() not in whole
    assert b"Globex" not in whole
    whose = {row["row"].get("organization_id") or row["row"]["id"] for row in rows_of(lines)}
    assert whose == {tenant.id}


async def test_no_hash_of_a_secret_is_there(tenant: Tenant) -> None:
    """Tokens and invitations are exported without what could be guessed at offline.

    Nor is what an identity provider said of people at their login.
    """
    rows = rows_of(await exported(tenant))

    secret = [row for row in rows if row["table"] in {"tokens", "invitations"}]
    assert len(secret) == 3
    assert all({"claims", "hash"}.isdisjoint(row["row"]) for row in secret)
    assert all({"id", "created_by"} <= set(row["row"]) for row in secret)


async def test_documents_are_exported_letter_by_letter(tenant: Tenant) -> None:
    """So that a record's digest can be checked offline."""
    rows = rows_of(await exported(tenant))

    records = [row["row"] for row in rows if row["table"] == "audit_records"]
    assert records
    for record in records:
        found = hashlib.sha256(record["document"].encode()).hexdigest()
        assert record["digest"] == f"sha256:{found}"


async def test_an_export_shows_one_instant(tenant: Tenant) -> None:
    """What is written while it is read is not in it."""
    await _fill_with_events(tenant, rows=600)
    parts = await tenant.tenancy.exports.begin(tenant.owner, tenant.id)
    first = await anext(parts)
    projects = await rows_in(tenant, "projects")

    await a_project(tenant, "Later")
    rest = b"".join([part async for part in parts])

    lines = (first + rest).splitlines(keepends=True)
    assert orjson.loads(lines[-1])["counts"]["projects"] == projects
    assert b'"Later"' not in b"".join(lines)


async def test_memory_does_not_grow_with_the_organization(tenant: Tenant) -> None:
    """Ten times the rows pass through the same few parts."""
    peaks, size = list[int](), 0
    for rows in (300, 3_000):
        await _fill_with_events(tenant, rows=rows)
        parts = await tenant.tenancy.exports.begin(tenant.owner, tenant.id)
        with _measured(peaks):
            async for part in parts:
                size += len(part)
                assert len(part) < 2 * PART_BYTES

    assert size > 3_000_000
    assert peaks[1] < 1.5 * peaks[0] + 500_000


async def test_a_reader_who_goes_away_leaves_nothing_open(tenant: Tenant) -> None:
    """Closing an export gives its connection and its place back."""
    await _fill_with_events(tenant, rows=600)

    for _ in range(3 * AT_ONCE):
        parts = await tenant.tenancy.exports.begin(tenant.owner, tenant.id)
        await anext(parts)
        await parts.aclose()

    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        asked = text(
            "select count(*) from pg_stat_activity where state = 'idle in transaction'"
            " and pid <> pg_backend_pid() and datname = current_database()"
        )
        assert (await connection.execute(asked)).scalar_one() == 0


async def test_only_so_many_exports_read_at_once(tenant: Tenant) -> None:
    """The next one waits until one ends, and the pool stays free for others."""
    others = [await a_tenant(tenant.tenancy, f"T{number}") for number in range(AT_ONCE)]
    exports = tenant.tenancy.exports
    begun = [await exports.begin(other.owner, other.id) for other in others]
    for parts in begun:
        await anext(parts)
    waiting = asyncio.create_task(exports.begin(tenant.owner, tenant.id))
    await tenant.tenancy.members.read(tenant.owner, tenant.owner_id)

    assert not (await asyncio.wait({waiting}, timeout=0.5))[0]

    await begun[0].aclose()
    begun.append(await asyncio.wait_for(waiting, 20))
    for parts in begun:
        await parts.aclose()
        await parts.aclose()  # again: its place is given back once


async def test_who_waits_for_a_place_in_vain_is_told(tenant: Tenant) -> None:
    """Soon, and nothing is recorded of it; nor does an organization take two places."""
    exports = Exports(database=tenant.tenancy.database, ids=tenant.tenancy.ids, wait_s=0.05)
    others = [await a_tenant(tenant.tenancy, f"T{number}") for number in range(AT_ONCE)]
    begun = [await exports.begin(other.owner, other.id) for other in others]

    with pytest.raises(ExportsBusyError, match="as many as may"):
        await exports.begin(tenant.owner, tenant.id)
    with pytest.raises(ExportsBusyError, match="of this organization"):
        await exports.begin(others[0].owner, others[0].id)

    assert "organization.exported" not in await kinds_of(tenant)
    for parts in begun:
        await parts.aclose()
    await (await exports.begin(tenant.owner, tenant.id)).aclose()


async def test_a_refused_export_takes_no_place(tenant: Tenant) -> None:
    """However often it is asked for."""
    other = await a_person(tenant, "pat", role=OrganizationRole.OWNER)
    await tenant.tenancy.members.change_role(
        tenant.owner, other.caller.member_id, role=OrganizationRole.MEMBER
    )

    for _ in range(2 * AT_ONCE):
        with pytest.raises(NotAllowedError):
            await tenant.tenancy.exports.begin(other, tenant.id)

    assert await exported(tenant)


async def test_an_export_that_is_read_too_slowly_ends(tenant: Tenant) -> None:
    """It does not hold an old snapshot of the database for ever; without a last line it is void."""
    await _fill_with_events(tenant, rows=600)
    parts = await tenant.tenancy.exports.begin(tenant.owner, tenant.id)
    await anext(parts)

    tenant.tenancy.clock.advance(LONGEST + timedelta(seconds=1))

    with pytest.raises(StorageUnavailableError, match="too slowly"):
        _ = [part async for part in parts]


async def test_a_lost_connection_ends_an_export(tenant: Tenant) -> None:
    """The reader is told, and not with a last line."""
    await _fill_with_events(tenant, rows=2_000)
    parts = await tenant.tenancy.exports.begin(tenant.owner, tenant.id)
    await anext(parts)
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        await connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where state = 'idle in transaction' and pid <> pg_backend_pid()"
                " and usename = current_user and datname = current_database()"
            )
        )

    with pytest.raises(StorageUnavailableError):
        _ = [part async for part in parts]


async def test_only_owners_export(tenant: Tenant) -> None:
    """With a credential that may manage the organization; nothing is recorded otherwise."""
    owner = await a_member(tenant.tenancy, tenant.id, tenant.owner_id)
    reads = a_context(owner, scopes=frozenset(Scope) - {Scope.ORGANIZATION_MANAGE})

    for asked in (await a_person(tenant, "mo"), reads):
        with pytest.raises(NotAllowedError):
            await tenant.tenancy.exports.begin(asked, tenant.id)
    assert "organization.exported" not in await kinds_of(tenant)


async def test_another_organization_looks_like_none(tenant: Tenant) -> None:
    """A foreign id and a free one are answered alike."""
    other = await a_tenant(tenant.tenancy, "Globex")
    exports = tenant.tenancy.exports

    for unseen in (other.id, tenant.tenancy.ids.new("org"), "\x00"):
        with pytest.raises(NotFoundError):
            await exports.begin(tenant.owner, unseen)
    ghost = replace(tenant.owner.caller, organization_id=tenant.tenancy.ids.new("org"))
    with pytest.raises(NotFoundError):
        await exports.begin(Context(caller=ghost), ghost.organization_id)


@contextmanager
def _measured(peaks: list[int]) -> Iterator[None]:
    """Note the most memory that the block holds; a tracer of coverage would hold more and more."""
    tracer = sys.gettrace()
    sys.settrace(None)
    tracemalloc.start()
    try:
        yield
        peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
        sys.settrace(tracer)


async def _fill_with_events(tenant: Tenant, *, rows: int) -> None:
    """Add events of a kilobyte each."""
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        await connection.execute(
            text(
                "insert into events (organization_id, id, type, document, created_at)"
                " select :organization, :first || number, 't', repeat('x', 1000), now()"
                " from generate_series(1, :rows) as number"
            ),
            {"organization": tenant.id, "first": f"evt_{rows}_", "rows": rows},
        )
