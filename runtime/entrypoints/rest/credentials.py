"""Find out who asks, before a byte of the body is read.

A credential is a bearer token or, for browsers, a session in a cookie. A request that changes
something and brings the cookie must come from a page of an origin that is allowed: any page can
make a browser send cookies, none can choose what the browser says of its origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.requests import cookie_parser

from runtime.domain.caller import Caller
from runtime.domain.errors import CredentialRefusedError
from runtime.domain.token import TokenKind
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.entrypoints.rest.refusals import counted
from runtime.services.identity.authentication import Authentication

SESSION_COOKIE: Final = "plangate_session"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OPERATED_ROUTES: Final = frozenset(
    {("POST", "/v1/organizations"), ("POST", "/v1/secrets/rotations")}
)
"""Routes that take the platform's own credential; no other does."""

_CALLER: Final = "plangate.caller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """Hold the credential that a request brings.

    Attributes:
        text: the token.
        by_cookie: a browser sent it on its own.
    """

    text: str
    by_cookie: bool


async def authenticate(request: Request) -> Caller:
    """Return whose credential a request brings, and remember it for the rest of the request.

    Raises:
        CredentialRefusedError: it brings none that opens anything.
        CredentialUnverifiableError: nobody can tell now.
        ProblemError: ORIGIN_REFUSED for a cookie from a page of another origin; RATE_LIMITED for
            one more unknown credential from an address that brought too many.
        AuthenticationBusyError: too many unknown credentials are being looked up.
        StorageUnavailableError: the database can't be asked.
    """
    scope = request.scope
    brought = brought_by(request)
    if brought.by_cookie:
        refuse_other_origins(request)
    authentication: Authentication = request.app.state.services.authentication
    caller: Caller
    with counted(request, known=lambda: authentication.knows(brought.text)):
        if (scope["method"], scope["path"]) in OPERATED_ROUTES:
            key = request.headers.get("idempotency-key")
            caller = await authentication.operator_or_caller_of(brought.text, request_key=key)
        else:
            caller = await authentication.caller_of(brought.text)
    return remembered_caller(request, caller)


def remembered_caller(request: Request, caller: Caller) -> Caller:
    """Remember who asks for the rest of a request, and return them."""
    request.scope[_CALLER] = caller
    return caller


def caller_of(request: Request) -> Caller:
    """Return whom `authenticate` found."""
    caller: Caller = request.scope[_CALLER]
    return caller


def brought_by(request: Request) -> Brought:
    """Return the credential of a request; a header goes before a cookie.

    Raises:
        CredentialRefusedError: there is none, or two.
    """
    authorization, cookies = [], []
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            authorization.append(value)
        elif name == b"cookie":
            cookies.append(value)
    if authorization:
        return Brought(text=_bearer(authorization), by_cookie=False)
    for value in cookies:
        text = cookie_parser(value.decode("latin-1")).get(SESSION_COOKIE)
        if text and text.startswith(TokenKind.SESSION.value):
            return Brought(text=text, by_cookie=True)
    raise CredentialRefusedError


def refuse_other_origins(request: Request) -> None:
    """Let a browser's request pass that changes nothing, or comes from an allowed origin.

    Raises:
        ProblemError: ORIGIN_REFUSED.
    """
    if request.method in SAFE_METHODS:
        return
    headers = request.headers
    if headers.get("sec-fetch-site") == "same-origin":
        return
    allowed: frozenset[str] = request.app.state.allowed_origins
    if headers.get("origin") in allowed:
        return
    raise ProblemError(
        ProblemCode.ORIGIN_REFUSED,
        "a session's cookie changes things only for pages of this platform or of an origin in "
        "PLANGATE_ALLOWED_ORIGINS; other programs send a token as 'Authorization: Bearer'",
    )


def _bearer(values: list[bytes]) -> str:
    scheme, _, text = values[0].decode("latin-1").partition(" ")
    if len(values) > 1 or scheme.lower() != "bearer":
        raise CredentialRefusedError
    return text.strip()
