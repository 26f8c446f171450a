"""Let the changes of one project wait in a line, and commit them in groups under one lease.

All changes of a project that reach this process stand in its line, first come, first served. One
task serves the line while anybody stands in it: it holds the project's lease, judges up to
`GROUP` changes on the evolving state and commits them in one transaction; each is answered after
that commit. The lease stays for a while after the line is empty, so that the next change needs
neither Redis nor a read, unless another process wants it. Safety rests on neither: the commit
compares fencing token, version and settings.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from runtime.domain.errors import (
    DeadlineError,
    DomainError,
    LeaseBusyError,
    StorageUnavailableError,
)
from runtime.services.execution.changes import Change, Executed
from runtime.services.execution.hold import Hold
from runtime.services.execution.needs import Needs
from runtime.services.execution.settling import Settling
from runtime.services.execution.waiting import GRACE_S, STANDING_S, Standing, Waiting, answer_all

GROUP: Final = 32
LONGEST_LINE: Final = 1_000


class Line:
    """Serve the changes of one project, in order."""

    def __init__(self, *, organization_id: str, project_id: str, needs: Needs) -> None:
        self.organization_id = organization_id
        self.project_id = project_id
        self._needs = needs
        self._waiting: deque[Waiting] = deque()
        self._serving: asyncio.Task[None] | None = None
        self._hold = Hold(
            organization_id=organization_id,
            project_id=project_id,
            needs=needs,
            busy=lambda: self._serving is not None,
        )
        self._settling = Settling(
            organization_id=organization_id, project_id=project_id, needs=needs, hold=self._hold
        )
        self._standing: dict[tuple[str, ...] | None, Waiting] = {}
        self._served_at_s = needs.clock.monotonic_s()

    @property
    def idle(self) -> bool:
        """Say whether nobody waits, nothing is under way and no lease is held."""
        return not self._waiting and self._serving is None and self._hold.empty

    async def join(self, change: Change, *, standing: Standing, patience_s: float) -> Executed:
        """Stand in line until the change is committed.

        A request that repeats one which stands here already waits for that one's answer.

        Args:
            change: what to do.
            standing: asks anew who the caller is, should the turn take long to come.
            patience_s: how long to wait for one's turn; once it has come, a moment longer.

        Raises:
            DeadlineError: the turn did not come in time; nothing was done.
            LeaseBusyError: too many stand in line, or another process holds the project.
            StorageUnavailableError: whether it was done is not known; who repeats learns.
            DomainError: whatever kept the change from being committed.
        """
        if len(self._waiting) >= LONGEST_LINE:
            raise LeaseBusyError(
                key=self.project_id, holder="this process", waited_s=0.0, position=LONGEST_LINE
            )
        waiting = Waiting(change, standing, self._needs.clock.monotonic_s())
        until_s = asyncio.get_running_loop().time() + patience_s
        while (first := self._standing.get(waiting.named)) is not None:
            answer = await first.repeated(until_s=until_s)
            if answer is not None:
                return answer
        self._enter(waiting)
        timer = asyncio.get_running_loop().call_at(until_s, self._give_up, waiting)
        try:
            return await waiting.answered
        except asyncio.CancelledError:
            if waiting.gave_up and not _cancelled():
                raise DeadlineError(
                    waited_s=patience_s, waiting_for="its turn in the project"
                ) from None
            self._leave(waiting)
            raise
        finally:
            timer.cancel()

    def _give_up(self, waiting: Waiting) -> None:
        """End a wait that took too long; what is being committed is waited for a moment longer."""
        if waiting in self._waiting:
            waiting.gave_up = True
            self._leave(waiting)
        else:
            unsure = StorageUnavailableError(reason="no answer in time")
            asyncio.get_running_loop().call_later(GRACE_S, waiting.answer, unsure)

    def _leave(self, waiting: Waiting) -> None:
        """Let nobody wait for an answer any more that its own caller does not wait for."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)
        waiting.answered.cancel()

    def _enter(self, waiting: Waiting) -> None:
        self._waiting.append(waiting)
        named = waiting.named
        if named is not None:
            self._standing[named] = waiting
            waiting.answered.add_done_callback(lambda _: self._standing.pop(named, None))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve(), name=f"line {self.project_id}")

    async def close(self) -> None:
        """Finish who stands in line and give the lease back."""
        if self._serving is not None:
            await asyncio.wait([self._serving])
        await self._hold.let_go()

    async def rest(self, *, now_s: float) -> None:
        """Give the lease back if the line has been empty for a while."""
        if self._serving is None and now_s - self._served_at_s >= self._needs.linger_s:
            await self._hold.let_go()

    async def _serve(self) -> None:
        """Commit group after group until nobody waits."""
        group: list[Waiting] = []
        try:
            while self._waiting:
                lease = await self._hold.take()
                group = await self._settling.standing(self._next_group(), older_than_s=STANDING_S)
                await self._settling.settle(group, lease)
                if self._hold.over:
                    await self._hold.let_go()
        except DomainError as error:
            self._answer_all(group, error)
            if self._hold.over:
                await self._hold.let_go()
        except BaseException as error:
            self._answer_all(group, StorageUnavailableError(reason=type(error).__name__))
            self._hold.head = None
            raise
        finally:
            self._serving = None
            self._served_at_s = self._needs.clock.monotonic_s()

    def _answer_all(self, group: Sequence[Waiting], error: DomainError) -> None:
        """Tell all who wait what keeps the line from being served."""
        standing = [*group, *self._waiting]
        self._waiting.clear()
        answer_all(standing, error)

    def _next_group(self) -> list[Waiting]:
        """Take the longest waiting; of changes with one key the first: the rest find it done."""
        group: list[Waiting] = []
        keys: set[object] = set()
        left: list[Waiting] = []
        while self._waiting and len(group) < GROUP:
            waiting = self._waiting.popleft()
            key = waiting.change.key
            named = key and (waiting.change.principal.id, key.route, key.key)
            if named and named in keys:
                left.append(waiting)
                continue
            keys.add(named)
            group.append(waiting)
        self._waiting.extendleft(reversed(left))
        return group


def _cancelled() -> bool:
    """Say whether the running task itself is to end, and not only what it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
