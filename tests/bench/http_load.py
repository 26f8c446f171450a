"""Ask one server over kept connections, as fast as it answers, and say how fast that was.

A client of its own: it costs a fraction of what a general one does, so that on a machine of two
cores the server is measured and not the client. Run as `python -m tests.bench.http_load` with a
plan as JSON on standard input; it ends by itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import uvloop
from typing_extensions import override


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """Say what to ask: each path with the first body, then with the next, for a while."""

    url: str
    paths: list[str]
    bodies: list[str]
    token: str
    clients: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Say how it went; latencies in milliseconds."""

    requests: int
    per_s: float
    p50_ms: float
    p99_ms: float
    refused: int


class _Client(asyncio.Protocol):
    """Keep one connection busy: the next request leaves when the answer is here."""

    def __init__(self, requests: Iterator[bytes], until_s: float) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self.latencies_s: list[float] = []
        self.refused = 0
        self._requests = requests
        self._until_s = until_s
        self._buffer = b""
        self._sent_s = 0.0
        self._transport: asyncio.WriteTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # TCP is written to
        self._send()

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = _length(head)
        if len(rest) < length:
            return
        self.latencies_s.append(time.perf_counter() - self._sent_s)
        self.refused += not head.startswith(b"HTTP/1.1 200")
        self._buffer = rest[length:]
        if time.perf_counter() < self._until_s:
            self._send()
        else:
            self._finish()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._finish()

    def _send(self) -> None:
        self._sent_s = time.perf_counter()
        if self._transport is not None:
            self._transport.write(next(self._requests))

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
            if self._transport is not None:
                self._transport.close()


def _length(head: bytes) -> int:
    lowered = head.lower()
    start = lowered.index(b"content-length:") + 15
    return int(lowered[start : lowered.find(b"\r\n", start) % (len(lowered) + 1)])


def _requests(plan: LoadPlan) -> Iterator[bytes]:
    host = urlsplit(plan.url).netloc
    made = [
        (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {plan.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        for body in plan.bodies
        for path in plan.paths
    ]
    while True:
        yield from made


async def load(plan: LoadPlan) -> Figures:
    """Ask as the plan says."""
    parts = urlsplit(plan.url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    requests = _requests(plan)
    until_s = time.perf_counter() + plan.seconds
    loop = asyncio.get_running_loop()
    began_s = time.perf_counter()
    clients: list[_Client] = []
    for _ in range(plan.clients):
        _, client = await loop.create_connection(lambda: _Client(requests, until_s), host, port)
        clients.append(client)
    for client in clients:
        await client.done
    took_s = time.perf_counter() - began_s
    latencies = sorted(latency for client in clients for latency in client.latencies_s)
    return Figures(
        requests=len(latencies),
        per_s=len(latencies) / took_s,
        p50_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * latencies[int(len(latencies) * 0.99)],
        refused=sum(client.refused for client in clients),
    )


if __name__ == "__main__":
    asked = LoadPlan(**json.load(sys.stdin))
    figures = uvloop.run(load(asked))
    print(json.dumps({name: getattr(figures, name) for name in Figures.__slots__}))
