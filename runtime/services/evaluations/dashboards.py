"""Lend each organization the dashboard of its own runs, opened on first use and closed when idle.

What a dashboard is, whoever offers it knows: an application that answers requests about one folder.
The folder of an organization lies below one that the operator names, and is called by its id.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from runtime.domain.errors import NotFoundError, StreamsBusyError, WrongTimeError
from runtime.domain.scope import Scope
from runtime.services.context import Context
from runtime.services.standing import refuse_others

MOST_OPEN: Final = 32
MOST_LENT: Final = 64
MOST_LENT_OF_ONE: Final = 16
STORE: Final = "mlflow.db"
"""The organization's own tracking store, in its folder."""

Message: TypeAlias = MutableMapping[str, Any]
Application: TypeAlias = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]
"""An ASGI application."""


class Opener(Protocol):
    """Open the dashboard of one folder of runs."""

    def __call__(
        self, runs_folder: Path, *, tracking_uri: str
    ) -> AbstractAsyncContextManager[Application]:
        """Open it, and close it in the end."""
        ...


@dataclass(slots=True, kw_only=True)
class _Open:
    application: Application
    stack: AsyncExitStack = field(repr=False)
    lent: int = 0


class Dashboards:
    """Hold the dashboards that are open; belongs to one event loop."""

    def __init__(self, *, folder: Path | None, opener: Callable[[], Opener | None]) -> None:
        """Say where folders of organizations are, and who opens one.

        Args:
            folder: None: no runs are shown here.
            opener: loads what is installed, on first use; None: nothing is.
        """
        self._folder = folder
        self._load = opener
        self._opened = OrderedDict[str, _Open]()
        self._opening = asyncio.Lock()
        self._lent = 0
        self.ending = asyncio.Event()

    @asynccontextmanager
    async def lent(self, organization_id: str) -> AsyncIterator[Application]:
        """Lend a dashboard for one request, by whom `admit` let in.

        Raises:
            StreamsBusyError: as many requests look at runs as may at once.
            NotFoundError: the organization's folder is none, but leads elsewhere.
            WrongTimeError: no runs are shown here.
        """
        if self._lent >= MOST_LENT:
            raise StreamsBusyError(found=f"{MOST_LENT} requests look at runs of this process")
        self._lent += 1
        try:
            dashboard = await self._open(organization_id)
            if dashboard.lent >= MOST_LENT_OF_ONE:
                raise StreamsBusyError(
                    found=f"{MOST_LENT_OF_ONE} requests look at the organization's runs"
                )
            dashboard.lent += 1
            try:
                yield dashboard.application
            finally:
                dashboard.lent -= 1
        finally:
            self._lent -= 1

    def end(self) -> None:
        """Tell whoever follows a run that the process ends."""
        self.ending.set()

    async def close(self) -> None:
        """Close all of them."""
        async with self._opening:
            while self._opened:
                _, dashboard = self._opened.popitem()
                await _closed(dashboard)

    async def _open(self, organization_id: str) -> _Open:
        async with self._opening:
            found = self._opened.get(organization_id)
            if found is None:
                await self._make_room()
                found = self._opened[organization_id] = await self._new(organization_id)
            self._opened.move_to_end(organization_id)
            return found

    async def _make_room(self) -> None:
        """Close those that nobody has asked for longest, as long as there are too many."""
        idle = [name for name, dashboard in self._opened.items() if not dashboard.lent]
        for name in idle[: max(0, len(self._opened) - MOST_OPEN + 1)]:
            await _closed(self._opened.pop(name))
        if len(self._opened) >= MOST_OPEN:
            raise StreamsBusyError(found=f"runs of {MOST_OPEN} organizations are looked at")

    async def _new(self, organization_id: str) -> _Open:
        opener = None if self._folder is None else self._load()
        if self._folder is None or opener is None:
            raise WrongTimeError(
                what="the page of evaluations",
                found="not shown by this platform",
                remedy="its operator sets PLANGATE_EVALUATIONS to the folder of runs",
            )
        runs = self._folder / organization_id
        if runs.is_symlink():
            raise NotFoundError(kind="folder of evaluations", id=organization_id)
        store = runs / STORE
        tracked = store.is_file() and not store.is_symlink()
        async with AsyncExitStack() as stack:
            application = await stack.enter_async_context(
                opener(runs, tracking_uri=f"sqlite:///{store}" if tracked else "")
            )
            return _Open(application=application, stack=stack.pop_all())


async def _closed(dashboard: _Open) -> None:
    """Close a dashboard; what goes wrong in it is nobody else's failure."""
    with suppress(Exception):  # foreign code, of which nothing is left to be asked
        await dashboard.stack.aclose()


def admit(context: Context, organization_id: str) -> str:
    """Return whose runs a caller may look at.

    Raises:
        NotFoundError: it is another organization than the caller's, or none.
        NotAllowedError: the credential was not made for this.
    """
    context.caller.require(Scope.EVALUATIONS_READ)
    refuse_others(context.caller, organization_id)
    return context.caller.organization_id
