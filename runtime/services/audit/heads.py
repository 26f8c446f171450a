"""Sign logs that have become longer, at the latest some seconds or so many leaves after the last.

Any number of processes may do it. Before one signs it proves to itself that the log still begins
with what was signed last: a database that was set back or rewritten gets no new head.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import AuditKeyRefusedError, AuditLogBrokenError, DomainError
from runtime.domain.merkle import Frontier, verify_consistency
from runtime.domain.tree_head import SignedHead, TreeHead
from runtime.kit.clock import Clock
from runtime.ports.head_signer import HeadSigner
from runtime.services.audit.epochs import spelled
from runtime.services.audit.measures import AuditLogMeasures, UnmeasuredAuditLog
from runtime.services.audit.proofs import prove_consistency, stored_frontier
from runtime.store.audit_heads import (
    add_head,
    due_organizations,
    note_broken,
    note_signed,
    take_unsigned,
)
from runtime.store.audit_waiting import HeadTerms
from runtime.store.session import Database

BROKEN_REST_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsPace:
    """Say how often to look, for how many, and when a log has to be signed again.

    Attributes:
        every_s: from one look to the next, give or take a half.
        most: organizations of one look.
        leaves: between two heads, as sinks take no anchor of more than some hundred thousands.
        terms: as `SequencingPace` has them.
    """

    every_s: float = 1.0
    most: int = 100
    leaves: int = 100_000
    terms: HeadTerms = field(default_factory=HeadTerms)


class Heads:
    """Look for logs to sign; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        signer: HeadSigner,
        clock: Clock,
        *,
        pace: HeadsPace | None = None,
        measures: AuditLogMeasures | None = None,
    ) -> None:
        """Sign nothing yet.

        Args:
            database: where logs are.
            signer: whose key is the newest one that the database has.
            clock: says when a head was signed.
            pace: how often.
            measures: told what happens.
        """
        self._database = database
        self._signer = signer
        self._clock = clock
        self._pace = pace or HeadsPace()
        self._measures = measures or UnmeasuredAuditLog()
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let `run` return after the log that is being signed."""
        self._ended.set()

    async def run(self) -> None:
        """Look until the end; whatever fails is tried again by the next look."""
        while not await self._rests(self._pace.every_s * (0.5 + random.random())):
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001  # who ends silently tells nobody anything
                self._measures.failed("sign logs", error)

    async def look(self) -> int:
        """Sign logs that are due, and return how many heads that made.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        made = 0
        for organization_id in await due_organizations(self._database, most=self._pace.most):
            if self._ended.is_set():
                break
            made += await self._of(organization_id)
        return made

    async def _of(self, organization_id: str) -> bool:
        try:
            async with self._database.transaction(organization_id) as connection:
                made = await self._sign(connection, organization_id)
        except AuditLogBrokenError as error:
            self._measures.broken(organization_id, reason=error.found)
            await self._put_off(organization_id)
            return False
        except ValueError as error:  # of a frontier that nobody here has written so
            self._measures.broken(organization_id, reason=f"its tree can't be read: {error}")
            await self._put_off(organization_id)
            return False
        except Exception as error:  # noqa: BLE001  # of one organization: others go on
            self._measures.failed("sign a log", error)
            return False
        if made:
            self._measures.signed()
        return made

    async def _sign(self, connection: AsyncConnection, organization_id: str) -> bool:
        """Sign a log where nobody else does, and say whether there is a new head."""
        unsigned = await take_unsigned(connection, organization_id)
        if unsigned is None:
            return False
        frontier, last = unsigned.frontier, unsigned.last
        if last is not None:
            await _refuse_other_log(connection, last.head, frontier)
        most = self._pace.leaves + (0 if last is None else last.head.size)
        if frontier.size > most:
            frontier = await _at(connection, organization_id, size=most, now=frontier)
        new = last is None or last.head.size < frontier.size
        if new and not await add_head(connection, self._signed(organization_id, frontier, last)):
            raise AuditKeyRefusedError(
                found=f"key {self._signer.key_id} was succeeded; start this process anew"
            )
        await note_signed(connection, organization_id, size=frontier.size, terms=self._pace.terms)
        return new

    def _signed(
        self, organization_id: str, frontier: Frontier, last: SignedHead | None
    ) -> SignedHead:
        now = self._clock.now()
        head = TreeHead(
            organization_id=organization_id,
            size=frontier.size,
            root=frontier.root().hex(),
            at=now if last is None else max(now, last.head.at),
        )
        signature = self._signer.sign(head.signed_bytes())
        return SignedHead(head=head, key_id=self._signer.key_id, signature=spelled(signature))

    async def _put_off(self, organization_id: str) -> None:
        """Look at a broken log again later, so that it does not stand in the way of others."""
        try:
            async with self._database.transaction(organization_id) as connection:
                await note_broken(connection, organization_id, for_s=BROKEN_REST_S)
        except DomainError as error:
            self._measures.failed("sign a log", error)

    async def _rests(self, seconds: float) -> bool:
        """Rest, and say whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True


async def _at(
    connection: AsyncConnection, organization_id: str, *, size: int, now: Frontier
) -> Frontier:
    """Return the frontier of a log at a size that it has grown past.

    Raises:
        AuditLogBrokenError: the log as it is now does not begin so.
    """
    then = await stored_frontier(connection, organization_id, size=size)
    if not await _goes_on(connection, organization_id, size=size, root=then.root(), now=now):
        raise AuditLogBrokenError(
            organization=organization_id,
            found=f"hashes of its first {size} leaves are others than those of its root",
        )
    return then


async def _refuse_other_log(
    connection: AsyncConnection, last: TreeHead, frontier: Frontier
) -> None:
    """Refuse a log that does not begin with what was signed of it.

    Raises:
        AuditLogBrokenError: it does not, or is shorter.
    """
    if frontier.size < last.size:
        raise AuditLogBrokenError(
            organization=last.organization_id,
            found=f"it has {frontier.size} leaves, and {last.size} were signed",
        )
    root = bytes.fromhex(last.root)
    if not await _goes_on(
        connection, last.organization_id, size=last.size, root=root, now=frontier
    ):
        raise AuditLogBrokenError(
            organization=last.organization_id,
            found=f"its first {last.size} leaves are others than those that were signed",
        )


async def _goes_on(
    connection: AsyncConnection, organization_id: str, *, size: int, root: bytes, now: Frontier
) -> bool:
    """Say whether a log, as it is now, begins with what has that size and root."""
    proof = await prove_consistency(connection, organization_id, first=size, second=now.size)
    return verify_consistency(size, now.size, first_root=root, second_root=now.root(), proof=proof)
