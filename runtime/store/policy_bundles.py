"""Read what an OPA server is given of an organization: all rules that hold in it, at one instant.

What changes them is cheap to see (`rules_stamp`), so who waits for a change can look often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import StorageUnavailableError
from runtime.domain.policy_unit import PolicyModule
from runtime.domain.policy_version import ORGANIZATION_SCOPE, placed_modules
from runtime.store.policies import PolicyActivationRow, PolicyVersionRow
from runtime.store.policy_units import read_modules
from runtime.store.projects import ProjectRow
from runtime.store.session import Database, read_row, tenant

AT_ONCE: Final = 100
"""How many versions are read by one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesStamp:
    """Tell whether other rules are served than before: then something in it is otherwise.

    Attributes:
        number: of the newest activation in any scope.
        archived: how many projects are archived, whose rules are not served.
        archived_at: when the newest of them was.
    """

    number: int
    archived: int
    archived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """Say which version holds in a scope since which activation; None: none does any more."""

    scope: str
    number: int
    version: int | None


async def rules_stamp(database: Database, organization_id: str) -> RulesStamp:
    """Return what changes with the rules that an organization is served.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, "select * from rules_stamp($1)", tenant(organization_id))
    if row is None:  # pragma: no cover  # a sum has a row
        raise StorageUnavailableError(reason="no stamp", sent=False)
    return RulesStamp(**row)


async def rules_in_force(connection: AsyncConnection, *, limit: int) -> tuple[RulesInForce, ...]:
    """Return what holds in the organization and in projects with rules that are not archived."""
    row = PolicyActivationRow
    newest = (
        select(row.scope, row.project_id, row.number, row.version)
        .ext(distinct_on(row.scope))
        .order_by(row.scope, row.number.desc())
        .subquery()
    )
    served = newest.c.version.is_not(None) & ProjectRow.id.is_not(None)
    asked = (
        select(newest.c.scope, newest.c.number, newest.c.version)
        .outerjoin(ProjectRow, ProjectRow.id == newest.c.project_id)
        .where(newest.c.project_id.is_(None) | (served & ProjectRow.archived_at.is_(None)))
        .order_by(newest.c.project_id.nulls_first())
        .limit(limit)
    )
    return tuple(
        RulesInForce(scope=found.scope, number=found.number, version=found.version)
        for found in await connection.execute(asked)
    )


async def modules_in_force(
    connection: AsyncConnection, rules: Sequence[RulesInForce], *, at_once: int = AT_ONCE
) -> dict[str, tuple[PolicyModule, ...]]:
    """Return the modules of each scope where a version holds, placed, with their tests."""
    row = PolicyVersionRow
    named = [(item.scope, item.version) for item in rules if item.version is not None]
    modules = dict[str, tuple[PolicyModule, ...]]()
    for start in range(0, len(named), at_once):
        asked = (
            select(row.scope, row.modules)
            .where(tuple_(row.scope, row.version).in_(named[start : start + at_once]))
            .limit(at_once)
        )
        for found in await connection.execute(asked):
            modules[found.scope] = placed_modules(found.scope, read_modules(found.modules))
    return modules


def of_organization(rules: Sequence[RulesInForce]) -> RulesInForce:
    """Return what holds in the organization; number 0 where nothing was ever activated."""
    found = (item for item in rules if item.scope == ORGANIZATION_SCOPE)
    return next(found, RulesInForce(scope=ORGANIZATION_SCOPE, number=0, version=None))
