"""Keep a line for each project that is being changed, and tidy up the idle ones."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from runtime.services.execution.changes import Change, Executed
from runtime.services.execution.line import Line
from runtime.services.execution.needs import Needs
from runtime.services.execution.waiting import Standing
from runtime.services.expired_keys import ExpiredKeys


class Lines:
    """Hold the lines of one process; belongs to one event loop."""

    def __init__(self, needs: Needs, *, expired_keys: ExpiredKeys) -> None:
        self._needs = needs
        self._expired_keys = expired_keys
        self._lines: dict[tuple[str, str], Line] = {}
        self._tidying: asyncio.Task[None] | None = None

    async def join(
        self, change: Change, *, project_id: str, standing: Standing, patience_s: float
    ) -> Executed:
        """Stand in a project's line until the change is committed; raise as `Line.join` does."""
        organization_id = change.principal.organization
        named = (organization_id, project_id)
        line = self._lines.get(named)
        if line is None:
            line = self._lines[named] = Line(
                organization_id=organization_id, project_id=project_id, needs=self._needs
            )
        if self._tidying is None or self._tidying.done():
            self._tidying = asyncio.create_task(self._tidy(), name="tidy lines")
        return await line.join(change, standing=standing, patience_s=patience_s)

    async def close(self) -> None:
        """Finish every line and give all leases back, whatever became of single ones."""
        tidying, self._tidying = self._tidying, None
        if tidying is not None:
            tidying.cancel()
        await self._expired_keys.close()
        for line in tuple(self._lines.values()):
            with suppress(Exception):  # its lease ends by itself
                await line.close()
        self._lines.clear()

    async def _tidy(self) -> None:
        """Give back leases that nobody needed for a while, as long as there are lines."""
        while self._lines:
            await asyncio.sleep(self._needs.linger_s / 4)
            now_s = self._needs.clock.monotonic_s()
            for named, line in tuple(self._lines.items()):
                with suppress(Exception):  # the next line is tidied all the same
                    await line.rest(now_s=now_s)
                self._expired_keys.forget_soon(line.organization_id)
                if line.idle:
                    self._lines.pop(named, None)
        self._tidying = None
