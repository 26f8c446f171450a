"""Strict mode over S3 with object lock: acknowledged means proven, and what is touched is found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from runtime.domain.errors import AuditUnavailableError
from runtime.domain.record import AuditRecord
from runtime.kit.clock import SystemClock
from runtime.ports.audit_sink import AuditSink
from runtime.services.audit.copying import Copying
from runtime.services.audit.reconciling import Reconciled
from runtime.services.context import Ids
from runtime.services.execution.commits import Commits
from runtime.store.audit_settings import put_audit_settings
from tests.contract.audit_sinks.sink_worlds import BUCKET, a_sink, make_bucket, s3_address
from tests.database import FreshDatabase, session
from tests.execution import World, a_caller, a_project, an_increment, opened
from tests.servers.s3_server import S3Server, s3_server
from tests.servers.sink_faults import Fault
from tests.strict import CountingCopies, a_copying, a_reconciling, number_all

CLOCK = SystemClock()
HARM = (
    Fault.BROKEN, Fault.FORBIDDEN, Fault.GARBAGE, Fault.DROPS, Fault.CHANGES, Fault.UNLOCKED,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Hold a process of a strict organization that copies into a bucket."""

    world: World
    copying: Copying
    s3: S3Server
    sink: AuditSink
    reconcile: Callable[[], Any]

    @property
    def client(self) -> Any:  # noqa: ANN401  # boto3 has no types
        """Return a client of what is behind the server that can be harmed."""
        return self.s3.client()

    async def shipped(self, size: int) -> str:
        """Copy a record of about that size, and return its id."""
        record = AuditRecord.of(
            {"said": "x" * size},
            record_id=self.world.ids.new("aud"),
            principal_id=self.world.caller.member_id,
            kind="plan.executed",
            project_id=self.world.project_id,
        )
        organization = self.world.caller.organization_id
        (copy,) = await self.copying.shipped(organization, [(record, CLOCK.now())])
        return copy.name


@pytest_asyncio.fixture
async def bucket(database: FreshDatabase, redis_url: str) -> AsyncIterator[Bucket]:
    """Give an empty bucket under lock, and who copies into it."""
    async with s3_server() as s3, AsyncExitStack() as stack:
        make_bucket(s3)
        sink = a_sink(s3_address(s3.url))
        stack.push_async_callback(sink.close)
        measures = CountingCopies()
        copy_sinks, copying = a_copying(
            database, [sink], clock=CLOCK, measures=measures, put_within_s=5.0
        )
        caller = a_caller(Ids(CLOCK))
        project_id = await a_project(database, caller)
        async with database.transaction(caller.organization_id) as connection:
            await put_audit_settings(
                connection,
                caller.organization_id,
                strict=True,
                keep_days=None,
                changed_by=caller.member_id,
                now=CLOCK.now(),
            )
        world = await opened(
            stack,
            database,
            redis_url,
            caller=caller,
            project_id=project_id,
            commits=Commits(database, copies=copying),
        )
        stack.push_async_callback(copying.close)

        async def reconcile() -> Reconciled:
            await number_all(database, CLOCK)
            comparing = a_reconciling(database, [sink], copy_sinks=copy_sinks, measures=measures)
            return await comparing.reconcile(anew=True)

        yield Bucket(world=world, copying=copying, s3=s3, sink=sink, reconcile=reconcile)


async def alarms(bucket: Bucket, database: FreshDatabase) -> list[str]:
    """Return the types of the alarms that there are."""
    async with session(database.urls.superuser_url) as superuser:
        rows = await superuser.fetch("select type from events where type like 'audit.cop%'")
    return [row["type"] for row in rows]


@pytest.mark.parametrize("fault", HARM)
async def test_a_store_that_fails_or_lies_keeps_everything_undone(
    bucket: Bucket, fault: Fault
) -> None:
    """A success that is not proven by version, bytes and lock is none (U5, N11)."""
    bucket.s3.fault = fault
    with pytest.raises(AuditUnavailableError):
        await bucket.world.execute(an_increment())
    undone = await bucket.world.counter(), await bucket.world.count("audit_records")
    bucket.s3.fault = Fault.NONE
    await bucket.world.execute(an_increment())

    assert undone == (0, 0)
    assert await bucket.world.counter() == 1
    assert (await bucket.reconcile()).missing == 0


async def test_large_records_are_whole_or_refused(bucket: Bucket) -> None:
    """Three megabytes are copied bit for bit, or not at all where a store cuts them off (M14)."""
    name = await bucket.shipped(3_000_000)
    bucket.s3.fault = Fault.TRUNCATES
    with pytest.raises(AuditUnavailableError):
        await bucket.shipped(3_000_000)
    kept = bucket.client.get_object(Bucket=BUCKET, Key=f"plangate/{name}")["Body"].read()

    assert len(kept) > 3_000_000


async def test_copies_that_are_overwritten_or_hidden_are_told_of(
    bucket: Bucket, database: FreshDatabase
) -> None:
    """The locked version is still the copy; what somebody put before it is an alarm (U3)."""
    for _ in range(2):
        await bucket.world.execute(an_increment())
    before = await bucket.reconcile()
    keys = [item["Key"] for item in bucket.client.list_objects_v2(Bucket=BUCKET)["Contents"]]
    bucket.client.put_object(Bucket=BUCKET, Key=keys[0], Body=b"forged")
    bucket.client.delete_object(Bucket=BUCKET, Key=keys[1])
    after = await bucket.reconcile()

    assert before == Reconciled(records=2, objects=2)
    assert (after.records, after.missing, after.changed, after.orphans) == (2, 0, 2, 0)
    assert await alarms(bucket, database) == ["audit.copies_changed"] * 2
