"""Run both ways out of the platform, and canaries where nobody may arrive."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from runtime.adapters.egress.browser_gate import USER, BrowserGate
from runtime.adapters.egress.client import EgressClient
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.rules import read_rules
from runtime.kit.clock import FixedClock
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import HttpCall
from tests.egress import NOW, TableResolver
from tests.servers.receiver import Receiver, a_receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Battlefield:
    """Hold both ways out, and the canaries that nobody may reach."""

    egress: EgressClient
    browser_gate: BrowserGate
    proxy: str
    canaries: tuple[Receiver, ...]
    resolver: TableResolver

    @property
    def ports(self) -> tuple[int, ...]:
        """Return where the canaries listen."""
        return tuple(canary.port for canary in self.canaries)

    def assert_untouched(self) -> None:
        """Fail if any canary heard anything."""
        assert [canary.received for canary in self.canaries] == [[] for _ in self.canaries]
        assert {name for canary in self.canaries for name in canary.connections} == set()

    async def by_effect(self, url: str) -> None:
        """Attack through the client of effects; the request must not be sent."""
        for method in ("GET", "POST"):
            with pytest.raises((PermanentError, RetryableError)):
                await self.egress.send(HttpCall(method=method, url=url, timeout_s=5))

    async def by_browser(self, url: str) -> None:
        """Attack through the gate of browsers, by tunnel and by plain request."""
        credential = b64encode(f"{USER}:{self.browser_gate.password}".encode()).decode()
        place = url.partition("://")[2].partition("/")[0]
        for line in (f"CONNECT {place} HTTP/1.1", f"GET {url} HTTP/1.1"):
            request = f"{line}\r\nProxy-Authorization: Basic {credential}\r\n\r\n"
            answer = await self._said(request.encode(errors="surrogatepass"))
            assert answer[9:12] in {b"400", b"403", b"407", b"502"}, (line, answer)

    async def _said(self, data: bytes) -> bytes:
        parts = urlsplit(self.proxy)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(data)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


@asynccontextmanager
async def a_battlefield(resolver: TableResolver, *, allow: str = "") -> AsyncIterator[Battlefield]:
    """Run canaries on this machine, and both ways out with an operator's list."""
    async with AsyncExitStack() as stack:
        canaries = [await stack.enter_async_context(a_receiver())]
        if _has_ipv6():
            canaries.append(await stack.enter_async_context(a_receiver(host="::1")))
        gate = Gate(read_rules(allow), resolver)
        browser_gate = BrowserGate(gate)
        egress = EgressClient(gate, clock=FixedClock(NOW))
        stack.push_async_callback(egress.close)
        proxy = await browser_gate.start()
        stack.push_async_callback(browser_gate.close)
        yield Battlefield(
            egress=egress,
            browser_gate=browser_gate,
            proxy=proxy,
            canaries=tuple(canaries),
            resolver=resolver,
        )


def a_resolver() -> TableResolver:
    """Return a resolver that leads each canary's name to this machine, and strangers outside."""
    loopback = [["127.0.0.1", "::1"]]
    return TableResolver(
        localhost=loopback,
        canary=loopback,
        a__example=[["93.184.215.14"]],
        localhost__localdomain=loopback,
    )


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
