"""What ends halfway is left to the server; what is left by its caller is no fault of ours."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import orjson
import pytest
import structlog
from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from runtime.entrypoints.rest.cors import Cors
from runtime.entrypoints.rest.edge import Edge, EdgeOptions, EdgeParts, install
from runtime.kit.clock import FixedClock
from runtime.telemetry import REQUEST_ID, Metrics, configure_logging

CLOCK = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


def an_edge(app: Any, metrics: Metrics | None = None) -> Edge:  # noqa: ANN401  # any ASGI app
    """Put the edge around an app."""
    parts = EdgeParts(
        options=EdgeOptions(),
        monotonic_s=CLOCK.monotonic_s,
        metrics=metrics or Metrics(),
        cors=Cors(),
    )
    return Edge(app, parts=parts)


async def sent_by(edge: Edge, **changes: Any) -> list[Message]:  # noqa: ANN401  # of ASGI
    """Send a request through an edge, and return what comes out."""
    got = list[Message]()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        got.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], **changes}
    await edge(scope, receive, send)
    return got


async def test_half_an_answer_is_cut_off() -> None:
    """Nothing that is sent after it could tell the caller the truth."""

    async def breaking(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await sent_by(an_edge(breaking))


async def test_who_hangs_up_is_not_answered() -> None:
    """And it is written down as what it is."""
    written = StringIO()
    configure_logging(stream=written)

    async def reading(_: Scope, __: Receive, ___: Send) -> None:
        raise ClientDisconnect

    try:
        got = await sent_by(an_edge(reading))
    finally:
        structlog.reset_defaults()

    (line,) = [orjson.loads(line) for line in written.getvalue().splitlines()]
    assert got == []
    assert (line["event"], line["level"]) == ("request.abandoned", "info")


async def test_what_is_no_request_passes_untouched() -> None:
    """Such as the beginning and the end of the app."""
    seen = list[str]()

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["type"])

    await sent_by(an_edge(app), type="lifespan")

    assert seen == ["lifespan"]


async def test_the_request_is_known_while_it_is_worked_on() -> None:
    """And no longer."""
    seen = list[str | None]()

    async def app(_: Scope, __: Receive, ___: Send) -> None:
        seen.append(REQUEST_ID.get())

    await sent_by(an_edge(app), headers=[(b"x-request-id", b"trace-0001")])

    assert (seen, REQUEST_ID.get()) == (["trace-0001"], None)


async def test_a_route_may_say_more_than_the_edge() -> None:
    """Such as how long its answer may be kept."""

    async def app(_: Scope, __: Receive, send: Send) -> None:
        headers = [(b"cache-control", b"max-age=5")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    start, _ = await sent_by(an_edge(app))

    caching = [value for name, value in start["headers"] if name == b"cache-control"]
    assert caching == [b"max-age=5"]


async def test_what_the_routes_ask_for_is_in_the_apps_state() -> None:
    """Put there together with the edge."""
    app, metrics = FastAPI(), Metrics()

    install(app, EdgeOptions(allowed_origins=("https://a.example",)), clock=CLOCK, metrics=metrics)

    assert app.state.allowed_origins == {"https://a.example"}
    assert app.state.rates.rate.per_s == 600
    assert app.state.secure_cookies is True
    assert (app.state.metrics, app.state.metrics_token) == (metrics, None)
