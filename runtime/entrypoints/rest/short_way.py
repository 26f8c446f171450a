"""Serve the busiest routes past the framework's layers, which cost as much as judging a small plan.

What the platform puts around a request stands around these as well: the edge, the guards of the
route, and the handlers that make problems of failures. Whatever is not exactly the path of such a
route goes the usual way, where the very same routes stand too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeAlias

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from runtime.entrypoints.rest.beside import Beside
from runtime.entrypoints.rest.hand_route import HandRoute

_Handler: TypeAlias = Callable[[Request, Exception], Awaitable[Response]]

_ROUTE: Final = "route"


class PlatformApp(FastAPI):
    """Serve by the short way what it leads to, what is beside it, and all else as FastAPI does."""

    short_way: ShortWay | None = None
    beside: Beside | None = None

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the life of the server."""
        short_way = self.short_way
        if short_way is not None and short_way.leads(scope):
            await short_way.edge(scope, receive, send)
            return
        if self.beside is not None and self.beside.leads(scope):
            await self.beside(scope, receive, send)
            return
        await super().__call__(scope, receive, send)


class ShortWay:
    """Lead from a request to the hand-read route of its path.

    Attributes:
        edge: what a request that it leads to is given to.
    """

    def __init__(
        self, app: FastAPI, routes: Iterable[Any], *, edge: Callable[[ASGIApp], ASGIApp]
    ) -> None:
        """Lead to those of an app's routes that read their requests by hand.

        Args:
            app: whose handlers make problems of what routes raise.
            routes: where to look; each last part of a path names one of them at the most.
            edge: puts around the way what stands around the app.
        """
        self.edge = edge(self._serve)
        self._app = app
        self._routes = {
            route.path.rpartition("/")[2]: route for route in routes if isinstance(route, HandRoute)
        }
        self._handlers: dict[type[Exception], _Handler | None] = {}

    def leads(self, scope: Scope) -> bool:
        """Say whether a request is for one of the routes, and note in its scope which one."""
        if scope["type"] != "http" or scope.get("root_path"):
            return False
        path: str = scope["path"]
        route = self._routes.get(path[path.rfind("/") + 1 :])
        if route is None or scope["method"] not in (route.methods or ()):
            return False
        found = route.path_regex.match(path)
        if found is None:
            return False
        scope["app"] = self._app
        scope["path_params"] = found.groupdict()
        scope[_ROUTE] = route
        return True

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await scope[_ROUTE].handle(scope, receive, send)
        except Exception as error:
            handler = self._handler_of(type(error))
            if handler is None:
                raise
            await (await handler(Request(scope, receive), error))(scope, receive, send)

    def _handler_of(self, kind: type[Exception]) -> _Handler | None:
        """Return what makes a problem of a failure; faults of ours are the edge's."""
        if kind not in self._handlers:
            known: dict[Any, Any] = {**self._app.exception_handlers, Exception: None}
            self._handlers[kind] = next(known[cls] for cls in kind.__mro__ if cls in known)
        return self._handlers[kind]
