"""Hear of rotations that any process was told of, and overwrite values that serve no more."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Final

from runtime.domain.secret_reference import SecretReferenceError
from runtime.services.secrets.measures import SecretMeasures
from runtime.services.secrets.prefixes import read_prefix
from runtime.services.secrets.reader import SecretReader
from runtime.store.secret_rotations import last_rotation, rotations_after
from runtime.store.session import Database

MOST_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchingPace:
    """Say how often to look: from one look to the next, give or take a quarter."""

    every_s: float = 2.0


class RotationWatch:
    """Look for rotations; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        reader: SecretReader,
        *,
        measures: SecretMeasures,
        pace: WatchingPace | None = None,
    ) -> None:
        """Hear nothing yet."""
        self._database = database
        self._reader = reader
        self._measures = measures
        self._pace = pace or WatchingPace()
        self._heard: int | None = None
        self._ended = asyncio.Event()

    async def begin(self) -> None:
        """Hear of what is told from now on; to be called before the first secret is read.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        self._heard = await last_rotation(self._database)

    def end(self) -> None:
        """Let `run` return after the look that is under way."""
        self._ended.set()

    async def run(self) -> None:
        """Look until the end; what fails is tried again by the next look."""
        while not await self._rests(self._pace.every_s * (0.75 + random.random() / 2)):
            try:
                while await self.look() == MOST_AT_ONCE and not self._ended.is_set():
                    pass
            except Exception as error:  # noqa: BLE001  # who ends silently hears of nothing any more
                self._measures.failed("rotations", error)
            self._reader.sweep()

    async def look(self) -> int:
        """Use nothing any more that was rotated since the last look; return how much was told.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        if self._heard is None:
            await self.begin()
        found = await rotations_after(self._database, self._heard or 0, most=MOST_AT_ONCE)
        for rotation in found:
            try:
                self._reader.invalidate(read_prefix(rotation.reference))
            except SecretReferenceError as error:  # of a newer release
                self._measures.failed("rotation", error)
            self._heard = rotation.sequence
        if found:
            self._measures.rotation_heard(len(found))
        return len(found)

    async def _rests(self, seconds: float) -> bool:
        """Rest, and say whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True
