"""Hold the S3 sink to what it promises of buckets, versions, locks and keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runtime.kit.clock import FixedClock
from runtime.ports.audit_sink import (
    CopyLostError,
    Listed,
    ListedKind,
    Receipt,
    SinkError,
    SinkObject,
)
from tests.contract.audit_sinks.sink_worlds import (
    BUCKET,
    TIMEOUT_S,
    SinkWorld,
    Told,
    a_sink,
    make_bucket,
    s3_address,
    s3_world,
)
from tests.servers.s3_server import S3Client, S3Server, s3_server
from tests.servers.sink_faults import Fault

BODY = b"a copy\n"
NAME = "leaves/one.jsonl"
KEY = f"plangate/{NAME}"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SinkWorld]:
    """Open a sink over a bucket that is as it should be."""
    async with s3_world(tmp_path, TIMEOUT_S) as opened:
        yield opened


@pytest.fixture
async def s3() -> AsyncIterator[S3Server]:
    """Run a server without a bucket."""
    async with s3_server() as running:
        yield running


@pytest.fixture
def client(world: SinkWorld) -> S3Client:
    """Ask the server as an owner of the bucket would, past the sink."""
    return world.server.client()


def an_object(keep_until: datetime | None = None, *, body: bytes = BODY) -> SinkObject:
    """Return an object."""
    return SinkObject(name=NAME, body=body, keep_until=keep_until)


def in_days(days: float) -> datetime:
    """Return an instant to the microsecond."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=123_456)


def _lock(client: S3Client, receipt: Receipt) -> S3Client:
    """Return what the server says of a version; moto breaks where it is asked for its lock."""
    return client.head_object(Bucket=BUCKET, Key=KEY, VersionId=receipt.version)


async def _listed(world: SinkWorld) -> list[Listed]:
    return [one async for one in world.sink.list(prefix="leaves/", after="")]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        pytest.param({}, "keeps no versions", id="without versions"),
        pytest.param({"versions": True}, "has no object lock", id="without object lock"),
        pytest.param(None, "NoSuchBucket", id="not there"),
    ],
)
async def test_nothing_is_put_into_a_bucket_without_a_lock(
    s3: S3Server, made: dict[str, bool] | None, told: str
) -> None:
    """The sink says so before it writes, and when it is asked whether it is ready."""
    make_bucket(s3, "another")
    client = s3.client()
    if made is not None:
        client.create_bucket(Bucket=BUCKET)
    if made:
        enabled = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=enabled)
    sink = a_sink(s3_address(s3.url))

    with pytest.raises(SinkError, match=told):
        await sink.ready()
    with pytest.raises(SinkError, match=told):
        await sink.put(an_object())

    if made is not None:
        assert "Versions" not in client.list_object_versions(Bucket=BUCKET)
    await sink.close()


async def test_a_copy_is_locked_until_its_time_or_later(world: SinkWorld, client: S3Client) -> None:
    """S3 knows whole seconds: a lock never ends before its instant."""
    until = in_days(2)
    receipt = await world.sink.put(an_object(until))

    lock = _lock(client, receipt)

    assert lock["ObjectLockMode"] == "COMPLIANCE"
    assert timedelta(0) <= lock["ObjectLockRetainUntilDate"] - until < timedelta(seconds=1)


async def test_a_copy_that_does_not_say_is_kept_as_long_as_the_address_says(
    world: SinkWorld, client: S3Client
) -> None:
    """The tests' address says three days."""
    receipt = await world.sink.put(an_object())

    lock = _lock(client, receipt)

    left = lock["ObjectLockRetainUntilDate"] - datetime.now(UTC)
    assert timedelta(days=2.99) < left < timedelta(days=3.01)


async def test_nothing_is_put_that_could_be_deleted_at_once(world: SinkWorld) -> None:
    """An instant that is past locks nothing."""
    with pytest.raises(SinkError, match="past"):
        await world.sink.put(an_object(in_days(-1)))

    assert await _listed(world) == []


@pytest.mark.parametrize(
    ("fault", "why"), [(Fault.UNLOCKED, "not locked"), (Fault.CHANGES, "other bytes")]
)
async def test_a_copy_that_reads_back_otherwise_is_no_copy(
    world: SinkWorld, fault: Fault, why: str
) -> None:
    """Not locked, or other bytes: there is no receipt."""
    world.fail(fault)

    with pytest.raises(SinkError, match=why) as told:
        await world.sink.put(an_object())

    assert not isinstance(told.value, CopyLostError)


async def test_a_lock_is_asked_for_where_an_answer_does_not_tell_of_it(world: SinkWorld) -> None:
    """Some servers tell nobody, or not who may only read."""
    world.server.tells_locks = False

    assert await world.sink.put(an_object()) == await world.sink.put(an_object())
    world.fail(Fault.UNLOCKED)
    with pytest.raises(SinkError, match="not locked"):
        await world.sink.put(replace(an_object(), name="leaves/two"))


@pytest.mark.parametrize(
    "lock",
    [
        pytest.param({}, id="no lock"),
        pytest.param(
            {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": in_days(9)},
            id="a lock that an owner may pass",
        ),
    ],
)
async def test_a_copy_without_such_a_lock_is_not_taken_for_an_earlier_try(
    world: SinkWorld, client: S3Client, lock: dict[str, object]
) -> None:
    """Somebody put the same bytes there, free to delete."""
    client.put_object(Bucket=BUCKET, Key=KEY, Body=BODY, **lock)

    with pytest.raises(SinkError, match="not locked"):
        await world.sink.put(an_object())


async def test_a_copy_that_is_put_again_for_longer_is_locked_for_longer(
    world: SinkWorld, client: S3Client
) -> None:
    """The version stays the same; for less long it stays as it was."""
    first = await world.sink.put(an_object(in_days(1)))
    second = await world.sink.put(an_object(in_days(5)))
    third = await world.sink.put(an_object(in_days(2)))

    lock = _lock(client, first)

    assert first == second == third
    assert lock["ObjectLockRetainUntilDate"] >= in_days(4)


async def test_what_is_overwritten_is_read_by_its_version_and_told(
    world: SinkWorld, client: S3Client
) -> None:
    """An owner can add a version, never change one (attack U3)."""
    receipt = await world.sink.put(an_object())
    newer = client.put_object(Bucket=BUCKET, Key=KEY, Body=b"forged")["VersionId"]

    assert await world.sink.read(receipt) == BODY
    kinds = {one.version: one.kind for one in await _listed(world)}
    assert kinds == {receipt.version: ListedKind.HIDDEN, newer: ListedKind.COPY}
    with pytest.raises(CopyLostError, match="another body"):
        await world.sink.put(an_object())


async def test_what_is_hidden_by_a_marker_is_read_by_its_version_and_told(
    world: SinkWorld, client: S3Client
) -> None:
    """An owner can add a delete marker; a copy that is put again has a version of its own (U3)."""
    receipt = await world.sink.put(an_object())
    marker = client.delete_object(Bucket=BUCKET, Key=KEY)["VersionId"]

    assert await world.sink.read(receipt) == BODY
    kinds = {one.version: one.kind for one in await _listed(world)}
    assert kinds == {receipt.version: ListedKind.HIDDEN, marker: ListedKind.MARKER}
    again = await world.sink.put(an_object())
    assert again.version != receipt.version
    assert await world.sink.read(again) == BODY


async def test_a_receipt_of_other_bytes_is_refused(world: SinkWorld) -> None:
    """The version is there, and its digest is another."""
    receipt = await world.sink.put(an_object())

    with pytest.raises(CopyLostError, match="other bytes"):
        await world.sink.read(replace(receipt, digest="sha256:" + "0" * 64))


async def test_a_hold_is_what_the_bucket_says(world: SinkWorld, client: S3Client) -> None:
    """It is on, then off again."""
    receipt = await world.sink.put(an_object())
    named = {"Bucket": BUCKET, "Key": KEY, "VersionId": receipt.version}

    await world.sink.hold(receipt, held=True)
    assert client.get_object_legal_hold(**named)["LegalHold"]["Status"] == "ON"
    await world.sink.hold(receipt, held=False)
    assert client.get_object_legal_hold(**named)["LegalHold"]["Status"] == "OFF"


async def test_a_hold_that_is_not_set_is_told(world: SinkWorld) -> None:
    """The bucket answered 200."""
    receipt = await world.sink.put(an_object())
    await world.sink.hold(receipt, held=False)
    world.fail(Fault.DROPS)

    with pytest.raises(SinkError, match="the legal hold is not ON"):
        await world.sink.hold(receipt, held=True)


async def test_a_bucket_that_asks_for_a_year_is_asked_again_within_the_hour(
    world: SinkWorld,
) -> None:
    """Whatever a server says, copies do not wait for it longer."""
    world.fail(Fault.THROTTLED)
    world.server.retry_after_s = 31_536_000

    with pytest.raises(SinkError) as told:
        await world.sink.put(an_object())

    assert told.value.retry_after_s == 3_600


async def test_more_versions_than_one_page_are_all_listed(
    world: SinkWorld, client: S3Client
) -> None:
    """Of one name and of many, each once, in order."""
    world.server.most_listed = 3
    receipt = await world.sink.put(an_object())
    for name in ("elsewhere/leaves/0", *["plangate/leaves/a"] * 8, "plangate/leaves/b"):
        client.put_object(Bucket=BUCKET, Key=name, Body=b"")

    listed = await _listed(world)

    names = [one.name for one in listed]
    assert names == ["leaves/a"] * 8 + ["leaves/b", NAME]
    assert len({one.version for one in listed}) == 10
    assert listed[-1].version == receipt.version
    assert [one.kind for one in listed].count(ListedKind.HIDDEN) == 7


async def test_a_copy_that_another_process_writes_meanwhile_is_the_same(world: SinkWorld) -> None:
    """The key was not there when it was looked for, and is when it is written."""
    first = await world.sink.put(an_object())
    world.server.blind = 1
    assert await world.sink.put(an_object()) == first
    world.server.blind = 2
    with pytest.raises(SinkError, match="can't be found") as told:
        await world.sink.put(an_object())
    assert not isinstance(told.value, CopyLostError)
    world.server.blind = 1
    with pytest.raises(CopyLostError, match="another body"):
        await world.sink.put(an_object(body=b"another"))
    assert len(await _listed(world)) == 1


async def test_a_bucket_that_lists_one_page_again_and_again_is_told(
    world: SinkWorld, client: S3Client
) -> None:
    """Nobody waits for its end."""
    for name in "abc":
        client.put_object(Bucket=BUCKET, Key=f"plangate/leaves/{name}", Body=b"")
    world.server.most_listed, world.server.turns_pages = 1, False

    with pytest.raises(SinkError, match="same page"):
        await _listed(world)


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"])
async def test_a_key_that_is_not_known_any_more_is_read_again(s3: S3Server, code: str) -> None:
    """A rotated key is used from the next call on."""
    make_bucket(s3)
    told = Told()
    sink = a_sink(s3_address(s3.url), secret=told)
    await sink.put(an_object())
    s3.fault, s3.code = Fault.FORBIDDEN, code

    with pytest.raises(SinkError, match=code):
        await sink.put(an_object())
    s3.fault = Fault.NONE
    await sink.put(an_object())

    assert len(told.asked) == 4
    await sink.close()


async def test_a_key_that_is_refused_for_other_reasons_is_not_read_again(s3: S3Server) -> None:
    """AccessDenied is about rights."""
    make_bucket(s3)
    told = Told()
    sink = a_sink(s3_address(s3.url), secret=told)
    s3.fault = Fault.FORBIDDEN

    for _ in range(2):
        with pytest.raises(SinkError, match="AccessDenied"):
            await sink.put(an_object())

    assert len(told.asked) == 2
    await sink.close()


async def test_a_key_that_cannot_be_read_puts_nothing() -> None:
    """The reference is named, never a value."""
    sink = a_sink(s3_address("http://127.0.0.1:1"), secret=Told(values={}))

    with pytest.raises(SinkError, match="vault://kv/sinks#access"):
        await sink.put(an_object())
    await sink.close()


async def test_the_time_of_a_lock_is_counted_from_the_given_clock(s3: S3Server) -> None:
    """A platform whose clock is behind locks nothing into its past unseen."""
    make_bucket(s3)
    sink = a_sink(s3_address(s3.url), clock=FixedClock(datetime(2126, 1, 1, tzinfo=UTC)))

    receipt = await sink.put(an_object())

    lock = _lock(s3.client(), receipt)
    assert lock["ObjectLockRetainUntilDate"] == datetime(2126, 1, 4, tzinfo=UTC)
    await sink.close()
