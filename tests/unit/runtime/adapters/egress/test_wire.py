"""Tests of the bound on what one answer may have on the wire."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp import web

from runtime.adapters.egress.client import USUAL_BOUNDS
from runtime.adapters.egress.wire import BESIDE_BODY_BYTES
from runtime.ports.effect_failure import RetryableError
from runtime.ports.egress import HttpCall
from tests.egress import an_egress
from tests.servers.receiver import a_raw_server, a_receiver

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SMALL = replace(USUAL_BOUNDS, answer_bytes=1_024, timeout_s=10)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("start", "endless"),
    [
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999, id="100"),
        pytest.param(b"", b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 999, id="103"),
        pytest.param(CHUNKED, b"1;" + b"e" * 900 + b"\r\nx\r\n", id="extensions of chunks"),
        pytest.param(CHUNKED + b"0\r\n", b"A: b\r\n" * 999, id="trailers"),
    ],
)
async def test_what_is_no_body_is_bounded_too(method: str, start: bytes, endless: bytes) -> None:
    """It ends by its size, once: a request is not repeated for the sake of such an answer."""
    async with (
        a_raw_server(start, endless=endless) as server,
        an_egress(f"127.0.0.1:{server.port}", bounds=SMALL) as egress,
    ):
        call = HttpCall(method=method, url=f"http://127.0.0.1:{server.port}/")
        try:
            answer = await egress.send(call)
        except RetryableError as error:
            found = str(error)
        else:
            found = f"{answer.truncated}"

    assert found.startswith("the answer broke off") or found == "True"
    assert server.accepted == 1


async def test_each_answer_of_a_kept_connection_is_counted_by_itself() -> None:
    """Many good answers over one connection are no long one."""
    size_bytes = 60_000
    times = (BESIDE_BODY_BYTES + 4 * USUAL_BOUNDS.answer_bytes) // size_bytes + 2
    async with a_receiver() as receiver, an_egress(f"127.0.0.1:{receiver.port}") as egress:
        receiver.answers = lambda _: web.Response(body=b"x" * size_bytes)
        for _ in range(times):
            answer = await egress.send(
                HttpCall(method="GET", url=f"http://127.0.0.1:{receiver.port}/")
            )
            assert len(answer.body) == size_bytes

    assert len(receiver.connections) == 1
