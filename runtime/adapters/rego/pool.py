"""Lend child processes, so that whoever breaks one does not stand in another's way.

A child is lent to one question at a time. Whoever does not bring it back in order has it killed,
and the next gets another. An organization holds all children but one at most, and waits for its
own: questions of others pass by. So do revisions that have not answered yet, all of them together:
those that have are always left a child. Whoever has children killed again and again gets none for a
while. A child that was ended from outside is held against nobody, once in that while: rules that
make the whole machine run out of memory would look alike.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from runtime.adapters.rego.process import Caps, ChildLostError, ChildProcess
from runtime.kit.clock import Clock
from runtime.ports.policy import PolicyFault, PolicyFaultError

STRIKES: Final = 3
"""After so many kills in `PENALTY_S` an organization gets no child until the first is past."""
PENALTY_S: Final = 10.0
"""How long a revision that had a child killed is refused at once."""
PROVEN: Final = 10_000
"""How many revisions are remembered to have answered."""


@dataclass(slots=True, kw_only=True)
class _Tenant:
    """Count what one organization does."""

    turns: asyncio.Semaphore
    users: int = 0
    kills: deque[float] = field(default_factory=deque)
    refused: dict[str, float] = field(default_factory=dict)
    excused_at: float | None = None

    def forget(self, before: float) -> None:
        """Drop what is past."""
        while self.kills and self.kills[0] <= before:
            self.kills.popleft()
        self.refused = {key: at for key, at in self.refused.items() if at > before}
        if self.excused_at is not None and self.excused_at <= before:
            self.excused_at = None

    @property
    def idle(self) -> bool:
        """Say whether nothing is known of it that matters."""
        return not (self.users or self.kills or self.refused) and self.excused_at is None


class ChildPool:
    """Lend children, each to one at a time; start them when they are needed."""

    def __init__(self, workers: int, *, caps: Caps, clock: Clock, wait_s: float) -> None:
        if workers < 1:
            raise ValueError(f"{workers} workers, expected at least 1")
        self._workers = workers
        self._caps = caps
        self._clock = clock
        self._wait_s = wait_s
        self._free = asyncio.Semaphore(workers)
        self._unproven = asyncio.Semaphore(max(1, workers - 1))
        self._proven: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._idle: list[ChildProcess] = []
        self._busy: set[ChildProcess] = set()
        self._tenants: dict[str, _Tenant] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the process ids of the children."""
        return tuple(child.pid for child in (*self._idle, *self._busy))

    @asynccontextmanager
    async def lend(self, organization_id: str, revision: str) -> AsyncIterator[ChildProcess]:
        """Lend a child; it is killed if the block ends with an exception.

        A `PolicyFaultError` out of the block says that the revision broke the child. A
        `ChildLostError` that comes out of here says that it did not, and may be asked once more.

        Raises:
            ChildLostError: the child was ended from outside, for the first time in `PENALTY_S`.
            PolicyFaultError: none is free in time, or this revision may have none for now.
        """
        tenant = self._tenants.setdefault(organization_id, self._stranger())
        tenant.users += 1
        try:
            async with self._turn(tenant, key=(organization_id, revision)):
                self._refuse_if_due(tenant, revision)
                async with self._lent(revision) as child:
                    try:
                        yield child
                    except ChildLostError as lost:
                        if self._excused(tenant):
                            raise
                        self._punish(tenant, key=(organization_id, revision))
                        raise PolicyFaultError(lost.fault, lost.detail) from None
                    except PolicyFaultError:
                        self._punish(tenant, key=(organization_id, revision))
                        raise
                    self._trust((organization_id, revision))
        finally:
            tenant.users -= 1
            self._forget()

    async def close(self) -> None:
        """End all children; nothing is lent any more."""
        self._closed = True
        for child in self._busy:
            child.kill()
        for _ in range(self._workers):  # then nobody holds one
            await self._free.acquire()
        for child in self._idle:
            self._end(child)
        self._idle.clear()
        while self._ending:
            await asyncio.wait(self._ending)
        for _ in range(self._workers):
            self._free.release()

    def _stranger(self) -> _Tenant:
        return _Tenant(turns=asyncio.Semaphore(max(1, self._workers - 1)))

    @asynccontextmanager
    async def _turn(self, tenant: _Tenant, *, key: tuple[str, str]) -> AsyncIterator[None]:
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._wait_s):
                    await held.enter_async_context(tenant.turns)
                    if key not in self._proven:
                        await held.enter_async_context(self._unproven)
                    await held.enter_async_context(self._free)
            except TimeoutError:
                raise PolicyFaultError(
                    PolicyFault.SLOW, f"no process was free within {self._wait_s:g} s"
                ) from None
            yield

    @asynccontextmanager
    async def _lent(self, revision: str) -> AsyncIterator[ChildProcess]:
        child = await self._child(revision)
        self._busy.add(child)
        try:
            yield child
        except BaseException:  # a cancelled question too: its answer would be taken for the next's
            self._end(child)
            raise
        else:
            self._idle.append(child)
        finally:
            self._busy.discard(child)

    async def _child(self, revision: str) -> ChildProcess:
        for child in [child for child in self._idle if child.ended]:
            self._idle.remove(child)  # whoever ended it: no rules are to blame
            self._end(child)
        if not self._idle:
            return await ChildProcess.start(self._caps)
        knowing = (child for child in self._idle if revision in child.known)
        child = next(knowing, self._idle[-1])
        self._idle.remove(child)
        return child

    def _refuse_if_due(self, tenant: _Tenant, revision: str) -> None:
        if self._closed:
            raise PolicyFaultError(PolicyFault.DOWN, "the evaluator is closed")
        tenant.forget(self._clock.monotonic_s() - PENALTY_S)
        if revision in tenant.refused or len(tenant.kills) >= STRIKES:
            raise PolicyFaultError(
                PolicyFault.SLOW,
                f"rules of this organization took too much less than {PENALTY_S:g} s ago",
            )

    def _trust(self, key: tuple[str, str]) -> None:
        self._proven[key] = None
        self._proven.move_to_end(key)
        while len(self._proven) > PROVEN:
            self._proven.popitem(last=False)

    def _excused(self, tenant: _Tenant) -> bool:
        """Say whether it is believed that somebody else ended the child: not twice in a while."""
        now = self._clock.monotonic_s()
        tenant.forget(now - PENALTY_S)
        if tenant.excused_at is not None:
            return False
        tenant.excused_at = now
        for child in self._idle:  # they may have met the same end, and the next has to be fresh
            self._end(child)
        self._idle.clear()
        return True

    def _punish(self, tenant: _Tenant, *, key: tuple[str, str]) -> None:
        if self._closed:  # the close killed the child
            return
        self._proven.pop(key, None)
        now = self._clock.monotonic_s()
        tenant.kills.append(now)
        tenant.refused[key[1]] = now

    def _forget(self) -> None:
        before = self._clock.monotonic_s() - PENALTY_S
        for tenant in self._tenants.values():
            tenant.forget(before)
        self._tenants = {key: tenant for key, tenant in self._tenants.items() if not tenant.idle}

    def _end(self, child: ChildProcess) -> None:
        task = asyncio.create_task(child.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
