"""Record what a route refuses to a caller by their rights, before they are told."""

from __future__ import annotations

from fastapi import Request

from runtime.domain.caller import Caller
from runtime.domain.errors import NotAllowedError
from runtime.entrypoints.rest.context import route_of
from runtime.services.audit.access_refusals import Asked
from runtime.services.platform import Platform


async def record_refusal(request: Request, caller: Caller, error: NotAllowedError) -> None:
    """Record a refusal.

    Raises:
        StorageUnavailableError: it is not known to be recorded, and so nobody is told of it.
    """
    services: Platform = request.app.state.services
    asked = Asked(route=route_of(request), path=request.scope["path"])
    await services.access_refusals.note(caller, asked, needs=error.needs, has=error.has)
