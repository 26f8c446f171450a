"""Find the rules that others are asked together with, and try a change beside all of them.

A project's rules are asked with the organization's, so a change of either is tried with the other.
What was tried outside of a transaction is compared inside the one that writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import PolicyMovedError, PolicyRefusedError, PolicyUncheckableError
from runtime.domain.policy_unit import PolicyModule
from runtime.domain.policy_version import ORGANIZATION_SCOPE, placed_modules, project_of
from runtime.services.policies.trials import Trials, failures_of, served
from runtime.store.policies import ActiveVersion, active_in_projects, active_version, find_rules
from runtime.store.session import Database

MOST_PROJECTS: Final = 1_000
MOST_PROBLEMS: Final = 20
AT_ONCE: Final = 4
"""How many trials are waited for at a time: who tries is kept busy, little is in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Try rules of one organization beside those that hold already."""

    database: Database
    trials: Trials

    async def beside(
        self, organization_id: str, together: tuple[ActiveVersion, ...]
    ) -> tuple[PolicyModule, ...]:
        """Return the modules that decide together with those of a project."""
        found = list[PolicyModule]()
        for active in together:
            found += served(await self._modules(organization_id, active))
        return tuple(found)

    async def require_fits_projects(
        self,
        organization_id: str,
        modules: tuple[PolicyModule, ...],
        *,
        together: tuple[ActiveVersion, ...],
    ) -> None:
        """Try new rules of the organization, or none, with those of each project, one by one.

        Raises:
            PolicyRefusedError: those of a project can't be used with them; it is named.
            PolicyUncheckableError: it could not be tried, or there are too many projects.
        """
        if len(together) > MOST_PROJECTS:
            raise PolicyUncheckableError(
                scope=ORGANIZATION_SCOPE,
                fault="too many projects",
                detail=f"more than {MOST_PROJECTS} projects have rules of their own",
            )
        placed = served(placed_modules(ORGANIZATION_SCOPE, modules))
        distinct = list({active.digest: active for active in together}.values())
        tried, problems = dict[str, tuple[str, ...]](), list[str]()
        for start in range(0, len(distinct), AT_ONCE):
            batch = distinct[start : start + AT_ONCE]
            tried |= await self._failures(organization_id, placed, batch=batch)
            problems = [
                f"project {active.scope}: {item}"
                for active in together
                for item in tried.get(active.digest, ())
            ]
            if len(problems) >= MOST_PROBLEMS:
                break
        if problems:
            raise PolicyRefusedError(
                scope=ORGANIZATION_SCOPE, problems=tuple(problems[:MOST_PROBLEMS])
            )

    async def _failures(
        self,
        organization_id: str,
        placed: tuple[PolicyModule, ...],
        *,
        batch: Sequence[ActiveVersion],
    ) -> dict[str, tuple[str, ...]]:
        """Return what is wrong with rules of projects beside others, by their digests."""

        async def failures(active: ActiveVersion) -> tuple[str, ...] | PolicyUncheckableError:
            own = await self._modules(organization_id, active)
            try:
                return failures_of(await self.trials.checked(active.scope, (*placed, *own)))
            except PolicyUncheckableError as error:
                return error

        async with asyncio.TaskGroup() as group:
            tasks = {active.digest: group.create_task(failures(active)) for active in batch}
        found = dict[str, tuple[str, ...]]()
        for digest, task in tasks.items():
            answer = task.result()
            if isinstance(answer, PolicyUncheckableError):
                raise answer
            found[digest] = answer
        return found

    async def _modules(
        self, organization_id: str, active: ActiveVersion
    ) -> tuple[PolicyModule, ...]:
        """Return what holds, placed; few modules are in memory at once."""
        async with self.database.transaction(organization_id, read_only=True) as connection:
            rules = await find_rules(connection, active.scope, version=active.version)
        return () if rules is None else rules.placed


async def together_with(connection: AsyncConnection, scope: str) -> tuple[ActiveVersion, ...]:
    """Return what rules of a scope are asked together with, as it is now."""
    if project_of(scope) is None:
        return await active_in_projects(connection, limit=MOST_PROJECTS + 1)
    organization = await active_version(connection, ORGANIZATION_SCOPE)
    return () if organization is None else (organization,)


async def require_unmoved(
    connection: AsyncConnection, scope: str, *, together: tuple[ActiveVersion, ...]
) -> None:
    """Refuse what was tried with rules that don't hold any more.

    Raises:
        PolicyMovedError: others hold now, or others as well.
    """
    moved = set(together) ^ set(await together_with(connection, scope))
    if moved:
        raise PolicyMovedError(scope=scope, moved=min(item.scope for item in moved))
