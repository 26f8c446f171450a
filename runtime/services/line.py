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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import (
    DeadlineError,
    DomainError,
    LeaseBusyError,
    LeaseLostError,
    StaleFenceError,
    StaleHeadError,
    StorageUnavailableError,
)
from runtime.domain.head import Head
from runtime.kit.backoff import delay_s
from runtime.kit.clock import Clock
from runtime.ports.leases import Lease, Leases
from runtime.services.commits import Commits
from runtime.services.draft import Tenure
from runtime.services.execution import Change, Executed
from runtime.services.judging import Judge
from runtime.services.measures import Measures
from runtime.services.past import Past
from runtime.services.waiting import Waiting, answer_all
from runtime.store.executions import Commit, RepeatedError
from runtime.store.heads import read_head
from runtime.store.session import Database

GROUP: Final = 32
TRIES: Final = 6
"""How often a group is judged anew after its facts moved, before its callers are told to retry."""
ASKED_AGAIN: Final = 6
"""How often storage is asked whether a commit took place, over about five seconds."""
SETTLE_S: Final = 10.0
"""How long a group is tried anew; past that its callers are told that it is not known."""
LONGEST_LINE: Final = 1_000
LINGER_S: Final = 2.0
LEASE_WAIT_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Hold what serving a line takes.

    Attributes:
        commits: writes what was judged.
        judge: returns the judge of an environment.
        past: finds what was committed before.
        measures: told of groups, waits and refused fences.
    """

    database: Database
    commits: Commits
    leases: Leases
    judge: Callable[[str], Judge]
    past: Past
    clock: Clock
    measures: Measures
    linger_s: float = LINGER_S
    lease_wait_s: float = LEASE_WAIT_S


class Line:
    """Serve the changes of one project, in order."""

    def __init__(self, *, organization_id: str, project_id: str, needs: Needs) -> None:
        self.organization_id = organization_id
        self.project_id = project_id
        self._needs = needs
        self._waiting: deque[Waiting] = deque()
        self._serving: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._lease: Lease | None = None
        self._head: Head | None = None
        self._fence = 0
        self._doubt: StorageUnavailableError | None = None
        self._served_at_s = needs.clock.monotonic_s()

    @property
    def idle(self) -> bool:
        """Say whether nobody waits, nothing is under way and no lease is held."""
        return not self._waiting and self._serving is None and self._lease is None

    async def join(self, change: Change, *, patience_s: float) -> Executed:
        """Stand in line until the change is committed.

        Args:
            change: what to do.
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
        waiting = Waiting(change)
        self._waiting.append(waiting)
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve(), name=f"line {self.project_id}")
        try:
            async with asyncio.timeout(patience_s):
                return await asyncio.shield(waiting.answered)
        except TimeoutError:
            if waiting not in self._waiting:
                return await waiting.last_word()
            self._waiting.remove(waiting)
            raise DeadlineError(
                waited_s=patience_s, waiting_for="its turn in the project"
            ) from None
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            waiting.answered.cancel()
            raise

    async def close(self) -> None:
        """Finish who stands in line and give the lease back."""
        if self._serving is not None:
            await self._serving
        await self._let_go()

    async def rest(self, *, now_s: float) -> None:
        """Give the lease back if the line has been empty for a while."""
        if self._serving is None and now_s - self._served_at_s >= self._needs.linger_s:
            await self._let_go()

    async def _serve(self) -> None:
        """Commit group after group until nobody waits."""
        group: list[Waiting] = []
        try:
            while self._waiting:
                lease = await self._held()
                group = self._next_group()
                await self._settle(group, lease)
                if lease.wanted or lease.lost:
                    await self._let_go()
        except DomainError as error:
            self._answer_all(group, error)
        except BaseException as error:
            self._answer_all(group, StorageUnavailableError(reason=type(error).__name__))
            self._head = None
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
        self._doubt = None
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

    async def _held(self) -> Lease:
        """Return the lease, acquired if it is not held."""
        if self._lease is not None and not self._lease.lost:
            return self._lease
        await self._let_go()
        began_s = self._needs.clock.monotonic_s()
        lease = await self._needs.leases.acquire(
            f"{self.organization_id}:{self.project_id}",
            wait_s=self._needs.lease_wait_s,
            floor=self._fence,
        )
        self._needs.measures.lease_waited(self._needs.clock.monotonic_s() - began_s)
        self._lease = lease
        self._watching = asyncio.create_task(self._watch(lease), name=f"watch {self.project_id}")
        return lease

    async def _watch(self, lease: Lease) -> None:
        """Give an idle lease back as soon as another process wants it."""
        await lease.until_wanted_or_lost()
        if self._serving is None and self._lease is lease:
            self._watching = None
            await self._let_go()

    async def _let_go(self) -> None:
        """Release the lease, and forget what was only known to be true under it."""
        lease, watching = self._lease, self._watching
        self._lease = self._watching = self._head = None
        if watching is not None:
            watching.cancel()
        if lease is not None:
            await self._needs.leases.release(lease)

    async def _settle(self, group: list[Waiting], lease: Lease) -> None:
        """Judge and commit a group; start over when its facts moved meanwhile.

        Once a commit did not say whether it took place, nothing else is told of those whom storage
        does not know either: it may still take place.
        """
        give_up_s = self._needs.clock.monotonic_s() + SETTLE_S
        try:
            for _ in range(TRIES):
                next_lease = await self._attempt(group, lease)
                if next_lease is None:
                    return
                lease = next_lease
                if self._needs.clock.monotonic_s() > give_up_s:
                    break
        except DomainError as error:
            answer_all(group, self._doubt or error)
            raise
        answer_all(group, self._doubt or StaleHeadError())

    async def _attempt(self, group: list[Waiting], lease: Lease) -> Lease | None:
        """Try once; return under which lease to try again, or None when all are answered."""
        try:
            answers = await self._committed(group, lease)
        except (StaleFenceError, LeaseLostError) as error:
            return await self._held_anew(error)
        except StaleHeadError:
            self._head = None
        except RepeatedError:
            group[:] = await self._answer_written(group)
        except StorageUnavailableError:
            if self._doubt is None:
                raise  # nothing was sent that could have been written
            group[:] = await self._answer_written(group)
        else:
            for waiting, answer in zip(group, answers, strict=True):
                waiting.answer(answer)
            return None
        return lease

    async def _held_anew(self, error: StaleFenceError | LeaseLostError) -> Lease:
        """Acquire the lease again, with a token above the one that storage has seen."""
        if isinstance(error, StaleFenceError):
            self._fence = max(self._fence, error.current)
            self._needs.measures.fence_rejected()
        await self._let_go()
        return await self._held()

    async def _committed(
        self, group: Sequence[Waiting], lease: Lease
    ) -> Sequence[Executed | DomainError]:
        """Gather, judge, write."""
        known = self._head
        head = known or await self._gather(lease)
        tenure = Tenure(
            organization_id=self.organization_id,
            project_id=self.project_id,
            fence=lease.token,
            now=self._needs.clock.now(),
        )
        changes = [waiting.change for waiting in group]
        verdict = self._needs.judge(head.environment).group(changes, head, tenure)
        if lease.lost:
            raise StaleFenceError(held=lease.token, current=lease.token)
        if verdict.commit.records:
            await self._write(verdict.commit)
            self._needs.measures.group_committed(len(group))
            self._fence, self._head = lease.token, verdict.head
        elif known is not None:  # no commit compares what was only remembered: look once more
            self._head = None
            return await self._committed(group, lease)
        return verdict.answers

    async def _write(self, group: Commit) -> None:
        """Commit a group, and remember a commit that does not say whether it took place."""
        try:
            await self._needs.commits.write(group)
        except StorageUnavailableError as error:
            self._doubt = error
            raise

    async def _gather(self, lease: Lease) -> Head:
        """Read the head, and raise the lease's token above every one that storage has seen."""
        head = await read_head(
            self._needs.database,
            organization_id=self.organization_id,
            project_id=self.project_id,
        )
        if head.fence > lease.token:
            await lease.advance(floor=head.fence)
        self._head = head
        return head

    async def _answer_repeated(self, group: Sequence[Waiting]) -> list[Waiting]:
        """Answer those that were done before, by key or by id, and return the others."""
        left: list[Waiting] = []
        for waiting in group:
            found = await self._needs.past.answer_to(
                waiting.change, organization_id=self.organization_id, project_id=self.project_id
            )
            if found is None:
                left.append(waiting)
            else:
                waiting.answer(found)
        return left

    async def _answer_written(self, group: Sequence[Waiting]) -> list[Waiting]:
        """Learn from storage what of a group took place, when its commit did not say.

        Answers those; returns the others.

        Raises:
            StorageUnavailableError: it can't be asked either; who repeats with the same key learns.
        """
        self._head = None
        for tried in range(ASKED_AGAIN):
            try:
                return await self._answer_repeated(group)
            except StorageUnavailableError:
                await _nap(tried)
        return await self._answer_repeated(group)


async def _nap(tried: int) -> None:
    """Wait a little longer after each try; storage may be failing over."""
    await asyncio.sleep(delay_s(tried, base_s=0.2, cap_s=2.0, jitter=0.999))
