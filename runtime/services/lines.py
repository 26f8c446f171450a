"""Keep a line for each project that is being changed, and tidy up the idle ones."""

from __future__ import annotations

import asyncio

from runtime.services.execution import Change, Executed
from runtime.services.expired_keys import ExpiredKeys
from runtime.services.line import Line, Needs


class Lines:
    """Hold the lines of one process; belongs to one event loop."""

    def __init__(self, needs: Needs, *, expired_keys: ExpiredKeys) -> None:
        self._needs = needs
        self._expired_keys = expired_keys
        self._lines: dict[tuple[str, str], Line] = {}
        self._tidying: asyncio.Task[None] | None = None

    async def join(
        self, change: Change, *, organization_id: str, project_id: str, patience_s: float
    ) -> Executed:
        """Stand in a project's line until the change is committed; raise as `Line.join` does."""
        named = (organization_id, project_id)
        line = self._lines.get(named)
        if line is None:
            line = self._lines[named] = Line(
                organization_id=organization_id, project_id=project_id, needs=self._needs
            )
        if self._tidying is None:
            self._tidying = asyncio.create_task(self._tidy(), name="tidy lines")
        return await line.join(change, patience_s=patience_s)

    async def close(self) -> None:
        """Finish every line and give all leases back."""
        tidying, self._tidying = self._tidying, None
        if tidying is not None:
            tidying.cancel()
        for line in tuple(self._lines.values()):
            await line.close()
        self._lines.clear()

    async def _tidy(self) -> None:
        """Give back leases that nobody needed for a while, as long as there are lines."""
        while self._lines:
            await asyncio.sleep(self._needs.linger_s / 4)
            now_s = self._needs.clock.monotonic_s()
            for named, line in tuple(self._lines.items()):
                await line.rest(now_s=now_s)
                if line.idle:
                    self._lines.pop(named, None)
                    await self._expired_keys.forget(line.organization_id)
        self._tidying = None
