"""A platform's faults have names, its answers have bounds, and it is asked again where it helps."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from yarl import URL

from harness.target.link import MAX_ANSWER_BYTES, Link
from runtime.public import ModelError, ModelFault, Patience
from tests.servers.platform_stub import Answering, PlatformStub, in_turn, platform_stub, says

SECRET = "a-token-of-enough-characters"  # noqa: S105  # the example itself


@pytest.fixture(scope="module")
def served() -> Iterator[PlatformStub]:
    """Serve for the whole module."""
    with platform_stub() as stub:
        yield stub


@asynccontextmanager
async def a_link(base: str, *, timeout_s: float = 5.0) -> AsyncIterator[Link]:
    """Open a link and close it."""
    link = Link(URL(base), name="target+x", token=SECRET, timeout_s=timeout_s)
    try:
        yield link
    finally:
        await link.close()


class Waits:
    """Note how long was waited, and don't."""

    def __init__(self) -> None:
        self.spans: list[float] = []

    async def __call__(self, span_s: float) -> None:
        """Wait for nothing."""
        self.spans.append(span_s)


async def failed(
    stub: PlatformStub, answer: Answering, *, retries: int = 0, timeout_s: float = 5.0
) -> tuple[ModelError, list[float]]:
    """Ask a platform that fails; return the fault and the waits."""
    stub.evaluated, waits = answer, Waits()
    async with a_link(stub.base, timeout_s=timeout_s) as link:
        with pytest.raises(ModelError) as caught:
            await link.ask(("v1",), b"{}", patience=Patience(retries=retries, sleep=waits))
    return caught.value, waits.spans


@pytest.mark.parametrize(
    ("status", "fault", "asked"),
    [
        (301, ModelFault.BAD_REQUEST, 1),
        (400, ModelFault.BAD_REQUEST, 1),
        (401, ModelFault.UNAUTHORIZED, 1),
        (403, ModelFault.UNAUTHORIZED, 1),
        (404, ModelFault.BAD_REQUEST, 1),
        (408, ModelFault.TIMEOUT, 3),
        (429, ModelFault.RATE_LIMITED, 3),
        (500, ModelFault.SERVER, 3),
        (503, ModelFault.SERVER, 3),
        (504, ModelFault.TIMEOUT, 3),
    ],
)
async def test_a_status_is_a_fault_and_is_asked_again_where_it_helps(
    served: PlatformStub, status: int, fault: ModelFault, asked: int
) -> None:
    """The problem that came with it is told."""
    before = len(served.asked)
    answer = says({"code": "broken", "detail": "by us"}, status=status)

    error, waits = await failed(served, answer, retries=2)

    assert error.fault is fault
    assert error.detail == f"HTTP {status}: broken: by us"
    assert (len(served.asked) - before, len(waits)) == (asked, asked - 1)


async def test_retry_after_is_kept_to_a_bound(served: PlatformStub) -> None:
    """A server may ask for a year; a date, or nonsense, is left to the usual waits."""
    answer = in_turn(
        says({}, status=429, Retry_After="3"),
        says({}, status=429, Retry_After="31536000"),
        says({}, status=503, Retry_After="soon"),
        says({}, status=503),
        says({"fine": True}),
    )
    served.evaluated, waits = answer, Waits()

    async with a_link(served.base) as link:
        heard = await link.ask(("v1",), b"{}", patience=Patience(retries=4, sleep=waits), seed=7)

    assert (heard.body, heard.retries) == (b'{"fine":true}', 4)
    assert waits.spans[:2] == [3.0, 30.0]
    assert 0 <= waits.spans[2] <= 2.0
    assert 0 <= waits.spans[3] <= 4.0
    assert waits.spans[2] != waits.spans[3]


async def test_the_token_goes_along_and_never_into_a_fault(served: PlatformStub) -> None:
    """A server that repeats it is quoted without it, and on one line."""
    error, _ = await failed(served, says({"detail": f"no\n{SECRET}\x1b[1m!"}, status=400))

    assert served.headers[-1]["Authorization"] == f"Bearer {SECRET}"
    assert error.detail == "HTTP 400: no ***?[1m!"


async def test_a_redirect_is_not_followed(served: PlatformStub) -> None:
    """The token is for the address that was named."""
    error, _ = await failed(served, says({}, status=307, Location="http://elsewhere.example"))

    assert "name the address itself: http://elsewhere.example" in error.detail


async def test_an_answer_that_is_too_long_is_left(served: PlatformStub) -> None:
    """Not all of it is read."""
    error, _ = await failed(served, says(b" " * (MAX_ANSWER_BYTES + 1)))

    assert error.fault is ModelFault.MALFORMED
    assert f"more than {MAX_ANSWER_BYTES} bytes" in error.detail


async def test_an_answer_at_the_bound_is_read(served: PlatformStub) -> None:
    """The bound itself is allowed."""
    served.evaluated = says(b" " * MAX_ANSWER_BYTES)

    async with a_link(served.base) as link:
        heard = await link.ask(("v1",), b"{}", patience=Patience(retries=0))

    assert len(heard.body) == MAX_ANSWER_BYTES


async def test_a_packed_answer_is_not_unpacked(served: PlatformStub) -> None:
    """A few bytes may become a gigabyte."""
    answer = says(zlib.compress(b"{}"), Content_Encoding="deflate")

    error, _ = await failed(served, answer)

    assert error.fault is ModelFault.MALFORMED
    assert "packed as deflate" in error.detail
    assert served.headers[-1]["Accept-Encoding"] == "identity"


async def test_a_silent_platform_is_given_up(served: PlatformStub) -> None:
    """The fault says after how long."""

    async def silent(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError

    error, _ = await failed(served, silent, timeout_s=0.1)

    assert (error.fault, error.detail) == (ModelFault.TIMEOUT, "no answer within 0.1 s")


async def test_a_dropped_connection_is_asked_again(served: PlatformStub) -> None:
    """Asking twice has no effect, so a stale connection costs a retry."""

    async def dropped(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    error, waits = await failed(served, dropped, retries=1)

    assert error.fault is ModelFault.CONNECTION
    assert len(waits) == 1


async def test_nobody_there_is_a_fault_of_the_connection(unused_tcp_port: int) -> None:
    """The message names the address."""
    async with a_link(f"http://127.0.0.1:{unused_tcp_port}") as link:
        with pytest.raises(ModelError, match=f"connection: .*{unused_tcp_port}"):
            await link.ask(("v1",), None, patience=Patience(retries=0))
