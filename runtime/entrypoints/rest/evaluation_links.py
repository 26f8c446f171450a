"""Lead browsers without a credential to the pages of evaluations: a link, and the visit it opens.

A link's ticket stands in an address, so it is exchanged at once, for a cookie that no script reads
and no other site sends, of these pages alone. The answer is a page that goes on by itself: after a
redirect that another site began, a browser would keep such a cookie back.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse
from starlette.types import Scope
from typing_extensions import override

from runtime.domain.caller import Caller
from runtime.domain.errors import CredentialRefusedError
from runtime.entrypoints.rest.context import ServicesOf, Writing, answered
from runtime.entrypoints.rest.credentials import remembered_caller
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.services.evaluations.links import EvaluationLinks
from runtime.services.identity.page_passes import MOST_LETTERS

VISIT_COOKIE: Final = "plangate_evaluations"
LINK_GONE: Final = (
    "This link was used, has ended, or is none. Make another one: "
    "<code>plangate org evaluations</code>, or <i>Models</i> in the console."
)
PREFIX: Final = "/v1/organizations/{organization_id}"

router = APIRouter(
    prefix=PREFIX, tags=["evaluations"], route_class=PlatformRoute, responses=PROBLEMS
)
open_router = APIRouter(prefix=PREFIX, tags=["evaluations"], include_in_schema=False)


class EvaluationLinkOut(BaseModel):
    """Lead a browser to the organization's evaluations, once; null where a request is repeated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None
    expires_at: datetime


class PageRoute(PlatformRoute):
    """Let visitors in beside those who bring a credential; a header still goes before a cookie."""

    @override
    async def authenticate(self, request: Request) -> Caller:
        visit = request.cookies.get(VISIT_COOKIE)
        if visit is not None and "authorization" not in request.headers:
            links: EvaluationLinks = request.app.state.services.evaluation_links
            caller = await links.visitor(visit)
            if caller is not None:
                return remembered_caller(request, caller)
        return await super().authenticate(request)


@router.post("/evaluations:link", response_model=EvaluationLinkOut)
async def create_evaluation_link(
    organization_id: str, request: Request, context: Writing, services: ServicesOf
) -> Response:
    """Make a link that opens the organization's evaluations in a browser, once, within 2 minutes.

    What it opens reads these pages and nothing else, and ends with the credential of the request.
    """
    return answered(
        await services.evaluation_links.create(
            context, organization_id, reached_at=str(request.base_url)
        )
    )


@open_router.get("/evaluations:open")
async def open_evaluation_link(
    organization_id: str,
    request: Request,
    services: ServicesOf,
    ticket: Annotated[str, Query(max_length=MOST_LETTERS)] = "",
) -> Response:
    """Exchange a link for a visit, and go on to the pages; open to whoever has the link."""
    try:
        visit = await services.evaluation_links.visit(organization_id, ticket)
    except CredentialRefusedError:
        return HTMLResponse(_page(LINK_GONE), HTTPStatus.UNAUTHORIZED)
    root = page_root(request.scope, organization_id)
    link = f'<a href="{root}/">Go on to the evaluations</a>'
    response = HTMLResponse(
        _page(link, head=f'<meta http-equiv="refresh" content="0;url={root}/">')
    )
    response.set_cookie(
        VISIT_COOKIE,
        visit.text,
        max_age=int(visit.life.total_seconds()),
        path=root,
        secure=request.app.state.secure_cookies,
        httponly=True,
        samesite="strict",
    )
    return response


def page_root(scope: Scope, organization_id: str) -> str:
    """Return the address below which an organization's pages are, without its last slash."""
    return f"{scope.get('root_path', '')}/v1/organizations/{organization_id}/evaluations"


def _page(said: str, *, head: str = "") -> str:
    """Return a page without styles or scripts, in the colours of the browser's scheme."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">{head}<title>Evaluations</title></head>'
        f"<body><main><h1>Evaluations</h1><p>{said}</p></main></body></html>"
    )
