"""Open each kind of sink against a real server of its protocol, and look at what that keeps."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from runtime.bootstrap.audit_sinks import open_audit_sinks
from runtime.domain.errors import SecretMissingError
from runtime.kit.clock import Clock, SystemClock
from runtime.ports.audit_sink import AuditSink, Receipt
from runtime.settings.audit import AUDIT_SINKS, read_audit
from tests.contract.audit_sinks.joining import joined, parts_in
from tests.servers.datadog_intake import KEY, datadog_intake
from tests.servers.s3_server import ACCESS_KEY, SECRET_KEY, S3Server, s3_server
from tests.servers.sink_faults import Fault
from tests.servers.splunk_hec import TOKEN, splunk_hec

SECRETS: Final = {
    "vault://kv/sinks#splunk": TOKEN,
    "vault://kv/sinks#datadog": KEY,
    "vault://kv/sinks#access": ACCESS_KEY,
    "vault://kv/sinks#secret": SECRET_KEY,
}
TIMEOUT_S: Final = 5.0
SHORT_S: Final = 0.6
BUCKET: Final = "records"


@dataclass(slots=True, kw_only=True)
class SinkWorld:
    """Hold a sink and what is behind it.

    Attributes:
        sink: under test.
        kept: returns what the other side really has under a receipt's name, without the sink.
        fail: sets what is wrong from now on.
        server: the one behind it; None for files.
        folder: of files.
    """

    sink: AuditSink
    kept: Callable[[Receipt], Awaitable[bytes]]
    fail: Callable[[Fault], None]
    server: Any = None
    folder: Path | None = None


@dataclass(slots=True)
class Told:
    """Answer references, and remember which were asked for."""

    values: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    asked: list[str] = field(default_factory=list)

    async def __call__(self, reference: str) -> str:
        """Return a value, or say that there is none."""
        self.asked.append(reference)
        if reference not in self.values:
            raise SecretMissingError(reference=reference, problem="nothing", advice="write it")
        return self.values[reference]


def a_sink(text: str, *, secret: Told | None = None, clock: Clock | None = None) -> AuditSink:
    """Open the sink of an address, as the platform does."""
    settings = read_audit({AUDIT_SINKS: text})
    (sink,) = open_audit_sinks(settings, secret=secret or Told(), clock=clock or SystemClock())
    return sink


def s3_address(url: str, bucket: str = BUCKET, *, timeout_s: float = TIMEOUT_S) -> str:
    """Return the address of a bucket of the tests' server."""
    access, secret = quote("vault://kv/sinks#access"), quote("vault://kv/sinks#secret")
    return (
        f"s3://{bucket}/plangate?endpoint={url}&keep_days=3&timeout_s={timeout_s}"
        f"&access_key={access}&secret_key={secret}"
    )


def splunk_address(url: str, *, timeout_s: float = TIMEOUT_S) -> str:
    """Return the address of a collector."""
    token = quote("vault://kv/sinks#splunk")
    return f"splunk+{url}?token={token}&index=audit&timeout_s={timeout_s}"


def datadog_address(url: str, *, timeout_s: float = TIMEOUT_S) -> str:
    """Return the address of an intake."""
    return f"datadog+{url}?token={quote('vault://kv/sinks#datadog')}&timeout_s={timeout_s}"


def make_bucket(s3: S3Server, name: str = BUCKET) -> None:
    """Make an empty bucket with object lock, whatever an earlier test left of it in moto."""
    client = s3.client()
    _emptied(s3.behind)
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    client.close()


def _emptied(url: str) -> None:
    """Let moto forget all: it keeps it in the process."""
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port)
    connection.request("POST", "/moto-api/reset")
    connection.getresponse().read()
    connection.close()


@asynccontextmanager
async def s3_world(folder: Path, timeout_s: float) -> AsyncIterator[SinkWorld]:
    """Open a sink over S3."""
    del folder
    async with s3_server() as s3:
        make_bucket(s3)
        client = s3.client()
        sink = a_sink(s3_address(s3.url, timeout_s=timeout_s))

        async def kept(receipt: Receipt) -> bytes:
            key = f"plangate/{receipt.name}"
            answer = client.get_object(Bucket=BUCKET, Key=key, VersionId=receipt.version)
            return bytes(answer["Body"].read())

        def fail(fault: Fault) -> None:
            s3.fault = fault

        yield SinkWorld(sink=sink, kept=kept, fail=fail, server=s3)
        await sink.close()
        client.close()


@asynccontextmanager
async def splunk_world(folder: Path, timeout_s: float) -> AsyncIterator[SinkWorld]:
    """Open a sink over Splunk."""
    del folder
    async with splunk_hec() as splunk:
        sink = a_sink(splunk_address(splunk.url, timeout_s=timeout_s))

        async def kept(receipt: Receipt) -> bytes:
            return _joined(splunk.indexed, receipt)

        def fail(fault: Fault) -> None:
            splunk.fault = fault

        yield SinkWorld(sink=sink, kept=kept, fail=fail, server=splunk)
        await sink.close()


@asynccontextmanager
async def datadog_world(folder: Path, timeout_s: float) -> AsyncIterator[SinkWorld]:
    """Open a sink over Datadog."""
    del folder
    async with datadog_intake() as datadog:
        sink = a_sink(datadog_address(datadog.url, timeout_s=timeout_s))

        async def kept(receipt: Receipt) -> bytes:
            return _joined(datadog.stored, receipt)

        def fail(fault: Fault) -> None:
            datadog.fault = fault

        yield SinkWorld(sink=sink, kept=kept, fail=fail, server=datadog)
        await sink.close()


@asynccontextmanager
async def files_world(folder: Path, timeout_s: float) -> AsyncIterator[SinkWorld]:
    """Open a sink over files."""
    sink = a_sink(f"file://{folder}?timeout_s={timeout_s}")

    async def kept(receipt: Receipt) -> bytes:
        digest = receipt.digest.removeprefix("sha256:")
        return (folder / f"{receipt.name}.{digest}").read_bytes()

    def fail(fault: Fault) -> None:
        raise AssertionError(f"files have no {fault}")

    yield SinkWorld(sink=sink, kept=kept, fail=fail, folder=folder)
    await sink.close()


OpenWorld = Callable[[Path, float], AbstractAsyncContextManager[SinkWorld]]
WORLDS: Final[dict[str, OpenWorld]] = {
    "s3": s3_world,
    "splunk": splunk_world,
    "datadog": datadog_world,
    "files": files_world,
}


def _joined(texts: list[str], receipt: Receipt) -> bytes:
    """Return what an intake has of an object; texts that it cut are no JSON, and so no parts."""
    parts = [part for text in texts for part in parts_in(_read(text))]
    return bytes(joined([part for part in parts if part["object"] == receipt.name]))


def _read(text: str) -> Any:  # noqa: ANN401  # any JSON
    try:
        return json.loads(text)
    except ValueError:
        return None
