"""Stand before each route of the platform: who asks, what type, how much; then the handler."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from typing_extensions import override

from runtime.domain.caller import Caller
from runtime.domain.errors import NotAllowedError
from runtime.entrypoints.rest.body import CappedRequest, PlatformRequest, check_type
from runtime.entrypoints.rest.credentials import authenticate
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.entrypoints.rest.rates import admit
from runtime.entrypoints.rest.refused_rights import record_refusal


class PlatformRoute(APIRoute):
    """Authenticate before the body is read, then read it within its caps, as strict JSON only.

    Attributes:
        reads: how a body is read, and how much of it at most.
    """

    reads: ClassVar[type[CappedRequest]] = PlatformRequest

    async def authenticate(self, request: Request) -> Caller:
        """Return whose credential a request brings, and remember it for the rest of the request.

        Raises:
            CredentialRefusedError: it brings none that opens this.
        """
        return await authenticate(request)

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with what stands before it."""
        handle = super().get_route_handler()
        has_body = self.body_field is not None

        async def guarded(request: Request) -> Response:
            caller = await self.authenticate(request)
            admit(request, caller)
            refuse_nul(request)
            if has_body and not announces_nothing(request):
                check_type(request.headers.get("content-type", ""))
            try:
                return await handle(self.reads(request.scope, request.receive))
            except NotAllowedError as error:
                await record_refusal(request, caller, error)
                raise

        return guarded


def refuse_nul(request: Request) -> None:
    """Refuse a NUL in path or query, which no database keeps and so nothing is named by.

    Raises:
        ProblemError: NOT_FOUND or REQUEST_INVALID.
    """
    if "\0" in request.scope["path"]:
        raise ProblemError(ProblemCode.NOT_FOUND, "the path has a NUL, as nothing's path has")
    if b"%00" in request.scope["query_string"]:
        raise ProblemError(ProblemCode.REQUEST_INVALID, "the query has a NUL, expected none")


def announces_nothing(request: Request) -> bool:
    """Say whether a request announces that it has no body: one may then be left out."""
    headers = request.headers
    length = headers.get("content-length")
    if length is None:
        return "content-type" not in headers and "transfer-encoding" not in headers
    return length == "0"
