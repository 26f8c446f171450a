"""Serve the rules of each organization to the OPA servers that evaluate them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.status import HTTP_304_NOT_MODIFIED
from typing_extensions import override

from runtime.domain.errors import CredentialRefusedError
from runtime.entrypoints.rest.context import ServicesOf
from runtime.entrypoints.rest.credentials import brought_by
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.refusals import counted


class BundleRoute(APIRoute):
    """Let nobody but OPA servers pass, before anything else is looked at."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with what stands before it."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            with counted(request, known=lambda: False):
                _require_token(request)
            return await handle(request)

        return guarded


router = APIRouter(
    prefix="/v1/bundles", tags=["policies"], route_class=BundleRoute, responses=PROBLEMS
)

MEDIA_TYPE: Final = "application/gzip"


@router.get(
    "/{organization_id}",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}, 304: {"description": "You have it already."}},
)
async def read_bundle(organization_id: str, request: Request, services: ServicesOf) -> Response:
    """Return a signed bundle of an organization's rules, for whoever brings the bundle token."""
    known = request.headers.get("if-none-match")
    bundle = await services.bundles.of(organization_id, known=known)
    if bundle is None:
        return Response(status_code=HTTP_304_NOT_MODIFIED, headers={"ETag": known or ""})
    return Response(bundle.content, media_type=MEDIA_TYPE, headers={"ETag": bundle.etag})


def _require_token(request: Request) -> None:
    """Refuse everybody but OPA servers.

    Raises:
        CredentialRefusedError: another token, or there is none that would do.
    """
    expected = request.app.state.bundle_token
    brought = brought_by(request).text
    if expected is None or not secrets.compare_digest(
        expected.get_secret_value().encode(), brought.encode()
    ):
        raise CredentialRefusedError
