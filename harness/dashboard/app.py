"""Answer requests: the list of runs, a run, two runs side by side, and the news of what goes on.

Everything is read; nothing can be changed through it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from harness.dashboard.choice import Choice
from harness.dashboard.events import EventLog
from harness.dashboard.guard import WRITTEN_PAGES, Guard, Hosts
from harness.dashboard.listing import RunFolders
from harness.dashboard.live import Live
from harness.dashboard.pages import home_page, message_page, script, style, with_way_back
from harness.dashboard.store import StoreReader
from harness.dashboard.written import comparison_of, report_of
from harness.results import RunError
from harness.settings import HarnessSettings

FOR_EVER: Final = "public, max-age=31536000, immutable"
NOT_FOUND: Final = 404
FULL: Final = 503
UNREADABLE: Final = 409
_TITLES: Final = {NOT_FOUND: "Not found", 405: "Read only", UNREADABLE: "Can't be read"}


def create_app(
    settings: HarnessSettings,
    runs_folder: Path,
    *,
    hosts: Hosts | None = None,
    store: StoreReader | None = None,
    mounted: bool = False,
) -> FastAPI:
    """Return the dashboard.

    Args:
        settings: where the tracking store is.
        runs_folder: the folder with the folders of runs.
        hosts: the names under which it may be addressed; by default those of loopback.
        store: who asks the tracking store.
        mounted: a platform shows it: pages are made anew, of this folder alone, without its path.
    """
    folders, told = RunFolders(runs_folder, confined=mounted), store or StoreReader(settings)
    live = Live(folders, told, EventLog(secrets.token_hex(4)))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(live.watch())
        yield
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching

    app = FastAPI(
        title="Plangate runs",
        openapi_url=None,
        lifespan=lifespan,
        middleware=[Middleware(Guard, hosts=hosts or Hosts())],
        exception_handlers={HTTPException: _failed},
    )
    app.state.live = live
    app.state.untold = str(runs_folder) if mounted else ""
    routes = _Routes(live=live, mounted=mounted)
    for path, endpoint in (
        ("/", routes.home),
        ("/runs/{name:path}", routes.run),
        ("/compare", routes.compare),
        ("/events", routes.events),
        ("/changes", routes.changes),
        ("/refresh", routes.refresh),
        ("/assets/{name}", routes.asset),
        ("/healthz", routes.health),
    ):
        app.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class _Routes:
    """Hold one method a path."""

    live: Live
    mounted: bool

    async def home(self, request: Request) -> Response:
        """Show all runs that the filters take."""
        view = await self.live.look()
        choice = Choice.read(request.query_params)
        page = home_page(
            view,
            choice,
            store="" if self.mounted else self.live.store.shown_uri,
            root=_root(request),
            tracked=self.live.store.tracked,
        )
        return HTMLResponse(_told(request, page))

    async def run(self, request: Request, name: str) -> Response:
        """Show the report of one run."""
        folder = await self._folder(name)
        return await _written(request, lambda: report_of(folder, anew=self.mounted))

    async def compare(self, request: Request, base: str = "", head: str = "") -> Response:
        """Show two runs side by side."""
        if not base or not head:
            raise HTTPException(NOT_FOUND, "Choose a base and a head in the list of runs.")
        folders = (await self._folder(base), await self._folder(head))
        return await _written(request, lambda: comparison_of(*folders))

    async def events(self, request: Request, after: str = "") -> Response:
        """Tell news as they come; a page that was cut off says what it saw last."""
        if self.live.is_full:
            return Response(status_code=FULL)
        seen = request.headers.get("last-event-id") or after
        return StreamingResponse(self.live.stream(seen), media_type="text/event-stream")

    async def changes(self, after: str = "") -> Response:
        """Tell the news since the last time, for a page that can't keep a stream open."""
        view = await self.live.look()
        found = [event.document() for event in self.live.events.after(after)]
        return JSONResponse({"events": found, "latest": view.event})

    async def refresh(self, request: Request) -> Response:
        """Ask the tracking store again and go back to the list."""
        if request.headers.get("sec-fetch-site", "none") in {"none", "same-origin"}:
            self.live.store.refresh(now=True)
        address = _root(request) + Choice.read(request.query_params).address()
        return RedirectResponse(address, status_code=303)

    async def asset(self, name: str) -> Response:
        """Return the style or the script."""
        for asset in (style(), script()):
            if asset.address == f"/assets/{name}":
                headers = {"Cache-Control": FOR_EVER}
                return Response(asset.content, media_type=asset.media_type, headers=headers)
        raise HTTPException(NOT_FOUND, "There is no such file; load the page anew.")

    async def health(self) -> Response:
        """Say that the server answers, and how it stands with the store."""
        answer = self.live.store.answer
        known = "read" if answer.at else "not asked yet"
        return JSONResponse({"status": "ok", "store": "unreadable" if answer.problem else known})

    async def _folder(self, name: str) -> Path:
        """Look a name up in the list; a run that began just now is in the next look."""
        found = self.live.folders.find(name)
        if found is None:
            await self.live.look()
            found = self.live.folders.find(name)
        if found is None:
            raise HTTPException(
                NOT_FOUND,
                f"No run '{name}' lies below {self.live.folders.root}/. Its folder was removed, or "
                "only the tracking store has it.",
            )
        return found


def _root(request: Request) -> str:
    """Return the address below which the pages are; empty where they are at the top."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def _told(request: Request, page: str) -> str:
    """Leave out of a page where the runs are on this machine, where that is nobody's business."""
    untold: str = request.app.state.untold
    return page.replace(untold, ".").replace(escape(untold), ".") if untold else page


async def _written(request: Request, make: Callable[[], str]) -> Response:
    """Make a page aside, as it may take a second, and send it with the policy of reports."""
    try:
        page = await asyncio.to_thread(make)
    except (RunError, OSError) as error:
        raise HTTPException(UNREADABLE, str(error)) from error
    return HTMLResponse(
        _told(request, with_way_back(page, root=_root(request))),
        headers={"Content-Security-Policy": WRITTEN_PAGES},
    )


async def _failed(request: Request, error: Exception) -> Response:
    """Tell on a page what is wrong."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else str(error)
    title = _TITLES.get(status, "Something is wrong")
    page = message_page(title, (detail,), root=_root(request))
    return HTMLResponse(_told(request, page), status_code=status)
