"""Try to undo copies in a real object lock, Ceph's, as an owner of the bucket: nothing succeeds.

Excluded from every usual run: `make conformance-s3`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import pytest

from runtime.bootstrap.audit_sinks import open_audit_sinks
from runtime.kit.clock import SystemClock
from runtime.ports.audit_sink import (
    AuditSink,
    CopyLostError,
    ListedKind,
    Receipt,
    SinkError,
    SinkObject,
)
from runtime.settings.audit import AUDIT_SINKS, read_audit
from tests.conformance.ceph import CephS3, ceph_s3
from tests.conformance.ceph_packages import NoCephError
from tests.servers.s3_server import S3Client

boto3: Any = pytest.importorskip("boto3", reason="pip install 'plangate[aws]' un-skips this")
config: Any = pytest.importorskip("botocore.config", reason="comes with boto3")

pytestmark = [
    pytest.mark.skipif(
        "PLANGATE_CONFORMANCE" not in os.environ, reason="`make conformance-s3` un-skips this"
    ),
    pytest.mark.timeout(600),
]

BUCKET: Final = "records"
PLAIN_BUCKET: Final = "plain"
NAME: Final = "leaves/one.jsonl"
KEY: Final = f"plangate/{NAME}"
BODY: Final = b'{"leaf":0}\n'
LOCK_S: Final = 6.0

Attack = Callable[[S3Client, str], object]


@pytest.fixture(scope="module")
def ceph() -> Iterator[CephS3]:
    """Run Ceph for the module, with one bucket under object lock and one without."""
    try:
        with ceph_s3() as running:
            client = a_client(running)
            client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
            client.create_bucket(Bucket=PLAIN_BUCKET)
            yield running
    except NoCephError as error:
        pytest.skip(str(error))


@pytest.fixture
def owner(ceph: CephS3) -> S3Client:
    """Ask as the owner of the bucket, past the sink."""
    return a_client(ceph)


@pytest.fixture
async def sink(ceph: CephS3) -> AsyncIterator[AuditSink]:
    """Open a sink over the bucket, as the platform does."""
    opened = a_sink(ceph)
    yield opened
    await opened.close()


def a_client(ceph: CephS3, *, secret_key: str | None = None) -> S3Client:
    """Return a client of the gateway."""
    return boto3.client(
        "s3",
        endpoint_url=ceph.url,
        region_name="us-east-1",
        aws_access_key_id=ceph.access_key,
        aws_secret_access_key=secret_key or ceph.secret_key,
        config=config.Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def a_sink(ceph: CephS3, *, bucket: str = BUCKET, secret_key: str | None = None) -> AuditSink:
    """Open a sink over a bucket of the gateway."""
    access, secret = (quote(f"vault://kv/sinks#{name}") for name in ("access", "secret"))
    address = (
        f"s3://{bucket}/plangate?endpoint={ceph.url}&keep_days=1&timeout_s=30"
        f"&access_key={access}&secret_key={secret}"
    )
    keys = {"access": ceph.access_key, "secret": secret_key or ceph.secret_key}

    async def told(reference: str) -> str:
        return keys[reference.rpartition("#")[2]]

    settings = read_audit({AUDIT_SINKS: address})
    (opened,) = open_audit_sinks(settings, secret=told, clock=SystemClock())
    return opened


async def a_copy(sink: AuditSink, *, name: str = NAME, lasts_s: float = 86_400.0) -> Receipt:
    """Put a copy; put before, it is the same one."""
    keep_until = datetime.now(UTC) + timedelta(seconds=lasts_s)
    return await sink.put(SinkObject(name=name, body=BODY, keep_until=keep_until))


def _retention(client: S3Client, version: str, retention: dict[str, object]) -> object:
    return client.put_object_retention(
        Bucket=BUCKET,
        Key=KEY,
        VersionId=version,
        Retention=retention,
        BypassGovernanceRetention=True,
    )


def shortened(client: S3Client, version: str) -> object:
    """Let the lock end in a minute."""
    soon = datetime.now(UTC) + timedelta(minutes=1)
    return _retention(client, version, {"Mode": "COMPLIANCE", "RetainUntilDate": soon})


def softened(client: S3Client, version: str) -> object:
    """Make it a lock that an owner may pass."""
    later = datetime.now(UTC) + timedelta(days=2)
    return _retention(client, version, {"Mode": "GOVERNANCE", "RetainUntilDate": later})


def cleared(client: S3Client, version: str) -> object:
    """Take the lock away."""
    return _retention(client, version, {})


def deleted(client: S3Client, version: str) -> object:
    """Delete the version."""
    return client.delete_object(Bucket=BUCKET, Key=KEY, VersionId=version)


def deleted_with_bypass(client: S3Client, version: str) -> object:
    """Delete it with an owner's right over softer locks."""
    return client.delete_object(
        Bucket=BUCKET, Key=KEY, VersionId=version, BypassGovernanceRetention=True
    )


def deleted_by_batch(client: S3Client, version: str) -> object:
    """Delete it among others; the answer is 200 and says what was refused."""
    answer = client.delete_objects(
        Bucket=BUCKET,
        Delete={"Objects": [{"Key": KEY, "VersionId": version}]},
        BypassGovernanceRetention=True,
    )
    if answer.get("Errors"):
        raise client.exceptions.ClientError({"Error": answer["Errors"][0]}, "DeleteObjects")
    return answer


def suspended(client: S3Client, version: str) -> object:
    """Let new objects take the place of old ones."""
    del version
    return client.put_bucket_versioning(
        Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}
    )


def bucket_deleted(client: S3Client, version: str) -> object:
    """Delete the bucket with all that is in it."""
    del version
    return client.delete_bucket(Bucket=BUCKET)


@pytest.mark.parametrize(
    "attack",
    [
        shortened,
        softened,
        cleared,
        deleted,
        deleted_with_bypass,
        deleted_by_batch,
        suspended,
        bucket_deleted,
    ],
)
async def test_an_owner_cannot_undo_a_copy(
    sink: AuditSink, owner: S3Client, attack: Attack
) -> None:
    """The store refuses, and the copy reads as it did, under the lock that it had."""
    receipt = await a_copy(sink)
    named = {"Bucket": BUCKET, "Key": KEY, "VersionId": receipt.version}
    before = owner.get_object_retention(**named)["Retention"]

    with pytest.raises(owner.exceptions.ClientError):
        attack(owner, receipt.version)

    assert await sink.read(receipt) == BODY
    assert owner.get_object_retention(**named)["Retention"] == before
    assert before["Mode"] == "COMPLIANCE"
    await sink.ready()


async def test_who_has_not_the_key_neither_writes_nor_reads(ceph: CephS3, sink: AuditSink) -> None:
    """The store checks signatures."""
    receipt = await a_copy(sink)
    stranger = a_sink(ceph, secret_key="0" * 40)

    with pytest.raises(SinkError):
        await stranger.ready()
    with pytest.raises(SinkError):
        await a_copy(stranger, name="leaves/strange")
    with pytest.raises(SinkError) as told:
        await stranger.read(receipt)

    assert not isinstance(told.value, CopyLostError)
    await stranger.close()


async def test_a_bucket_without_a_lock_is_refused(ceph: CephS3) -> None:
    """Nothing is put there."""
    plain = a_sink(ceph, bucket=PLAIN_BUCKET)

    with pytest.raises(SinkError, match=r"versions|lock"):
        await a_copy(plain)

    assert "Contents" not in a_client(ceph).list_objects_v2(Bucket=PLAIN_BUCKET)
    await plain.close()


async def test_what_an_owner_may_do_is_told(sink: AuditSink, owner: S3Client) -> None:
    """A newer version and a marker hide a copy by its name; by its version it is there."""
    name = "leaves/hidden"
    receipt = await a_copy(sink, name=name)
    key = f"plangate/{name}"
    owner.put_object(Bucket=BUCKET, Key=key, Body=b"forged")
    owner.delete_object(Bucket=BUCKET, Key=key)

    assert await sink.read(receipt) == BODY
    listed = [one async for one in sink.list(prefix=name, after="")]
    kinds = sorted(one.kind for one in listed)
    assert kinds == [ListedKind.HIDDEN, ListedKind.HIDDEN, ListedKind.MARKER]
    assert receipt.version in {one.version for one in listed}


async def test_a_copy_that_is_put_twice_is_one_version(sink: AuditSink) -> None:
    """Longer is allowed, and keeps the version."""
    name = "leaves/twice"
    first = await a_copy(sink, name=name, lasts_s=3_600)
    second = await a_copy(sink, name=name, lasts_s=7_200)

    assert first == second
    assert len([one async for one in sink.list(prefix=name, after="")]) == 1
    with pytest.raises(CopyLostError):
        await sink.put(SinkObject(name=name, body=b"another"))


async def test_3_mb_are_stored_bit_for_bit(sink: AuditSink) -> None:
    """As they were read back by version."""
    body = bytes(range(256)) * 12_288

    receipt = await sink.put(SinkObject(name="leaves/large", body=body))

    assert await sink.read(receipt) == body


async def test_a_held_copy_outlives_its_lock_and_another_does_not(
    sink: AuditSink, owner: S3Client
) -> None:
    """Once the lock ended the owner may delete what nobody holds; then its reader is told so."""
    held = await a_copy(sink, name="leaves/held", lasts_s=LOCK_S)
    await sink.hold(held, held=True)
    free = await a_copy(sink, name="leaves/free", lasts_s=LOCK_S)
    named = {"Bucket": BUCKET, "Key": "plangate/leaves/free", "VersionId": free.version}
    with pytest.raises(owner.exceptions.ClientError):
        owner.delete_object(**named)

    await _until_deleted(owner, named)

    with pytest.raises(CopyLostError):
        await sink.read(free)
    with pytest.raises(owner.exceptions.ClientError):
        owner.delete_object(Bucket=BUCKET, Key="plangate/leaves/held", VersionId=held.version)
    assert await sink.read(held) == BODY
    await sink.hold(held, held=False)
    owner.delete_object(Bucket=BUCKET, Key="plangate/leaves/held", VersionId=held.version)


async def _until_deleted(owner: S3Client, named: dict[str, str]) -> None:
    """Delete a version as soon as the store allows it."""
    async with asyncio.timeout(60):
        while True:
            try:
                owner.delete_object(**named)
            except owner.exceptions.ClientError:
                await asyncio.sleep(0.2)
            else:
                return
