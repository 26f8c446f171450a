"""Tell browsers which pages of other sites may read answers: those of listed origins, no others."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.types import Scope

_VARY: Final = (b"vary", b"Origin")
_WITH_COOKIES: Final = (b"access-control-allow-credentials", b"true")
_SHOWN_NAMES: Final = (
    b"ETag, Idempotency-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    b"Retry-After, X-Request-Id"
)
_SHOWN: Final = (b"access-control-expose-headers", _SHOWN_NAMES)
_ALLOWED: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-Match, "
    "If-None-Match, Plangate-Timeout, X-Request-Id",
    "Access-Control-Max-Age": "600",
}


class Cors:
    """Hold the origins that are allowed; never all of them, because cookies come along."""

    def __init__(self, allowed_origins: Iterable[str] = ()) -> None:
        self._allowed = frozenset(origin.encode() for origin in allowed_origins)

    def headers(self, origin: bytes) -> tuple[tuple[bytes, bytes], ...]:
        """Return what an answer to a page of an origin says: to others, nothing that opens."""
        if origin not in self._allowed:
            return (_VARY,) if self._allowed else ()
        return (_VARY, (b"access-control-allow-origin", origin), _WITH_COOKIES, _SHOWN)

    def preflight(self, scope: Scope) -> Response | None:
        """Return the answer to a browser that asks first; None for any other request."""
        if scope["method"] != "OPTIONS":
            return None
        asked = dict(scope["headers"])
        if b"access-control-request-method" not in asked:
            return None
        if asked.get(b"origin") not in self._allowed:
            return Response(status_code=HTTPStatus.FORBIDDEN)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=_ALLOWED)
