"""Tell an OPA server which bundles there are: one of each organization that is not archived.

One without rules of its own is asked by the shipped ones, which its bundle holds: so all are named,
up to a bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from math import inf
from typing import Final

from runtime.domain.errors import NotFoundError
from runtime.kit.clock import Clock
from runtime.services.policies.bundle_maker import Bundle, BundleMaker
from runtime.services.policies.rules_watch import Gone, RulesWatch
from runtime.store.listed_organizations import organization_ids, organizations_stamp
from runtime.store.session import Database

NAME: Final = "discovery"
"""What stands in the place of an organization's id, which never looks so."""
MOST_ORGANIZATIONS: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    organization_ids: tuple[str, ...]
    stamp: Hashable
    etag: str
    good_for_s: float = inf


class Discovery:
    """Make the bundle that names the others; belongs to one event loop.

    Args:
        database: which knows what organizations there are.
        clock: says when it is made.
        maker: makes it; None: no key signs bundles.
        most: how many organizations are named, the oldest first.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        maker: BundleMaker | None,
        most: int = MOST_ORGANIZATIONS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._maker = maker
        self._most = most
        self.watch = RulesWatch(self._stamp)

    async def of(self, *, known: str | None = None) -> Bundle | None:
        """Return it, or None if it is the one that is known already.

        Raises:
            NotFoundError: bundles are not made here.
            StorageUnavailableError: the database can't be asked.
        """
        maker = self._required()
        named = await self._read()
        return None if named.etag == known else await self._made(maker, named)

    async def newer(self, *, known: str, within_s: float, gone: Gone) -> Bundle | None:
        """Return it as soon as it is another than the known one; None if that takes too long.

        Raises:
            NotFoundError, StorageUnavailableError: as `of` does.
        """
        maker = self._required()
        named = await self.watch.newer(NAME, self._read, known=known, within_s=within_s, gone=gone)
        return None if named is None else await self._made(maker, named)

    def _required(self) -> BundleMaker:
        if self._maker is None:
            raise NotFoundError(kind="bundle", id=NAME)
        return self._maker

    async def _made(self, maker: BundleMaker, named: _Named) -> Bundle:
        now = self._clock.now()
        content = await asyncio.to_thread(maker.discovery, named.organization_ids, now)
        return Bundle(content=content, etag=named.etag)

    async def _stamp(self, _: str) -> Hashable:
        return await organizations_stamp(self._database, limit=self._most)

    async def _read(self) -> _Named:
        stamp = await organizations_stamp(self._database, limit=self._most)
        found = await organization_ids(self._database, limit=self._most)
        etag = self._required().discovery_etag(found)
        return _Named(organization_ids=found, stamp=stamp, etag=etag)
