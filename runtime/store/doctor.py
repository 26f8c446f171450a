"""Find what would let one tenant reach another's rows, or history be rewritten, in a real database.

It asks as the app's role and changes nothing: what it writes to try the audit log is taken back.
Each finding names the object and the mend.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import SchemaMismatchError
from runtime.store import schema
from runtime.store.audit_self_test import audit_problem
from runtime.store.one_connection import connected, sqlstate
from runtime.store.rights import (
    APPEND_ONLY,
    CALLABLE,
    DEFINERS,
    GRANTS,
    TENANT_COLUMN,
    TENANTLESS,
    TENANTS,
)
from runtime.store.roles import RoleProblem, role_problems
from runtime.store.symptoms import SYMPTOMS, Check

_FACTS: Final = {
    "append_only": sorted(APPEND_ONLY),
    "definers": sorted(DEFINERS),
    "tenant": TENANT_COLUMN,
    "tenantless": sorted(TENANTLESS),
    "tenants": TENANTS,
}
_NO_CONTEXT: Final = "PL001"
_LOG: Final = frozenset({"audit_leaves", "audit_outbox", "audit_records", "organizations"})
_MAINTAIN_SINCE: Final = (17,)
_PRIVILEGES: Final = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
_BY_COLUMN: Final = ("select", "insert", "update", "references")
_HELD: Final = text("""
select relname as name, asked.privilege
from pg_class cross join unnest(cast(:privileges as text[])) as asked (privilege)
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  and (has_table_privilege(pg_class.oid, asked.privilege)
    or asked.privilege = any (cast(:by_column as text[]))
      and has_any_column_privilege(pg_class.oid, asked.privilege))
order by 1, 2 limit 10000
""")
_CALLABLE: Final = text("""
select proname as name, 'execute' as privilege from pg_proc
where pronamespace = 'public'::regnamespace and has_function_privilege(oid, 'execute')
order by 1 limit 10000
""")
_CONTEXT: Final = text("select current_organization()")
_NOBODY: Final = "org_of_nobody"
_SET_CONTEXT: Final = text("select set_config('app.organization_id', 'org_of_nobody', true)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Name what is wrong with which object, and what to do about it."""

    check: Check
    subject: str
    problem: str
    mend: str


async def diagnose(app_url: str) -> tuple[Finding, ...]:
    """Return everything that is wrong with a database; nothing, if it is healthy.

    Args:
        app_url: the database, under the role that serves requests.

    Raises:
        StorageUnavailableError: nobody answers there, or not to this role.
    """
    async with connected(app_url) as connection:
        return await examine(connection)


async def examine(connection: AsyncConnection) -> tuple[Finding, ...]:
    """Return everything that is wrong with the database of a connection, as its role sees it.

    A role that must not serve requests has rights without end: then that alone is said of it.
    """
    role = await role_problems(connection)
    found = [_about_the_role(item) for item in role]
    await connection.rollback()
    try:
        schema.judge(await schema.found_revision(connection))
    except SchemaMismatchError as error:
        mismatch = Finding(
            check=Check.SCHEMA, subject="alembic_version", problem=str(error), mend=error.remedy
        )
        return (mismatch, *found)
    found += [
        finding
        async for finding in _symptoms(connection)
        if not (role and finding.check is Check.DDL)
    ]
    if not role:
        found += await _about_grants(connection)
        found += await _about_the_log(connection, known=found)
    found += await _about_the_context(connection)
    return tuple(found)


def _about_the_role(item: RoleProblem) -> Finding:
    return Finding(check=Check.ROLE, subject=item.role, problem=item.problem, mend=item.mend)


async def _symptoms(connection: AsyncConnection) -> AsyncIterator[Finding]:
    for symptom in SYMPTOMS:
        wanted = {name: _FACTS[name] for name in symptom.query.compile().params}
        for row in await connection.execute(symptom.query, wanted):
            yield Finding(
                check=symptom.check,
                subject=row.subject,
                problem=symptom.problem.format(subject=row.subject, fact=row.fact),
                mend=symptom.mend.format(subject=row.subject, fact=row.fact),
            )


async def _about_grants(connection: AsyncConnection) -> list[Finding]:
    role = await connection.scalar(text("select current_user"))
    version = connection.dialect.server_version_info or ()
    privileges = (*_PRIVILEGES, "maintain") if version >= _MAINTAIN_SINCE else _PRIVILEGES
    asked = {"privileges": list(privileges), "by_column": list(_BY_COLUMN)}
    held = _collected(await connection.execute(_HELD, asked))
    functions = _collected(await connection.execute(_CALLABLE))
    callable_ = dict.fromkeys(CALLABLE, frozenset({"execute"}))
    return [
        *_compared(held, GRANTS, kind="", role=f'"{role}"'),
        *_compared(functions, callable_, kind="function ", role=f'"{role}"'),
    ]


def _collected(rows: Iterable[Any]) -> dict[str, set[str]]:
    held: dict[str, set[str]] = {}
    for row in rows:
        held.setdefault(row.name, set()).add(row.privilege)
    return held


def _compared(
    held: Mapping[str, AbstractSet[str]],
    wanted: Mapping[str, AbstractSet[str]],
    *,
    kind: str,
    role: str,
) -> Iterator[Finding]:
    for name in sorted({*held, *wanted}):
        has, needs = held.get(name, frozenset()), wanted.get(name, frozenset())
        if excess := ", ".join(sorted(has - needs)):
            yield Finding(
                check=Check.GRANT,
                subject=name,
                problem=f"the app's role has {excess}, which it never needs",
                mend=f"revoke {excess} on {kind}{name} from {role}",
            )
        if missing := ", ".join(sorted(needs - has)):
            yield Finding(
                check=Check.GRANT,
                subject=name,
                problem=f"the app's role lacks {missing}, which it needs",
                mend=f"grant {missing} on {kind}{name} to {role}",
            )


async def _about_the_log(connection: AsyncConnection, *, known: Iterable[Finding]) -> list[Finding]:
    """Write and read a record as the app does; why that fails may be known already."""
    if any(item.subject in _LOG for item in known):
        return []
    problem = await audit_problem(connection)
    if not problem:
        return []
    return [
        Finding(
            check=Check.AUDIT,
            subject="audit_records",
            problem=problem,
            mend="make its grants, policies and triggers anew as revisions 0001 and 0017 do",
        )
    ]


async def _about_the_context(connection: AsyncConnection) -> list[Finding]:
    """See that a transaction without an organization is an error, and with one is that one's."""
    problem = await _fault_of_the_context(connection)
    await connection.rollback()
    if not problem:
        return []
    return [
        Finding(
            check=Check.CONTEXT,
            subject="current_organization()",
            problem=problem,
            mend="make it anew as revision 0001 does",
        )
    ]


async def _fault_of_the_context(connection: AsyncConnection) -> str:
    await connection.rollback()
    try:
        got = await connection.scalar(_CONTEXT)
    except DBAPIError as error:
        if sqlstate(error) != _NO_CONTEXT:
            return "without an organization it fails otherwise than it must"
    else:
        return f"without an organization it returns {got!r}, expected an error"
    await connection.rollback()
    await connection.execute(_SET_CONTEXT)
    if await connection.scalar(_CONTEXT) != _NOBODY:
        return "it does not return the organization that the transaction names"
    return ""
