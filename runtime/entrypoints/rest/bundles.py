"""Serve the rules of each organization to the OPA servers that evaluate them.

A server that has the newest may wait for newer ones: it says how long by `Prefer: wait=SECONDS`,
and learns by the type of an answer whether it may. Where too many wait already, one gets its bundle
under the plain type, and asks now and then instead.
Source: OPA's long polling, https://www.openpolicyagent.org/docs/management-bundles
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Self

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.status import HTTP_304_NOT_MODIFIED
from typing_extensions import override

from runtime.domain.errors import CredentialRefusedError
from runtime.entrypoints.rest.context import ServicesOf
from runtime.entrypoints.rest.credentials import brought_by
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.refusals import counted
from runtime.services.policies.bundle_maker import Bundle


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
WAITED_FOR: Final = "application/vnd.openpolicyagent.bundles"
"""The type that tells a server that it may wait for the next one."""
MOST_WAIT_S: Final = 60.0
_WAIT: Final = re.compile(r"(?:^|[;,\s])wait=(\d{1,6})(?:$|[;,\s])")


ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {MEDIA_TYPE: {}, WAITED_FOR: {}}},
    304: {"description": "You have it already."},
}


@router.get("/discovery", response_class=Response, responses=ANSWERS)
async def read_discovery(request: Request, services: ServicesOf) -> Response:
    """Return a signed part of OPA's configuration: a bundle for each organization.

    It is waited for as a bundle of rules is.
    """
    discovery, asked = services.bundles.discovery, _Asked.of(request)
    if asked.waits and discovery.watch.has_room:
        bundle = await discovery.newer(
            known=asked.known, within_s=asked.wait_s, gone=request.is_disconnected
        )
    else:
        bundle = await discovery.of(known=asked.told)
    return asked.answered(bundle, may_wait=discovery.watch.has_room)


@router.get("/{organization_id}", response_class=Response, responses=ANSWERS)
async def read_bundle(organization_id: str, request: Request, services: ServicesOf) -> Response:
    """Return a signed bundle of an organization's rules, for whoever brings the bundle token.

    With `Prefer: wait=SECONDS` the answer comes as soon as there is another than `If-None-Match`
    names, or after that time.
    """
    bundles, asked = services.bundles, _Asked.of(request)
    if asked.waits and bundles.watch.has_room:
        bundle = await bundles.newer(
            organization_id,
            known=asked.known,
            within_s=asked.wait_s,
            gone=request.is_disconnected,
        )
    else:
        bundle = await bundles.of(organization_id, known=asked.told)
    return asked.answered(bundle, may_wait=bundles.watch.has_room)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Hold what a server has already, and how long it would wait for another.

    Attributes:
        known: the ETag; empty for none.
        wait_s: 0 if it does not say so.
    """

    known: str
    wait_s: float

    @classmethod
    def of(cls, request: Request) -> Self:
        """Read it off the headers."""
        found = _WAIT.search(request.headers.get("prefer", ""))
        return cls(
            known=request.headers.get("if-none-match", ""),
            wait_s=0.0 if found is None else min(float(found[1]), MOST_WAIT_S),
        )

    @property
    def waits(self) -> bool:
        """Say whether it has one, and would wait for another."""
        return bool(self.known and self.wait_s)

    @property
    def told(self) -> str | None:
        """Return what need not be sent to it again, where it does not wait.

        One that would gets the bundle it has, since only a bundle's type tells it not to.
        """
        return None if self.wait_s else self.known

    def answered(self, bundle: Bundle | None, *, may_wait: bool) -> Response:
        """Return the answer; None: it has the newest."""
        if bundle is None:
            return Response(status_code=HTTP_304_NOT_MODIFIED, headers={"ETag": self.known})
        media_type = WAITED_FOR if may_wait else MEDIA_TYPE
        return Response(bundle.content, media_type=media_type, headers={"ETag": bundle.etag})


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
