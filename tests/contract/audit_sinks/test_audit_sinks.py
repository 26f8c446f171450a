"""Hold every sink to one contract: what is received for is stored, bit for bit, or it says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.adapters.embedded.ports import free_port
from runtime.kit.canonical_json import digest_bytes
from runtime.ports.audit_sink import (
    CopyLostError,
    Listed,
    ListedKind,
    Receipt,
    SinkError,
    SinkObject,
)
from tests.contract.audit_sinks.sink_worlds import (
    SECRETS,
    SHORT_S,
    TIMEOUT_S,
    WORLDS,
    SinkWorld,
    a_sink,
    datadog_address,
    s3_address,
    splunk_address,
)
from tests.servers.sink_faults import RETRY_AFTER_S, Fault

LINE = b'{"organization":"org_1","header":{"kind":"plan.executed"},"payload":"\\n\\"x"}\n'
THREE_MB = 3 * 1024 * 1024


@pytest.fixture(params=list(WORLDS))
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SinkWorld]:
    """Open each kind of sink."""
    async with WORLDS[request.param](tmp_path, TIMEOUT_S) as opened:
        yield opened


@pytest.fixture(params=["s3", "files"])
async def readable(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SinkWorld]:
    """Open each kind of sink that shows what it has."""
    async with WORLDS[request.param](tmp_path, TIMEOUT_S) as opened:
        yield opened


@pytest.fixture(params=["s3", "splunk", "datadog"])
async def hasty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SinkWorld]:
    """Open each kind of sink that has a server, with little patience; the bucket is known."""
    async with WORLDS[request.param](tmp_path, SHORT_S) as opened:
        await opened.sink.ready()
        yield opened


def an_object(body: bytes = LINE, *, name: str = "leaves/2026/11/30/one.jsonl") -> SinkObject:
    """Return an object that is kept for two days."""
    return SinkObject(name=name, body=body, keep_until=datetime.now(UTC) + timedelta(days=2))


async def _listed(world: SinkWorld, *, prefix: str = "", after: str = "") -> list[Listed]:
    return [one async for one in world.sink.list(prefix=prefix, after=after)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00", id="a byte"),
        pytest.param(LINE * 3, id="lines"),
        pytest.param("Zürich\r\n\x1b[31m\u2028".encode(), id="what terminals and intakes rewrite"),
        pytest.param(b'\\"\n' * (THREE_MB // 3), id="3 MB that JSON doubles"),
        pytest.param(bytes(range(256)) * (THREE_MB // 256), id="3 MB of all bytes"),
    ],
)
async def test_what_is_received_for_is_stored_bit_for_bit(world: SinkWorld, body: bytes) -> None:
    """The other side, asked without the sink, has what was put, under its digest."""
    receipt = await world.sink.put(an_object(body))

    assert await world.kept(receipt) == body
    assert receipt == Receipt(
        sink=world.sink.name,
        name="leaves/2026/11/30/one.jsonl",
        version=receipt.version,
        digest=digest_bytes(body),
    )


@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    piece=st.one_of(st.binary(max_size=48), st.text(max_size=16).map(str.encode)),
    times=st.integers(min_value=1, max_value=60_000),
    number=st.integers(min_value=0),
)
async def test_any_bytes_up_to_3_mb_are_stored_as_they_are(
    world: SinkWorld, piece: bytes, times: int, number: int
) -> None:
    """Whatever the bytes: readable, binary, empty, long."""
    obj = an_object((piece * times)[:THREE_MB], name=f"law/{number}-{times}-{piece.hex()}"[:400])

    receipt = await world.sink.put(obj)

    assert await world.kept(receipt) == obj.body


async def test_what_is_put_twice_is_the_same_copy(world: SinkWorld) -> None:
    """Whoever did not hear of a receipt asks again and gets one; where it shows, the same."""
    first = await world.sink.put(an_object())
    second = await world.sink.put(an_object())

    assert await world.kept(second) == LINE
    if world.sink.listable:
        assert second == first
        assert len(await _listed(world)) == 1


async def test_a_sink_that_can_be_read_gives_back_what_a_receipt_names(world: SinkWorld) -> None:
    """Others say that they only take."""
    receipt = await world.sink.put(an_object())

    if world.sink.listable:
        assert await world.sink.read(receipt) == LINE
    else:
        with pytest.raises(SinkError, match="only takes"):
            await world.sink.read(receipt)


async def test_copies_are_listed_in_the_order_of_their_names(world: SinkWorld) -> None:
    """By prefix, and after a name; others say that they can't be listed."""
    names = ["anchors/a/1.json", "leaves/a-b", "leaves/a/c.json", "leaves/b"]
    for name in reversed(names):
        await world.sink.put(an_object(name.encode(), name=name))

    if not world.sink.listable:
        with pytest.raises(SinkError, match="can't be listed"):
            await _listed(world)
        return
    assert [one.name for one in await _listed(world)] == names
    assert {one.kind for one in await _listed(world)} == {ListedKind.COPY}
    assert [one.name for one in await _listed(world, prefix="leaves/a")] == names[1:3]
    assert [one.name for one in await _listed(world, after="leaves/a-b")] == names[2:]
    assert [one.size_bytes for one in await _listed(world)] == list(map(len, names))


async def test_a_copy_that_is_not_there_is_lost(readable: SinkWorld) -> None:
    """A receipt of a version that nobody has: asking again is no help."""
    receipt = await readable.sink.put(an_object())

    with pytest.raises(CopyLostError):
        await readable.sink.read(replace(receipt, name="leaves/two"))


async def test_a_name_has_one_body(readable: SinkWorld) -> None:
    """Another body under a name is refused, and the first one stays."""
    receipt = await readable.sink.put(an_object())

    with pytest.raises(CopyLostError, match="body"):
        await readable.sink.put(an_object(b"another"))

    assert await readable.sink.read(receipt) == LINE
    assert len(await _listed(readable)) == 1


async def test_only_what_is_immutable_can_be_held(world: SinkWorld) -> None:
    """A hold is set and ended, or refused."""
    receipt = await world.sink.put(an_object())

    if world.sink.immutable:
        await world.sink.hold(receipt, held=True)
        await world.sink.hold(receipt, held=False)
    else:
        with pytest.raises(SinkError, match=r"hold|held"):
            await world.sink.hold(receipt, held=True)


async def test_a_sink_that_is_well_is_ready(world: SinkWorld) -> None:
    """Nothing is put to find out."""
    await world.sink.ready()

    if world.sink.listable:
        assert await _listed(world) == []


async def test_a_closed_sink_takes_nothing(world: SinkWorld) -> None:
    """It raises what every other failure raises."""
    await world.sink.put(an_object())
    await world.sink.close()

    with pytest.raises(SinkError, match="shutting down"):
        await world.sink.put(an_object(name="after"))


@pytest.mark.parametrize(
    "fault",
    [Fault.SLOW, Fault.THROTTLED, Fault.BROKEN, Fault.FORBIDDEN, Fault.GARBAGE],
)
async def test_a_sink_that_fails_gives_no_receipt(hasty: SinkWorld, fault: Fault) -> None:
    """Neither is it ready; nothing of a secret or of a copy is told, and it recovers."""
    hasty.fail(fault)

    with pytest.raises(SinkError) as put:
        await hasty.sink.put(an_object())
    with pytest.raises(SinkError) as ready:
        await hasty.sink.ready()

    for told in (put, ready):
        assert told.value.sink == hasty.sink.name
        assert told.value.retry_after_s == (RETRY_AFTER_S if fault is Fault.THROTTLED else None)
        assert not [one for one in (*SECRETS.values(), "org_1") if one in str(told.value)]
    hasty.fail(Fault.NONE)
    receipt = await hasty.sink.put(an_object(name="later"))
    assert await hasty.kept(receipt) == LINE


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(s3_address, id="s3"),
        pytest.param(splunk_address, id="splunk"),
        pytest.param(datadog_address, id="datadog"),
    ],
)
async def test_a_sink_that_is_down_gives_no_receipt(address: type[str]) -> None:
    """Nobody listens there."""
    sink = a_sink(address(f"http://127.0.0.1:{free_port()}"))

    with pytest.raises(SinkError):
        await sink.put(an_object())
    with pytest.raises(SinkError):
        await sink.ready()
    await sink.close()


async def test_what_is_truncated_at_1_mb_is_refused_or_survives(hasty: SinkWorld) -> None:
    """S3 finds it when it reads back; the others send parts that are never that large."""
    hasty.fail(Fault.TRUNCATES)
    obj = an_object(b"x" * THREE_MB)

    if hasty.sink.listable:
        with pytest.raises(SinkError):
            await hasty.sink.put(obj)
    else:
        receipt = await hasty.sink.put(obj)
        assert await hasty.kept(receipt) == obj.body


async def test_what_is_dropped_with_success_is_noticed_where_a_sink_proves_anything(
    hasty: SinkWorld,
) -> None:
    """Datadog proves nothing: its receipt says 202, and strict audit takes none of it."""
    hasty.fail(Fault.DROPS)

    if hasty.sink.name.startswith("datadog"):
        assert (await hasty.sink.put(an_object())).version == "202"
        assert not hasty.sink.immutable
    else:
        with pytest.raises(SinkError) as told:
            await hasty.sink.put(an_object())
        assert not isinstance(told.value, CopyLostError)
