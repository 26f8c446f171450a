"""Let another app answer below one path of the platform's: the console, where it is mounted.

It stands past the edge and guards itself, so that the two share a server and nothing else: neither
headers nor origins that are allowed to call the API.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

ICON: Final = "/favicon.ico"
"""Browsers look for it here, whatever path a page has; there is none."""


class Beside:
    """Lead to an app what is asked below its path."""

    def __init__(self, path: str, app: ASGIApp) -> None:
        """Say which app, and below which path, such as `/console`."""
        self._path = path
        self._app = app

    def leads(self, scope: Scope) -> bool:
        """Say whether a request is for the app."""
        if scope["type"] != "http":
            return False
        path = _within(scope)
        return path in {self._path, ICON} or path.startswith(f"{self._path}/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for it; the path without its slash leads to the one with it."""
        if _within(scope) == ICON:
            await Response(status_code=HTTPStatus.NO_CONTENT)(scope, receive, send)
            return
        root = f"{scope.get('root_path', '')}{self._path}"
        if _within(scope) == self._path:
            leading = RedirectResponse(f"{root}/", HTTPStatus.TEMPORARY_REDIRECT)
            await leading(scope, receive, send)
            return
        await self._app({**scope, "root_path": root}, receive, send)


def _within(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
