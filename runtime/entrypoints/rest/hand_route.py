"""Serve a route whose endpoint reads its request by hand: nothing stands between but the guards.

The framework's own handling of a request (dependencies, parameters, exit stacks, the answer's
model) costs more than judging a small plan. Such a route keeps its place in the API's description
by the signature and the models that it declares.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from fastapi import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from runtime.domain.errors import NotAllowedError
from runtime.entrypoints.rest.body import PlatformRequest
from runtime.entrypoints.rest.credentials import authenticate
from runtime.entrypoints.rest.rates import admit
from runtime.entrypoints.rest.refused_rights import record_refusal
from runtime.entrypoints.rest.route import PlatformRoute


class JsonText(Response):
    """Answer with a document that is spelled already."""

    def __init__(self, text: str, *, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Take the text, and what the answer says besides; the framework's own way walks twice."""
        self.status_code = HTTPStatus.OK
        self.background = None
        self.body = text.encode()
        self.raw_headers = [
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"application/json"),
            *headers,
        ]


class HandRoute(PlatformRoute):
    """Authenticate, then call the endpoint with the request and what its path names."""

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; what is raised, the app's own handlers turn into problems."""
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        request = PlatformRequest(scope, receive)
        caller = await authenticate(request)
        admit(request, caller)
        try:
            answer: Response = await self.endpoint(request=request, **scope["path_params"])
        except NotAllowedError as error:
            await record_refusal(request, caller, error)
            raise
        await answer(scope, receive, send)
