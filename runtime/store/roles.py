"""Judge the role that serves requests: row security must hold it, and it must hold nothing else.

Everything that the role is a member of counts as itself, directly or by others, whether it inherits
the rights or would have to ask for them by SET ROLE; so does the role that logged in, to which
RESET ROLE leads back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import UnsafeRoleError

_REACH: Final = text("""
with recursive reach (oid) as (
  select oid from pg_roles where rolname in (session_user, current_user)
  union
  select held.roleid from pg_auth_members held join reach on held.member = reach.oid
)
select role.rolname as name, role.rolname in (session_user, current_user) as itself,
  current_user as me,
  role.rolsuper as is_superuser, role.rolbypassrls as bypasses_row_security,
  role.rolcreaterole as makes_roles, role.rolcreatedb as makes_databases,
  role.rolreplication as replicates,
  role.oid < 16384 and role.rolname like 'pg\\_%' as predefined,
  exists (select from pg_class where relowner = role.oid)
    or exists (select from pg_proc where proowner = role.oid)
    or exists (select from pg_namespace where nspowner = role.oid)
    or exists (select from pg_database where datdba = role.oid) as owns
from reach join pg_roles role on role.oid = reach.oid
order by itself desc, name
limit 1000
""")
_POWERS: Final = (
    ("is_superuser", "is a superuser", "nosuperuser"),
    ("bypasses_row_security", "bypasses row security", "nobypassrls"),
    ("makes_roles", "may make roles", "nocreaterole"),
    ("makes_databases", "may make databases", "nocreatedb"),
    ("replicates", "may replicate the whole server", "noreplication"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleProblem:
    """Name a right that the app's role must not have, and the statement that takes it away."""

    role: str
    problem: str
    mend: str


async def role_problems(connection: AsyncConnection) -> tuple[RoleProblem, ...]:
    """Return what is wrong with the role of a connection; nothing, if it may serve requests."""
    found: list[RoleProblem] = []
    for row in await connection.execute(_REACH):
        by = "" if row.itself else f" as a member of '{row.name}'"
        for column, power, without in _POWERS:
            if getattr(row, column):
                mend = (
                    f'let the app connect as its own role; or alter role "{row.name}" {without}'
                    if row.itself
                    else f'revoke "{row.name}" from "{row.me}", or from the role between them'
                )
                found.append(RoleProblem(role=row.me, problem=f"it {power}{by}", mend=mend))
        if row.owns:
            found.append(
                RoleProblem(
                    role=row.me,
                    problem=f"it owns tables, functions, a schema or a database{by}",
                    mend="let the app connect as a role that owns nothing",
                )
            )
        if row.predefined:
            found.append(
                RoleProblem(
                    role=row.me,
                    problem=f"it is a member of '{row.name}', whose rights reach beyond one tenant",
                    mend=f'revoke "{row.name}" from "{row.me}"',
                )
            )
    return tuple(found)


async def refuse_unsafe_role(connection: AsyncConnection) -> None:
    """Refuse to serve requests under a role that could see or change more than one tenant's rows.

    Raises:
        UnsafeRoleError: it is a superuser, an owner, bypasses row security, or could become such.
    """
    problems = await role_problems(connection)
    if problems:
        raise UnsafeRoleError(
            role=problems[0].role, problems=tuple(item.problem for item in problems)
        )
