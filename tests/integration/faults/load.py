"""Keep many clients busy with one counter each, until told to stop; remember every answer."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.integration.faults.calls import NO_ANSWER_S, Act, Calls
from tests.integration.faults.linearizable import Op


@dataclass(kw_only=True)
class Load:
    """Hold what clients did so far.

    Attributes:
        pace_s: how long each client rests between two executions.
        acts: acknowledged executions by project.
        reads: states that were read, by project.
    """

    calls: Calls
    pace_s: float = 0.0
    acts: dict[str, list[Act]] = field(default_factory=lambda: defaultdict(list))
    reads: dict[str, list[Op]] = field(default_factory=lambda: defaultdict(list))
    _ended: bool = False
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def done(self) -> int:
        """Return how many executions were acknowledged."""
        return sum(map(len, self.acts.values()))

    async def more(self, number: int, *, within_s: float = 30.0) -> None:
        """Return when so many more executions were acknowledged."""
        wanted = self.done + number
        async with asyncio.timeout(within_s):
            while self.done < wanted:
                self._moved.clear()
                await self._moved.wait()

    async def execute(self, project_id: str, client: int, *, within_s: float) -> None:
        """Execute again and again, as one client."""
        number = 0
        while not self._ended:
            key = f"{project_id[-6:]}-{client}-{number}"
            act = await self.calls.act(project_id, key=key, at=client, within_s=within_s)
            self.acts[project_id].append(act)
            self._moved.set()
            number += 1
            await asyncio.sleep(self.pace_s)

    async def read(self, project_id: str, client: int, *, within_s: float) -> None:
        """Read the state again and again, as one client."""
        loop = asyncio.get_running_loop()
        while not self._ended:
            began_s = loop.time()
            answer = await self.calls.call(
                "GET", f"/v1/projects/{project_id}/state", at=client, within_s=within_s
            )
            if answer is None or answer.status != 200:
                await asyncio.sleep(0.02)
                continue
            self.reads[project_id].append(
                Op(
                    version=answer.document["version"],
                    value=answer.document["components"]["counter"]["value"],
                    invoked_s=began_s,
                    answered_s=loop.time(),
                )
            )

    def ops(self, project_id: str) -> list[Op]:
        """Return everything that was done and read in a project."""
        made = [
            Op(
                version=act.version,
                value=act.value,
                by=act.by,
                invoked_s=act.invoked_s,
                answered_s=act.answered_s,
            )
            for act in self.acts[project_id]
        ]
        return [*made, *self.reads[project_id]]

    def end(self) -> None:
        """Let every client finish what it began, and begin nothing more."""
        self._ended = True


@asynccontextmanager
async def under_load(
    calls: Calls,
    projects: Sequence[str],
    *,
    clients: int,
    readers: int = 0,
    within_s: float = NO_ANSWER_S,
    pace_s: float = 0.0,
) -> AsyncIterator[Load]:
    """Keep clients busy while the block runs; what they began is finished after it.

    Args:
        calls: whom they call; clients spread over the replicas.
        projects: where they execute, evenly spread.
        clients: how many of them.
        readers: how many more that only read.
        within_s: how long they wait before they turn to another replica.
        pace_s: how long each rests between two executions.
    """
    load = Load(calls=calls, pace_s=pace_s)
    async with asyncio.TaskGroup() as group:
        for client in range(clients):
            project = projects[client // len(calls.urls) % len(projects)]
            group.create_task(load.execute(project, client, within_s=within_s))
        for reader in range(readers):
            project = projects[reader // len(calls.urls) % len(projects)]
            group.create_task(load.read(project, reader, within_s=within_s))
        try:
            yield load
        finally:
            load.end()
