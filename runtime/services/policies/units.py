"""Find the rules that hold in a project: the shipped ones, the organization's, the project's.

What was once put together is kept in memory, and in storage under its digest, so that decisions
can be asked for anew long after other rules hold.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import StorageUnavailableError
from runtime.domain.head import Head
from runtime.domain.policy_modules import reads_of
from runtime.domain.policy_unit import BASE, PolicyModule, PolicyUnit, unit_of
from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.kit.clock import Clock
from runtime.services.policies.trials import served
from runtime.store.policies import find_rules
from runtime.store.policy_units import keep_unit
from runtime.store.session import Database

MOST_UNITS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedUnit:
    """Pair a unit with what its rules can read of a question.

    Attributes:
        reads: members of the input; the others can't change an answer.
    """

    unit: PolicyUnit
    reads: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    organization_id: str
    project_id: str | None
    number: int


@dataclass(slots=True)
class PolicyUnits:
    """Keep the units that were asked lately; belongs to one event loop."""

    database: Database
    clock: Clock
    shipped: Callable[[], tuple[PolicyModule, ...]]
    _units: OrderedDict[_Place, ServedUnit] = field(default_factory=OrderedDict)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    def known(self, head: Head, *, organization_id: str, project_id: str) -> ServedUnit | None:
        """Return the unit of a project if it is in memory."""
        return self._units.get(_place(head, organization_id, project_id))

    async def of(self, head: Head, *, organization_id: str, project_id: str) -> ServedUnit:
        """Return the unit of a project.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        place = _place(head, organization_id, project_id)
        async with self._opening:
            found = self._units.get(place)
            if found is None:
                found = self._units[place] = await self._read(place, head)
                if len(self._units) > MOST_UNITS:
                    self._units.popitem(last=False)
        return found

    async def _read(self, place: _Place, head: Head) -> ServedUnit:
        """Put a unit together from storage, and keep it there as a whole."""
        async with self.database.transaction(place.organization_id) as connection:
            own = [
                *await _served(connection, ORGANIZATION_SCOPE, version=head.organization_rules),
                *await _served(connection, place.project_id, version=head.project_rules),
            ]
            unit = unit_of(
                (*self.shipped(), *own),
                organization_id=place.organization_id,
                key=place.project_id or BASE,
                number=place.number,
            )
            await keep_unit(
                connection,
                organization_id=place.organization_id,
                revision=unit.revision,
                modules=unit.modules,
                now=self.clock.now(),
            )
        return ServedUnit(unit=unit, reads=reads_of(unit.modules))


async def _served(
    connection: AsyncConnection, scope: str | None, *, version: int | None
) -> tuple[PolicyModule, ...]:
    """Return the modules of a version that decide; its tests don't."""
    if scope is None or version is None:
        return ()
    rules = await find_rules(connection, scope, version=version)
    if rules is None:  # a key of the tables rules it out
        raise StorageUnavailableError(reason=f"rules {version} are missing", sent=False)
    return served(rules.placed)


def _place(head: Head, organization_id: str, project_id: str) -> _Place:
    own = head.project_rules is not None
    return _Place(
        organization_id=organization_id,
        project_id=project_id if own else None,
        number=head.rules_number,
    )
