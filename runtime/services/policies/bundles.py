"""Bring together the rules of an organization as an OPA server loads them: signed, numbered, dated.

A bundle says when it was made, and evaluators refuse answers from one that is too old: so it is
made anew each minute even when nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import NotFoundError
from runtime.domain.policy_unit import BASE, PolicyModule, PolicyUnit, unit_of
from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.kit.clock import Clock
from runtime.kit.ids import IdError, parse_id
from runtime.services.policies.trials import served
from runtime.store.organizations import find_organization
from runtime.store.policies import active_in_projects, find_rules, newest_activation
from runtime.store.session import Database

MOST_PROJECTS: Final = 1_000
MADE_ANEW_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Hold the content of a bundle, and what tells it from another."""

    content: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleMaker:
    """Make the archive; the adapter of OPA knows how.

    Attributes:
        content: from units, the organization and when they were known to be current.
        etag: of the same, without making it.
    """

    content: Callable[[Sequence[PolicyUnit], str, datetime], bytes]
    etag: Callable[[Sequence[PolicyUnit], datetime], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundles:
    """Make the bundles of organizations; None for `maker`: no key signs them."""

    database: Database
    clock: Clock
    shipped: Callable[[], tuple[PolicyModule, ...]]
    maker: BundleMaker | None

    async def of(self, organization_id: str, *, known: str | None = None) -> Bundle | None:
        """Return an organization's bundle, or None if it is the one that is known already.

        Args:
            organization_id: whose.
            known: the ETag of the bundle that the asker has.

        Raises:
            NotFoundError: no such organization, or bundles are not made here.
            StorageUnavailableError: the database can't be asked.
        """
        if self.maker is None:
            raise NotFoundError(kind="bundle", id=organization_id)
        units = await self._units(organization_id)
        now = self.clock.now()
        built_at = now.replace(second=0, microsecond=0)
        etag = self.maker.etag(units, built_at)
        if etag == known:
            return None
        return Bundle(content=self.maker.content(units, organization_id, built_at), etag=etag)

    async def _units(self, organization_id: str) -> tuple[PolicyUnit, ...]:
        """Return the base unit and one for each project that has rules of its own."""
        try:
            parse_id(organization_id, "org")
        except IdError:
            raise NotFoundError(kind="bundle", id=organization_id) from None
        async with self.database.transaction(organization_id, read_only=True) as connection:
            if await find_organization(connection, organization_id) is None:
                raise NotFoundError(kind="bundle", id=organization_id)
            base = await _active(connection, ORGANIZATION_SCOPE)
            projects = [
                (item.scope, await _active(connection, item.scope))
                for item in await active_in_projects(connection, limit=MOST_PROJECTS)
            ]
        shared = (*self.shipped(), *base.modules)
        return (
            unit_of(shared, organization_id=organization_id, key=BASE, number=base.number),
            *(
                unit_of(
                    (*shared, *own.modules),
                    organization_id=organization_id,
                    key=project,
                    number=max(base.number, own.number),
                )
                for project, own in projects
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Active:
    number: int
    modules: tuple[PolicyModule, ...]


async def _active(connection: AsyncConnection, scope: str) -> _Active:
    """Return what decides in a scope, under the number of its newest activation."""
    activation = await newest_activation(connection, scope)
    if activation is None:
        return _Active(number=0, modules=())
    rules = None
    if activation.version is not None:
        rules = await find_rules(connection, scope, version=activation.version)
    return _Active(number=activation.number, modules=() if rules is None else served(rules.placed))
