"""Serve a route whose endpoint reads its request by hand: nothing stands between but the guards.

The framework's own handling of a request (dependencies, parameters, the answer's model) costs more
than judging a small plan. Such a route keeps its place in the API's description by the signature
and the models that it declares.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from typing_extensions import override

from runtime.entrypoints.rest.body import PlatformRequest
from runtime.entrypoints.rest.credentials import authenticate
from runtime.entrypoints.rest.rates import admit
from runtime.entrypoints.rest.route import PlatformRoute


class HandRoute(PlatformRoute):
    """Authenticate, then call the endpoint with the request and what its path names."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint with what stands before it."""
        endpoint = self.endpoint

        async def guarded(request: Request) -> Response:
            admit(request, await authenticate(request))
            capped = PlatformRequest(request.scope, request.receive)
            answer: Response = await endpoint(request=capped, **request.path_params)
            return answer

        return guarded
