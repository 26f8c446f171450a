"""Let browsers log in and out. A session is a cookie that no script reads and no other site sends.

The first two routes are open: who asks is what they find out.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator
from starlette.responses import RedirectResponse

from runtime.domain.errors import IdentityRefusedError
from runtime.domain.identity import IdentityRefusal
from runtime.domain.issued_token import SESSION_LIFE
from runtime.entrypoints.rest.context import ServicesOf, Writing
from runtime.entrypoints.rest.credentials import SESSION_COOKIE
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.kit.local_path import is_local_path
from runtime.services.identity.pending_logins import LIFE
from runtime.services.identity.sessions import LoginAnswer

HOME: Final = "/"
LOGIN_COOKIE: Final = "plangate_login"
CALLBACK_PATH: Final = "/v1/sessions:callback"
_SAME_SITE: Final = "lax"

router = APIRouter(prefix="/v1", tags=["sessions"], responses=PROBLEMS)
own_router = APIRouter(
    prefix="/v1", tags=["sessions"], route_class=PlatformRoute, responses=PROBLEMS
)


def _local(text: str) -> str:
    if not is_local_path(text):
        raise ValueError("expected a path of this site, such as /projects")
    return text


Text = Annotated[str | None, Query(max_length=2_000)]
LocalPath = Annotated[str, AfterValidator(_local)]


@router.get("/sessions:login", status_code=HTTPStatus.FOUND, response_class=RedirectResponse)
async def begin_session(
    request: Request, services: ServicesOf, issuer: Text = None, return_to: LocalPath = HOME
) -> Response:
    """Send a browser to its identity provider; open to everybody."""
    begun = await services.sessions.begin(issuer=issuer, return_to=return_to)
    response = RedirectResponse(begun.url, HTTPStatus.FOUND)
    response.set_cookie(
        LOGIN_COOKIE,
        begun.sealed,
        max_age=int(LIFE.total_seconds()),
        path=CALLBACK_PATH,
        secure=_secure(request),
        httponly=True,
        samesite=_SAME_SITE,
    )
    return response


@router.get("/sessions:callback", status_code=HTTPStatus.FOUND, response_class=RedirectResponse)
async def finish_session(
    request: Request,
    services: ServicesOf,
    state: Text = None,
    code: Text = None,
    iss: Text = None,
    error: Text = None,
) -> Response:
    """Take the answer of an identity provider, and begin a session; open to everybody."""
    if state is None or code is None or error is not None:
        raise IdentityRefusedError(
            reason=IdentityRefusal.CODE, detail="the identity provider sent no code"
        )
    logged_in = await services.sessions.finish(
        request.cookies.get(LOGIN_COOKIE, ""), LoginAnswer(state=state, code=code, issuer=iss)
    )
    response = RedirectResponse(logged_in.return_to, HTTPStatus.FOUND)
    response.delete_cookie(
        LOGIN_COOKIE,
        path=CALLBACK_PATH,
        secure=_secure(request),
        httponly=True,
        samesite=_SAME_SITE,
    )
    response.set_cookie(
        SESSION_COOKIE,
        logged_in.text,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        secure=_secure(request),
        httponly=True,
        samesite=_SAME_SITE,
    )
    return response


@own_router.post("/sessions:logout", status_code=HTTPStatus.NO_CONTENT)
async def end_session(request: Request, context: Writing, services: ServicesOf) -> Response:
    """End the session that the request brings."""
    await services.sessions.end(context)
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    response.delete_cookie(
        SESSION_COOKIE, path="/", secure=_secure(request), httponly=True, samesite=_SAME_SITE
    )
    return response


def _secure(request: Request) -> bool:
    secure: bool = request.app.state.secure_cookies
    return secure
