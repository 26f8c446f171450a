"""Hold a project: its lease, and what is only known to be true while the lease is held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from runtime.domain.errors import LeaseLostError, StaleFenceError
from runtime.domain.head import Head
from runtime.ports.leases import Lease
from runtime.services.execution.needs import Needs
from runtime.store.heads import raise_fence, read_head


class Hold:
    """Take a project's lease and give it back; keep the head in between.

    Attributes:
        head: the project as it stands, as far as is known; None until it is read.
    """

    def __init__(
        self, *, organization_id: str, project_id: str, needs: Needs, busy: Callable[[], bool]
    ) -> None:
        """Hold nothing yet.

        Args:
            organization_id: whose project it is.
            project_id: which.
            needs: where leases and heads come from.
            busy: whether the lease is needed just now.
        """
        self.head: Head | None = None
        self._organization_id = organization_id
        self._project_id = project_id
        self._needs = needs
        self._busy = busy
        self._lease: Lease | None = None
        self._watching: asyncio.Task[None] | None = None
        self._fence = 0

    @property
    def empty(self) -> bool:
        """Say whether no lease is held."""
        return self._lease is None

    @property
    def over(self) -> bool:
        """Say whether another process wants the lease, or it is lost."""
        return self._lease is not None and (self._lease.wanted or self._lease.lost)

    async def take(self) -> Lease:
        """Return the lease, acquired if it is not held.

        Raises:
            LeaseBusyError: another process held it all the time.
            LeaseUnavailableError: nobody can say who may write.
        """
        if self._lease is not None and not self._lease.lost:
            return self._lease
        await self.let_go()
        lease = await self._needs.leases.acquire(
            f"{self._organization_id}:{self._project_id}",
            wait_s=self._needs.lease_wait_s,
            floor=self._fence,
        )
        self._lease = lease
        self._watching = asyncio.create_task(self._watch(lease), name=f"watch {self._project_id}")
        return lease

    async def take_anew(self, error: StaleFenceError | LeaseLostError) -> Lease:
        """Acquire the lease again, with a token above the one that storage has seen; as `take`."""
        if isinstance(error, StaleFenceError):
            self._fence = max(self._fence, error.current)
            self._needs.measures.fence_rejected()
        await self.let_go()
        return await self.take()

    async def let_go(self) -> None:
        """Release the lease, and forget what was only known to be true under it."""
        lease, watching = self._lease, self._watching
        self._lease = self._watching = self.head = None
        if watching is not None:
            watching.cancel()
        if lease is not None:
            await self._needs.leases.release(lease)

    async def read(self, lease: Lease) -> Head:
        """Read the head, and raise the lease's token above every one that storage has seen.

        Raises:
            NotFoundError, TamperedStateError, StorageUnavailableError: as `read_head` does.
            LeaseLostError: the lease is another's by now.
        """
        head = await read_head(
            self._needs.database,
            organization_id=self._organization_id,
            project_id=self._project_id,
        )
        if head.fence > lease.token:
            await lease.advance(floor=head.fence)
        self.head = head
        return head

    async def shut_out_others(self, lease: Lease) -> None:
        """Have those refused who still write under an earlier lease, as when leases are forgotten.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        await raise_fence(
            self._needs.database,
            organization_id=self._organization_id,
            project_id=self._project_id,
            fence=lease.token,
        )

    def moved(self, head: Head, *, fence: int) -> None:
        """Keep the head that our own commit has left."""
        self.head, self._fence = head, fence

    async def _watch(self, lease: Lease) -> None:
        """Give an idle lease back as soon as another process wants it."""
        await lease.until_wanted_or_lost()
        if not self._busy() and self._lease is lease:
            self._watching = None
            await self.let_go()
