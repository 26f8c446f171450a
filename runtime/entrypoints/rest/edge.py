"""Stand around the whole app: name each request, count it, and send safe headers with each answer.

Pure ASGI and one wrapper of `send`, because every request passes here. A fault of ours is logged
with its place and answered as a problem; its message, which may hold what a caller sent, is not.
"""

from __future__ import annotations

import re
import secrets
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.entrypoints.rest.cors import Cors
from runtime.entrypoints.rest.problems import internal_problem
from runtime.entrypoints.rest.rates import USUAL_RATE, RequestRates, rate_headers
from runtime.entrypoints.rest.refusals import Refusals
from runtime.kit.clock import Clock
from runtime.kit.rates import Rate
from runtime.telemetry import REQUEST_ID, Metrics

REQUEST_ID_HEADER: Final = b"x-request-id"
UNMATCHED: Final = "unmatched"
_SANE: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,127}")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAULT: Final = 500

SAFE_HEADERS: Final[tuple[tuple[bytes, bytes], ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""What each answer says unless its route says otherwise."""
ONLY_HTTPS: Final = (b"strict-transport-security", b"max-age=31536000")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeOptions:
    """Say what the edge lets through, and what it tells.

    Attributes:
        allowed_origins: pages of other sites that may call with cookies and read answers.
        rate: how often one credential may ask this process; None: as often as it likes.
        metrics_token: opens the figures to other machines; None: this machine alone reads them.
        https: browsers reach the platform by https alone, so that cookies go no other way.
        log_requests: write a line for each request, not only for faults.
    """

    allowed_origins: tuple[str, ...] = ()
    rate: Rate | None = USUAL_RATE
    metrics_token: SecretStr | None = None
    https: bool = True
    log_requests: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeParts:
    """Hold what the edge needs for each request."""

    options: EdgeOptions
    monotonic_s: Callable[[], float]
    metrics: Metrics
    cors: Cors


def install(
    app: FastAPI, options: EdgeOptions, *, clock: Clock, metrics: Metrics
) -> Callable[[ASGIApp], ASGIApp]:
    """Put the edge around an app, and leave in its state what the routes ask for.

    Returns:
        What puts the same edge around another way into the app.
    """
    app.state.allowed_origins = frozenset(options.allowed_origins)
    app.state.rates = (
        None if options.rate is None else RequestRates(options.rate, monotonic_s=clock.monotonic_s)
    )
    app.state.refusals = Refusals(monotonic_s=clock.monotonic_s)
    app.state.metrics = metrics
    app.state.metrics_token = options.metrics_token
    app.state.secure_cookies = options.https
    parts = EdgeParts(
        options=options,
        monotonic_s=clock.monotonic_s,
        metrics=metrics,
        cors=Cors(options.allowed_origins),
    )
    app.add_middleware(Edge, parts=parts)
    return partial(Edge, parts=parts)


class Edge:
    """Wrap an app."""

    def __init__(self, app: ASGIApp, *, parts: EdgeParts) -> None:
        self._app = app
        self._parts = parts
        self._headers = (*SAFE_HEADERS, ONLY_HTTPS) if parts.options.https else SAFE_HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(scope, send, headers=self._headers, cors=self._parts.cors)
        began_s = self._parts.monotonic_s()
        named = REQUEST_ID.set(passage.request_id)
        try:
            await self._pass(scope, receive, passage)
        finally:
            self._count(scope, passage.status, seconds=self._parts.monotonic_s() - began_s)
            REQUEST_ID.reset(named)

    async def _pass(self, scope: Scope, receive: Receive, passage: _Passage) -> None:
        preflight = self._parts.cors.preflight(scope)
        if preflight is not None:
            await preflight(scope, receive, passage.send)
            return
        try:
            await self._app(scope, receive, passage.send)
        except ClientDisconnect:
            _log.info("request.abandoned", route=route_template(scope))
        except Exception as error:
            _log.error(  # without the message, which may hold what a caller sent
                "request.failed",
                route=route_template(scope),
                error=type(error).__name__,
                place="".join(traceback.format_tb(error.__traceback__)[-3:]),
            )
            if passage.status:
                raise  # half an answer is out: the server must cut the connection
            await internal_problem()(scope, receive, passage.send)

    def _count(self, scope: Scope, status: int, *, seconds: float) -> None:
        route = route_template(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._parts.metrics.answered(method, route, status=status, seconds=seconds)
        if self._parts.options.log_requests or status >= _FAULT:
            _log.info(
                "request.answered",
                method=method,
                route=route,
                status=status,
                duration_ms=round(seconds * 1000, 2),
            )


class _Passage:
    """Follow one answer on its way out."""

    def __init__(
        self, scope: Scope, send: Send, *, headers: tuple[tuple[bytes, bytes], ...], cors: Cors
    ) -> None:
        self.status = 0
        self._scope = scope
        self._send = send
        self._headers = headers
        self._cors = cors
        brought, self._origin = _named(scope)
        if brought is not None and _SANE.fullmatch(brought):
            self._request_id = brought
        else:
            self._request_id = b"req_" + secrets.token_hex(12).encode()

    @property
    def request_id(self) -> str:
        """Return the name of the request."""
        return self._request_id.decode()

    async def send(self, message: Message) -> None:
        """Send a part of the answer, the first one with our headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._with_ours(message.get("headers", ()))
        await self._send(message)

    def _with_ours(self, found: Any) -> list[tuple[bytes, bytes]]:  # noqa: ANN401  # of ASGI
        headers = list(found)
        said = {name for name, _ in headers}
        headers.append((REQUEST_ID_HEADER, self._request_id))
        headers.extend(pair for pair in self._headers if pair[0] not in said)
        headers.extend(rate_headers(self._scope))
        if self._origin is not None:
            headers.extend(self._cors.headers(self._origin))
        return headers


def route_template(scope: Scope) -> str:
    """Return the route that a request took, without what stands in its places."""
    template: str = getattr(scope.get("route"), "path_format", UNMATCHED)
    return template


def _named(scope: Scope) -> tuple[bytes | None, bytes | None]:
    """Return the request's id and the page's origin, as they were sent."""
    request_id = origin = None
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER:
            request_id = value
        elif name == b"origin":
            origin = value
    return request_id, origin
