"""Bring together the rules of an organization as an OPA server loads them: signed, numbered, dated.

A bundle says when it was made, and evaluators refuse answers from one that is too old: so it is
made anew each minute even when nothing changed, each organization's at a second of its own. Who has
the newest may wait for a newer one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from zlib import crc32

from runtime.domain.errors import NotFoundError
from runtime.domain.policy_unit import BASE, PolicyModule, PolicyUnit, unit_of
from runtime.kit.clock import Clock
from runtime.kit.ids import IdError, parse_id
from runtime.services.policies.bundle_maker import Bundle, BundleMaker
from runtime.services.policies.discovery import Discovery
from runtime.services.policies.rules_watch import Gone, RulesWatch
from runtime.services.policies.trials import served
from runtime.store.organizations import find_organization
from runtime.store.policy_bundles import (
    RulesInForce,
    RulesStamp,
    modules_in_force,
    of_organization,
    rules_in_force,
    rules_stamp,
)
from runtime.store.session import Database

MOST_PROJECTS: Final = 1_000
MADE_ANEW_S: Final = 60
KEPT_BYTES: Final = 32 * 2**20
"""How much of what was made last is kept, for OPA servers that come for the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """Hold what is served of an organization, and what tells it from what is served later."""

    units: tuple[PolicyUnit, ...]
    stamp: RulesStamp
    built_at: datetime
    etag: str
    good_for_s: float


@dataclass(slots=True)
class _Kept:
    """Keep bundles that were made, the last ones asked for; one is made at a time."""

    making: asyncio.Lock = field(default_factory=asyncio.Lock)
    made: OrderedDict[str, bytes] = field(default_factory=OrderedDict)

    def keep(self, etag: str, content: bytes) -> None:
        """Keep one, and forget others for it."""
        self.made[etag] = content
        while len(self.made) > 1 and sum(map(len, self.made.values())) > KEPT_BYTES:
            self.made.popitem(last=False)


class Bundles:
    """Make the bundles of organizations; belongs to one event loop."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        shipped: Callable[[], tuple[PolicyModule, ...]],
        maker: BundleMaker | None,
    ) -> None:
        """Keep what it takes; None for `maker`: no key signs bundles."""
        self._database = database
        self._clock = clock
        self._shipped = shipped
        self._maker = maker
        self._kept = _Kept()
        self.watch = RulesWatch(self._stamp)
        self.discovery = Discovery(database=database, clock=clock, maker=maker)

    async def of(self, organization_id: str, *, known: str | None = None) -> Bundle | None:
        """Return an organization's bundle, or None if it is the one that is known already.

        Args:
            organization_id: whose.
            known: the ETag of the bundle that the asker has.

        Raises:
            NotFoundError: no such organization, or bundles are not made here.
            StorageUnavailableError: the database can't be asked.
        """
        maker = self._made_by(organization_id)
        return await self._bundle(maker, await self._read(maker, organization_id), known=known)

    async def newer(
        self, organization_id: str, *, known: str, within_s: float, gone: Gone
    ) -> Bundle | None:
        """Return an organization's bundle as soon as it is another than the known one.

        Args:
            organization_id: whose.
            known: the ETag of the bundle that the asker has.
            within_s: how long to wait for another; None is returned then.
            gone: says whether the asker has gone away, so that nobody waits for them.

        Raises:
            NotFoundError, StorageUnavailableError: as `of` does.
        """
        maker = self._made_by(organization_id)
        read = await self.watch.newer(
            organization_id,
            lambda: self._read(maker, organization_id),
            known=known,
            within_s=within_s,
            gone=gone,
        )
        return None if read is None else await self._bundle(maker, read, known=known)

    def close(self) -> None:
        """Let nobody wait any more: whoever does is answered now."""
        self.watch.close()
        self.discovery.watch.close()

    def _made_by(self, organization_id: str) -> BundleMaker:
        if self._maker is None:
            raise NotFoundError(kind="bundle", id=organization_id)
        try:
            parse_id(organization_id, "org")
        except IdError:
            raise NotFoundError(kind="bundle", id=organization_id) from None
        return self._maker

    async def _bundle(self, maker: BundleMaker, read: _Read, *, known: str | None) -> Bundle | None:
        """Return what was read as a bundle; making one takes as long as many requests."""
        if read.etag == known:
            return None
        async with self._kept.making:
            content = self._kept.made.get(read.etag)
            if content is None:
                organization_id = read.units[0].organization_id
                content = await asyncio.to_thread(
                    maker.content, read.units, organization_id, read.built_at
                )
                self._kept.keep(read.etag, content)
        return Bundle(content=content, etag=read.etag)

    async def _stamp(self, organization_id: str) -> RulesStamp:
        return await rules_stamp(self._database, organization_id)

    async def _read(self, maker: BundleMaker, organization_id: str) -> _Read:
        """Return the base unit and one for each project that has rules of its own."""
        stamp = await self._stamp(organization_id)  # first: what comes later is seen as a change
        async with self._database.transaction(organization_id, read_only=True) as connection:
            if await find_organization(connection, organization_id) is None:
                raise NotFoundError(kind="bundle", id=organization_id)
            rules = await rules_in_force(connection, limit=MOST_PROJECTS + 1)
            modules = await modules_in_force(connection, rules)
        units = _units(rules, modules, shipped=self._shipped(), organization_id=organization_id)
        now = self._clock.now()
        built_at = made_at(now, organization_id)
        return _Read(
            units=units,
            stamp=stamp,
            built_at=built_at,
            etag=maker.etag(units, built_at),
            good_for_s=MADE_ANEW_S - (now - built_at).total_seconds(),
        )


def made_at(now: datetime, organization_id: str) -> datetime:
    """Return since when the bundle of an organization is the current one, if nothing changed.

    >>> moment = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)
    >>> made_at(moment, "org_1").isoformat()
    '2026-01-01T12:00:18+00:00'
    """
    seconds = int(now.timestamp())
    since = (seconds - crc32(organization_id.encode())) % MADE_ANEW_S
    return datetime.fromtimestamp(seconds - since, UTC)


def _units(
    rules: Sequence[RulesInForce],
    modules: dict[str, tuple[PolicyModule, ...]],
    *,
    shipped: tuple[PolicyModule, ...],
    organization_id: str,
) -> tuple[PolicyUnit, ...]:
    base = of_organization(rules)
    shared = (*shipped, *served(modules.get(base.scope, ())))
    return (
        unit_of(shared, organization_id=organization_id, key=BASE, number=base.number),
        *(
            unit_of(
                (*shared, *served(modules[own.scope])),
                organization_id=organization_id,
                key=own.scope,
                number=max(base.number, own.number),
            )
            for own in rules
            if own.scope != base.scope
        ),
    )
