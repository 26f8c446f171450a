"""Tests of the proxy that is a browser's only way out."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from runtime.adapters.egress.browser_gate import USER, BrowserGate, TunnelBounds
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.rules import read_rules
from tests.egress import TableResolver
from tests.servers.certificates import a_trust
from tests.servers.receiver import a_raw_server, a_receiver

LOCAL = "127.0.0.1"


@asynccontextmanager
async def a_browser_gate(
    allow: str = "",
    *,
    resolver: TableResolver | None = None,
    bounds: TunnelBounds | None = None,
) -> AsyncIterator[tuple[BrowserGate, str]]:
    """Run a gate, and tell its address."""
    gate = BrowserGate(Gate(read_rules(allow), resolver or TableResolver()), bounds=bounds)
    address = await gate.start()
    try:
        yield gate, address
    finally:
        await gate.close()


async def through(
    gate: tuple[BrowserGate, str], url: str, *, trust: ssl.SSLContext | None = None
) -> tuple[int, bytes]:
    """Return what a client gets that goes through the gate, as a browser does."""
    name, _, value = proof(gate[0]).decode().strip().partition(": ")
    plain = url.startswith("http:")
    async with (
        aiohttp.ClientSession(trust_env=False) as session,
        session.get(
            URL(url, encoded=True),
            proxy=gate[1],
            headers={name: value} if plain else None,
            proxy_headers=None if plain else {name: value},
            ssl=trust or True,
            allow_redirects=False,
        ) as response,
    ):
        return response.status, await response.read()


async def said(address: str, data: bytes) -> bytes:
    """Return all that the gate answers to bytes."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(data)
    answer = b""
    with suppress(ConnectionError):  # how a server leaves that did not read all
        answer = await reader.read()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return answer


def proof(gate: BrowserGate) -> bytes:
    """Return the header by which a browser proves itself."""
    credential = b64encode(f"{USER}:{gate.password}".encode())
    return b"Proxy-Authorization: Basic " + credential + b"\r\n"


async def test_an_allowed_page_is_reached_by_plain_http() -> None:
    """The other side sees a usual request: path, Host, and nothing of the proxy."""
    resolver = TableResolver(intra__example=[[LOCAL]])
    async with (
        a_receiver() as receiver,
        a_browser_gate(f"intra.example:{receiver.port}", resolver=resolver) as gate,
    ):
        found = await through(gate, f"http://intra.example:{receiver.port}/a?b=c")

    (received,) = receiver.received
    assert found == (200, b"thanks")
    assert received.path == "/a?b=c"
    assert received.headers["host"] == f"intra.example:{receiver.port}"
    assert not [name for name in received.headers if name.startswith("proxy-")]


async def test_an_allowed_page_is_tunnelled_to(tmp_path: Path) -> None:
    """TLS is between the browser and the page: the gate reads nothing."""
    trust = a_trust(tmp_path, "intra.example")
    resolver = TableResolver(intra__example=[[LOCAL]])
    async with (
        a_receiver(tls=trust.server) as receiver,
        a_browser_gate(f"intra.example:{receiver.port}", resolver=resolver) as gate,
    ):
        found = await through(gate, f"https://intra.example:{receiver.port}/", trust=trust.client)

    assert found == (200, b"thanks")


async def test_a_page_inside_is_not_reached() -> None:
    """A name that leads inside is refused, whatever its port and scheme."""
    resolver = TableResolver(evil__example=[[LOCAL]])
    async with a_receiver() as canary, a_browser_gate(resolver=resolver) as gate:
        for url in (
            f"http://{LOCAL}:{canary.port}/",
            f"http://evil.example:{canary.port}/",
            "http://evil.example/",
        ):
            assert (await through(gate, url))[0] == 403
        for place in (f"{LOCAL}:{canary.port}", "evil.example:443", "localhost:443"):
            answer = await said(
                gate[1], f"CONNECT {place} HTTP/1.1\r\n".encode() + proof(gate[0]) + b"\r\n"
            )
            assert answer.startswith(b"HTTP/1.1 403 ")

    assert canary.received == []
    assert canary.connections == set()


async def test_a_page_that_nobody_knows_or_answers_is_no_gateway() -> None:
    """Unknown names and closed ports are the other side's fault."""
    async with a_raw_server() as gone:
        pass
    async with a_browser_gate(f"{LOCAL}:{gone.port}") as gate:
        for place in ("nowhere.example:443", f"{LOCAL}:{gone.port}"):
            answer = await said(
                gate[1], f"CONNECT {place} HTTP/1.1\r\n".encode() + proof(gate[0]) + b"\r\n"
            )
            assert answer.startswith(b"HTTP/1.1 502 ")


@pytest.mark.parametrize(
    "credential",
    [
        b"",
        b"Proxy-Authorization: Basic cGxhbmdhdGU6\r\n",
        b"Proxy-Authorization: Basic\r\n",
        b"Proxy-Authorization: Bearer x\r\n",
    ],
)
async def test_other_processes_of_the_machine_are_kept_out(credential: bytes) -> None:
    """Whoever does not know the password reaches nothing, not even what is allowed."""
    async with a_receiver() as receiver, a_browser_gate(f"{LOCAL}:{receiver.port}") as gate:
        request = f"GET http://{LOCAL}:{receiver.port}/ HTTP/1.1\r\n".encode()
        answer = await said(gate[1], request + credential + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 407 ")
    assert receiver.received == []


@pytest.mark.parametrize(
    "request_line",
    [b"hello", b"GET / HTTP/2", b"get http://a/ HTTP/1.1", b"GET  HTTP/1.1", b"GET /\xff HTTP/1.1"],
)
async def test_what_is_no_request_to_a_proxy_is_refused(request_line: bytes) -> None:
    """Only requests as browsers write them are read."""
    async with a_browser_gate() as gate:
        answer = await said(gate[1], request_line + b"\r\n" + proof(gate[0]) + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_path_without_a_host_leads_nowhere() -> None:
    """A request as to a server, or to another scheme, is not a page that may be reached."""
    async with a_browser_gate() as gate:
        for place in (b"/", b"ftp://a.example/", b"file:///etc/passwd"):
            request = b"GET " + place + b" HTTP/1.1\r\n" + proof(gate[0]) + b"\r\n"
            assert (await said(gate[1], request)).startswith(b"HTTP/1.1 403 ")


async def test_an_endless_head_is_not_read() -> None:
    """A connection that never says what it wants ends."""
    async with a_browser_gate() as gate:
        assert await said(gate[1], b"GET http://a/ HTTP/1.1\r\nA: " + b"b" * 200_000) == b""


async def test_a_connection_that_says_nothing_ends() -> None:
    """Time is bounded for every connection."""
    async with a_browser_gate(bounds=TunnelBounds(lasts_s=0.1)) as gate:
        assert await said(gate[1], b"GET ") == b""


async def test_an_endless_page_is_cut() -> None:
    """What one connection may bring is bounded."""
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    async with (
        a_raw_server(head, endless=b"x" * 65_536) as server,
        a_browser_gate(
            f"{LOCAL}:{server.port}", bounds=TunnelBounds(received_bytes=100_000)
        ) as gate,
    ):
        request = f"GET http://{LOCAL}:{server.port}/ HTTP/1.1\r\n".encode()
        answer = await said(gate[1], request + proof(gate[0]) + b"\r\n")

    assert 100_000 <= len(answer) < 300_000


async def test_a_second_request_needs_a_second_connection() -> None:
    """The page is told to close, so that no request passes by the gate on an open connection."""
    async with a_receiver() as receiver, a_browser_gate(f"{LOCAL}:{receiver.port}") as gate:
        receiver.answers = lambda _: web.Response(text="one")
        request = f"GET http://{LOCAL}:{receiver.port}/ HTTP/1.1\r\n".encode()
        answer = await said(
            gate[1], request + b"Connection: keep-alive\r\n" + proof(gate[0]) + b"\r\n"
        )

    assert receiver.received[0].headers["connection"] == "close"
    assert answer.endswith(b"one")


async def test_closing_the_gate_ends_what_passes_it() -> None:
    """No tunnel outlives the worker."""
    async with (
        a_raw_server(endless=b"x", every_s=0.01) as server,
        a_browser_gate(f"{LOCAL}:{server.port}") as gate,
    ):
        parts = urlsplit(gate[1])
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        place = f"CONNECT {LOCAL}:{server.port} HTTP/1.1\r\n".encode()
        writer.write(place + proof(gate[0]) + b"\r\n" + b"hello")
        assert await reader.readexactly(20) == b"HTTP/1.1 200 Connect"
        await gate[0].close()
        async with asyncio.timeout(5):
            await reader.read()
        writer.close()


async def test_a_gate_that_never_listened_closes() -> None:
    """Closing is safe at any time."""
    await BrowserGate(Gate(read_rules(""), TableResolver())).close()
