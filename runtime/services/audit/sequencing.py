"""Give audit records their numbers in the log of their organization, after their commit.

Any number of processes may do it: of one organization one at a time works, in a transaction that
makes leaves and lets their records go, or does neither. Commits wait for nobody here.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from runtime.domain.audit_leaf import Leaf
from runtime.domain.audit_sealing import SubjectKey, sealed
from runtime.domain.audit_tiles import grown
from runtime.kit.clock import Clock
from runtime.services.audit.measures import AuditLogMeasures, UnmeasuredAuditLog
from runtime.services.audit.subject_keys import Pair, period_of
from runtime.store.audit_waiting import (
    HeadTerms,
    NumberingTurn,
    WaitingLine,
    WaitingRecord,
    numbering_turn,
    waiting_organizations,
)
from runtime.store.session import Database

SEALED_AT_ONCE: Final = 50
"""Records that are sealed before others get a turn of the event loop: some milliseconds."""


class Keys(Protocol):
    """Answer with keys of subjects; implemented by `services.audit.subject_keys`."""

    async def of(self, organization_id: str, wanted: Collection[Pair]) -> Mapping[Pair, SubjectKey]:
        """Return the key of each subject in each period."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SequencingPace:
    """Bound what one append takes, and say how often to look and to sign.

    Attributes:
        most: records of one append.
        most_bytes: of their documents, but for one that is larger.
        organizations: of one look.
        every_s: from one look to the next, give or take a half.
        terms: when a log that got longer has to be signed.
    """

    most: int = 1_000
    most_bytes: int = 8_388_608
    organizations: int = 100
    every_s: float = 1.0
    terms: HeadTerms = field(default_factory=HeadTerms)


class Sequencing:
    """Look for records that wait; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        clock: Clock,
        *,
        pace: SequencingPace | None = None,
        measures: AuditLogMeasures | None = None,
    ) -> None:
        """Number nothing yet.

        Args:
            database: where records and logs are.
            keys: what records are sealed under.
            clock: measures how long it takes, and how long records waited.
            pace: how much at once, and how often.
            measures: told what happens.
        """
        self._database = database
        self._keys = keys
        self._clock = clock
        self._pace = pace or SequencingPace()
        self._measures = measures or UnmeasuredAuditLog()
        self._after = ""
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let `run` return after the append that runs."""
        self._ended.set()

    async def run(self) -> None:
        """Look until the end; whatever fails is tried again by the next look."""
        pause_s = 0.0
        while not await self._rests(pause_s):
            try:
                full = await self.look()
            except Exception as error:  # noqa: BLE001  # who ends silently tells nobody anything
                self._measures.failed("number records", error)
                full = False
            pause_s = 0.0 if full else self._pace.every_s * (0.5 + random.random())

    async def look(self) -> bool:
        """Number what the next organizations have, and say whether there is more right now.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        waiting = await waiting_organizations(
            self._database, after=self._after, most=self._pace.organizations
        )
        more = len(waiting) == self._pace.organizations
        self._after = waiting[-1] if more else ""
        for organization_id in waiting:
            if self._ended.is_set():
                break
            more |= await self._of(organization_id)
        return more

    async def _of(self, organization_id: str) -> bool:
        """Append the oldest records of an organization, and say whether it has more."""
        began_s = self._clock.monotonic_s()
        try:
            async with numbering_turn(self._database, organization_id) as turn:
                line = None if turn is None else await self._append(turn, organization_id)
        except Exception as error:  # noqa: BLE001  # of one organization: others go on
            self._measures.failed("number records", error)
            return False
        if line is None:
            return False
        took_s = self._clock.monotonic_s() - began_s
        self._measures.numbered(len(line.records), took_s=took_s)
        self._measures.waited((self._clock.now() - line.records[0].at).total_seconds())
        return line.more

    async def _append(self, turn: NumberingTurn, organization_id: str) -> WaitingLine | None:
        """Return which records became leaves; None: there were none, or the log is another."""
        line = await turn.waiting(most=self._pace.most, most_bytes=self._pace.most_bytes)
        if not line.records:
            return None
        frontier = await turn.frontier()
        leaves = await self._sealed(organization_id, line.records)
        hashes = [leaf.hash() for leaf in leaves]
        done = await turn.append(
            leaves,
            grown(frontier, hashes),
            hashes=hashes,
            past=line.past,
            terms=self._pace.terms,
        )
        return line if done else None

    async def _sealed(
        self, organization_id: str, records: Sequence[WaitingRecord]
    ) -> Sequence[Leaf]:
        pairs = [(item.record.principal_id, period_of(item.at)) for item in records]
        keys = await self._keys.of(organization_id, set(pairs))
        leaves = list[Leaf]()
        for item, pair in zip(records, pairs, strict=True):
            leaves.append(
                sealed(item.record, keys[pair], organization_id=organization_id, at=item.at)
            )
            if len(leaves) % SEALED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return leaves

    async def _rests(self, seconds: float) -> bool:
        """Rest, and say whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True
