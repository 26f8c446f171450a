"""Ask what those for whom jobs are to run are by now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg
import orjson

from runtime.domain.member import MemberKind, Membership, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.store.jobs import called
from runtime.store.session import Database, tenant

Pair: TypeAlias = tuple[str, str]
"""A project and a member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """Say what a member is, in a project that is there.

    Attributes:
        membership: what they are in the project; None for nothing.
        archived: nothing may run in the project.
    """

    member_kind: MemberKind
    organization_role: OrganizationRole
    membership: Membership | None
    archived: bool


async def job_standings(
    database: Database, pairs: Iterable[Pair], *, organization_id: str
) -> Mapping[Pair, JobStanding]:
    """Return what members are in projects; missing is who is no member, or whose project is gone.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    asked = [{"project_id": project, "member_id": member} for project, member in sorted(pairs)]
    rows = await called(
        database,
        "select * from read_job_standings($1, $2)",
        *(tenant(organization_id), orjson.dumps(asked).decode()),
    )
    return {(row["project_id"], row["member_id"]): _standing(row) for row in rows}


def _standing(row: asyncpg.Record) -> JobStanding:
    return JobStanding(
        member_kind=MemberKind(row["member_kind"]),
        organization_role=OrganizationRole(row["organization_role"]),
        membership=None
        if row["role"] is None
        else Membership(
            project_id=row["project_id"],
            member_id=row["member_id"],
            role=ProjectRole(row["role"]),
            extra_roles=tuple(row["extra_roles"]),
            mode=Mode(row["mode"]),
            created_at=row["created_at"],
        ),
        archived=row["archived"],
    )
