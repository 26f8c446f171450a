"""Hold Splunk and Datadog sinks to their protocols: tokens, parts, requests, acknowledgements."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.ports.audit_sink import SinkError, SinkObject
from tests.contract.audit_sinks.joining import NotJoined, joined, parts_in
from tests.contract.audit_sinks.sink_worlds import (
    SHORT_S,
    TIMEOUT_S,
    SinkWorld,
    Told,
    a_sink,
    datadog_world,
    splunk_address,
    splunk_world,
)
from tests.servers.sink_faults import MEGABYTE, Fault
from tests.servers.splunk_hec import MOST_LINE_BYTES, SplunkHec, splunk_hec

LINES = b'{"leaf":"\\"one\\""}\n' * 100


@pytest.fixture
async def splunk(tmp_path: Path) -> AsyncIterator[SinkWorld]:
    """Open a sink over Splunk that waits for a moment only."""
    async with splunk_world(tmp_path, SHORT_S) as opened:
        yield opened


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[SinkWorld]:
    """Open a sink over Splunk that waits."""
    async with splunk_world(tmp_path, 30.0) as opened:
        yield opened


@pytest.fixture
async def datadog(tmp_path: Path) -> AsyncIterator[SinkWorld]:
    """Open a sink over Datadog."""
    async with datadog_world(tmp_path, TIMEOUT_S) as opened:
        yield opened


@pytest.fixture
async def collector() -> AsyncIterator[SplunkHec]:
    """Run a collector alone."""
    async with splunk_hec() as running:
        yield running


def an_object(body: bytes = LINES) -> SinkObject:
    """Return an object."""
    return SinkObject(name="leaves/one.jsonl", body=body)


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.DROPS])
async def test_events_that_are_taken_and_not_acknowledged_are_no_copy(
    splunk: SinkWorld, fault: Fault
) -> None:
    """Splunk answered 200 to all of it."""
    splunk.fail(fault)

    with pytest.raises(SinkError, match="not acknowledged within"):
        await splunk.sink.put(an_object())

    assert len(splunk.server.requests) == 1


async def test_a_token_without_acknowledgement_is_refused_with_advice(splunk: SinkWorld) -> None:
    """An operator is told what to change."""
    splunk.fail(Fault.UNPROMISED)

    with pytest.raises(SinkError, match="enable indexer acknowledgement"):
        await splunk.sink.put(an_object())


async def test_a_copy_in_many_requests_waits_for_all_of_them(patient: SinkWorld) -> None:
    """3 MB in Splunk's small events, each request acknowledged on its own."""
    patient.server.polls = 3
    body = LINES * (3 * MEGABYTE // len(LINES))

    receipt = await patient.sink.put(an_object(body))

    assert len(receipt.version.partition(":")[2].split(",")) == len(patient.server.requests) > 3
    assert max(map(len, patient.server.requests)) <= MEGABYTE
    assert max(map(len, patient.server.indexed)) < MOST_LINE_BYTES
    assert await patient.kept(receipt) == body


async def test_one_request_of_many_that_is_not_acknowledged_spoils_the_copy(
    splunk: SinkWorld,
) -> None:
    """The first is indexed, the second never."""
    splunk.server.polls = 1
    splunk.server.asked_never = {1}
    body = b"x" * (2 * MEGABYTE)

    with pytest.raises(SinkError, match="not acknowledged"):
        await splunk.sink.put(an_object(body))


async def test_events_carry_index_and_source_and_readable_lines(splunk: SinkWorld) -> None:
    """So that an operator finds them."""
    await splunk.sink.put(an_object())

    event = json.loads(splunk.server.requests[0].splitlines()[0])
    assert event["index"] == "audit"
    assert event["sourcetype"] == "plangate:audit"
    assert event["event"]["body"] == LINES.decode()


async def test_a_token_is_read_for_each_request_anew(collector: SplunkHec) -> None:
    """A rotated token is used at once; the old one is refused without being repeated."""
    told = Told()
    sink = a_sink(splunk_address(collector.url), secret=told)
    await sink.put(an_object())
    collector.token = "renewed-token"  # noqa: S105  # of this server only

    with pytest.raises(SinkError, match="not accepted"):
        await sink.put(an_object())
    told.values["vault://kv/sinks#splunk"] = "renewed-token"
    await sink.put(an_object())
    await sink.close()


async def test_an_intake_that_asks_for_a_year_is_asked_again_within_the_hour(
    splunk: SinkWorld,
) -> None:
    """Whatever a server says, copies do not wait for it longer."""
    splunk.fail(Fault.THROTTLED)
    splunk.server.retry_after_s = 31_536_000

    with pytest.raises(SinkError) as told:
        await splunk.sink.put(an_object())

    assert told.value.retry_after_s == 3_600


async def test_a_token_that_cannot_be_read_sends_nothing(collector: SplunkHec) -> None:
    """The reference is named."""
    sink = a_sink(splunk_address(collector.url), secret=Told(values={}))

    with pytest.raises(SinkError, match="vault://kv/sinks#splunk"):
        await sink.put(an_object())

    assert collector.requests == []
    await sink.close()


async def test_3_mb_survive_what_datadog_truncates(datadog: SinkWorld) -> None:
    """No log reaches 1 MB and no request its bounds, also where JSON doubles each byte."""
    body = b'"\\\n' * MEGABYTE

    receipt = await datadog.sink.put(an_object(body))

    assert await datadog.kept(receipt) == body
    assert max(map(len, datadog.server.stored)) < 900_000
    assert max(count for count, _ in datadog.server.sizes) <= 1_000
    assert max(size for _, size in datadog.server.sizes) <= 5 * MEGABYTE
    parts = [part for text in datadog.server.stored for part in parts_in(text)]
    assert [part["part"] for part in parts] == list(range(1, len(parts) + 1))


async def test_datadog_that_answers_another_success_gave_no_receipt(datadog: SinkWorld) -> None:
    """200 is not what it documents."""
    datadog.fail(Fault.GARBAGE)

    with pytest.raises(SinkError, match="HTTP 200, expected 202"):
        await datadog.sink.put(an_object())


async def test_parts_that_are_missing_or_changed_are_never_joined(datadog: SinkWorld) -> None:
    """Whoever joins them learns so; their order and repetitions do not matter."""
    body = b"x" * (2 * MEGABYTE)
    await datadog.sink.put(an_object(body))
    parts = [part for text in datadog.server.stored for part in parts_in(text)]

    assert joined([*reversed(parts), parts[0]]) == body
    with pytest.raises(NotJoined, match="missing"):
        joined(parts[1:])
    with pytest.raises(NotJoined, match="missing"):
        joined([])
    with pytest.raises(NotJoined, match="digest"):
        joined([{**parts[0], "body": parts[0]["body"][1:] + "y"}, *parts[1:]])
