"""Guard the console's pages: who is at the door, from which page, and under which name.

Every request names a host that the console is known by; whatever is sent comes from a page of its
own; and nobody without a session sees more than the page that asks for a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.client import ClientError, Plangate
from runtime.entrypoints.console.place import MOUNTED_AT, Place, name_of, own_path, own_root
from runtime.entrypoints.console.sessions import IDLE_S, Session, Sessions
from runtime.entrypoints.console.signin_page import signin_page

COOKIE: Final = "plangate_console"
PLATFORM_COOKIE: Final = "plangate_session"
SIGN_IN: Final = "/signin"
SIGN_OUT: Final = "/signout"
LOGIN: Final = "/v1/sessions:login"
MOST_FORM_BYTES: Final = 16_384
PROVIDER_S: Final = 3.0
OPEN: Final = frozenset({SIGN_IN, "/healthz"})
_POLICIES: Final = (
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Gradio starts by inline scripts
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'self'",
    "object-src 'none'",
)
HEADERS: Final = {
    "Content-Security-Policy": "; ".join(_POLICIES),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with less, a form says that it comes from nowhere
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Door:
    """Let requests in, before anything of Gradio sees them."""

    def __init__(self, app: FastAPI, *, sessions: Sessions, place: Place) -> None:
        """Stand before an app."""
        self._app = app
        self._sessions = sessions
        self._place = place

    def living(self) -> AbstractAsyncContextManager[object]:
        """Begin what goes on beside requests, and end it; a server of its own does so by itself."""
        return self._app.router.lifespan_context(self._app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not pass, and let the rest pass."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # the console has no other kind of connection
        refusal = self._refusal(scope)
        app: ASGIApp = self._app if refusal is None else refusal
        await app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if name_of(host) not in self._place.hosts:
            return PlainTextResponse(
                "this console is not known by that name; start it with --host-name to add one",
                HTTPStatus.MISDIRECTED_REQUEST,
            )
        if scope["method"] not in _SAFE and not _from_own_page(headers, host):
            return PlainTextResponse("expected a request of this page", HTTPStatus.FORBIDDEN)
        if own_path(scope) in OPEN or session_of(scope, self._sessions) is not None:
            return None
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            return RedirectResponse(f"{own_root(scope)}{SIGN_IN}", HTTPStatus.SEE_OTHER)
        return PlainTextResponse("sign in first", HTTPStatus.UNAUTHORIZED)


def session_of(scope: Scope, sessions: Sessions) -> Session | None:
    """Return the session that a request's cookie opens."""
    key = Request(scope).cookies.get(COOKIE)
    return None if key is None else sessions.of_key(key)


def add_signing(app: FastAPI, *, sessions: Sessions, place: Place) -> None:
    """Give an app the pages by which people sign in and out."""

    @app.get(SIGN_IN)
    async def ask(request: Request) -> Response:
        return await _page(request, place)

    @app.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        form = await _form(request)
        by_session = form.get("use") == "session"
        token = request.cookies.get(PLATFORM_COOKIE, "") if by_session else form.get("token", "")
        try:
            client = Plangate(place.asked(request.scope), token=token.strip())
            who = await run_in_threadpool(client.me.read_caller)
        except ClientError as error:
            return await _page(request, place, failure=str(error))
        key = sessions.begin(client, who, ends_at_platform=by_session)
        home = f"{own_root(request.scope)}/"
        response = RedirectResponse(home, HTTPStatus.SEE_OTHER)
        response.set_cookie(
            COOKIE, key, max_age=int(IDLE_S), path=home, httponly=True, samesite="strict",
            secure=place.https or request.url.scheme == "https",
        )  # fmt: skip
        return response

    @app.post(SIGN_OUT)
    async def sign_out(request: Request) -> Response:
        ended = sessions.end(request.cookies.get(COOKIE, ""))
        if ended is not None and ended.ends_at_platform:
            await run_in_threadpool(_end_at_platform, ended.client)
        root = own_root(request.scope)
        response = RedirectResponse(f"{root}{SIGN_IN}", HTTPStatus.SEE_OTHER)
        response.delete_cookie(COOKIE, path=f"{root}/", httponly=True, samesite="strict")
        return response

    @app.get("/healthz")
    async def health() -> Mapping[str, str]:
        return {"status": "ok"}


async def _page(request: Request, place: Place, *, failure: str = "") -> Response:
    provider = await run_in_threadpool(_provider, request.scope, place)
    page = signin_page(
        platform=place.words(),
        provider=provider,
        continues=PLATFORM_COOKIE in request.cookies,
        failure=failure,
    )
    status = HTTPStatus.UNAUTHORIZED if failure else HTTPStatus.OK
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})


def _provider(scope: Scope, place: Place) -> str | None:
    """Return where people sign in by their identity provider; None: the platform knows none."""
    try:
        asked = place.asked(scope)
        Plangate(asked, token=None, timeout_s=PROVIDER_S).sessions.begin()
    except ClientError:
        return None
    if place.platform is not None:
        return place.leading(f"{asked.rstrip('/')}{LOGIN}")
    root = own_root(scope)
    back = quote(f"{root}{SIGN_IN}", safe="/")
    return f"{root.removesuffix(MOUNTED_AT)}{LOGIN}?return_to={back}"


def _end_at_platform(client: Plangate) -> None:
    try:
        client.sessions.end()
    except ClientError:
        return  # it ends there by itself


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_FORM_BYTES:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}


def _from_own_page(headers: Headers, host: str) -> bool:
    """Return whether a browser says that a page of this host sends it."""
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == host
    return headers.get("sec-fetch-site") == "same-origin"


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sent
