"""Attack every tenant's table by every verb, from the own context, a foreign one and none.

The attacks are generated from the catalogue: whoever adds a table has it attacked. `violations`
is a function of a database, so that a policy that was weakened on purpose can be put to it too.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import asyncpg

from runtime.store.rights import GRANTS, TENANT_COLUMN, TENANTLESS, TENANTS
from tests.database import Connection, DatabaseUrls, session
from tests.rows import ONE_EACH, Values, inserted, organization, rows_of, seed

MINE: Final = organization(1)
THEIRS: Final = organization(2)
SPARE: Final = 7
"""The number of rows that nobody has yet."""

PURGED: Final = frozenset({"projects", "outcomes", "snapshots", "versions"})
"""Tables whose rows go once a purge began, and not before, by their triggers."""
GUARDED: Final = "PL006"
BY_TRIGGER: Final[Mapping[str, frozenset[str]]] = {
    "audit_holds": frozenset({"give away"}),
    "audit_payload_keys": frozenset({"give away"}),
    "audit_records": frozenset({"delete"}),
    "audit_trees": frozenset({"update", "upsert", "give away", "merge update"}),
    "gates": frozenset({"delete"}),
}
"""What a trigger refuses of own rows, whatever the policy says: records that the log has not yet, a
log that does not grow, holds and keys of another name, verdicts that may hold."""
NO_CONTEXT: Final = "PL001"
POLICY: Final = "refused by policy"
PERMISSION: Final = "refused by right"
COPY_IN: Final = "0A000"
TAKEN: Final = "23505"
Outcome = int | str


class Context(StrEnum):
    """Say which organization a transaction names, and whose rows it reaches for."""

    OWN = "own"
    FOREIGN = "foreign"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Hold one table and whose rows of it are attacked."""

    table: str
    key: Sequence[str]
    victim: str

    @property
    def tenant(self) -> str:
        """Return the column that names the tenant."""
        return "id" if self.table == TENANTS else TENANT_COLUMN

    @property
    def row(self) -> Values:
        """Return the row that the victim has."""
        return rows_of(self.victim)[self.table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attackers:
    """Hold a session of the app's role and one of the owner's, and each table's primary key."""

    app: Connection
    owner: Connection
    keys: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """Try one verb; the outcome is a number of rows, or what refused it.

    Attributes:
        needs: the rights without which it is refused, whatever the row.
        run: tries it and returns how many rows it reached.
        expected: the outcome in each context in which it makes sense.
        as_owner: whether the tables' owner tries it too, whom forced row security holds.
    """

    name: str
    needs: frozenset[str]
    run: Callable[[Connection, Target], Awaitable[int]]
    expected: Mapping[Context, Outcome]
    as_owner: bool = field(default=False)


def tables() -> tuple[str, ...]:
    """Return every table that has a tenant."""
    return tuple(sorted(set(GRANTS) - set(TENANTLESS)))


async def seed_two(url: str) -> None:
    """Give two organizations a row in every table, with the same ids, names and keys."""
    async with session(url) as superuser:
        for tenant in (MINE, THEIRS):
            await seed(superuser, rows_of(tenant))


@asynccontextmanager
async def attackers(urls: DatabaseUrls) -> AsyncIterator[Attackers]:
    """Open the two sessions from which a database is attacked."""
    async with session(urls.app_url) as app, session(urls.owner_url) as owner:
        yield Attackers(app=app, owner=owner, keys=await _keys(owner))


async def violations(attackers: Attackers, table: str) -> AsyncGenerator[str]:
    """Yield each attack on a table whose outcome is not the expected one."""
    for attack in ATTACKS:
        for context, expected in attack.expected.items():
            victim = THEIRS if context is Context.FOREIGN else MINE
            target = Target(table=table, key=attackers.keys[table], victim=victim)
            wanted = expected if attack.needs <= GRANTS[table] else PERMISSION
            if attack.name == "insert" and table in ONE_EACH and context is Context.OWN:
                wanted = TAKEN
            if attack.name in BY_TRIGGER.get(table, ()) and context is Context.OWN:
                wanted = GUARDED
            got = await outcome(attackers.app, attack, target, context=context)
            if got != wanted:
                yield f"{table}: {attack.name} in {context} context: {got} for {wanted}"
            if attack.as_owner:
                got = await outcome(attackers.owner, attack, target, context=context)
                if got != expected:
                    yield f"{table}: owner's {attack.name} in {context} context: {got}"


async def outcome(
    connection: Connection, attack: Attack, target: Target, *, context: Context
) -> Outcome:
    """Try an attack in a transaction of its own and take it back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        if context is not Context.NONE:
            await connection.execute("select set_config('app.organization_id', $1, true)", MINE)
        return await attack.run(connection, target)
    except asyncpg.InsufficientPrivilegeError as error:
        return POLICY if "row-level security" in str(error) else PERMISSION
    except asyncpg.PostgresError as error:
        return error.sqlstate or type(error).__name__
    finally:
        await transaction.rollback()


async def _keys(owner: Connection) -> dict[str, list[str]]:
    rows = await owner.fetch(
        "select relname, array_agg(attname::text) as columns from pg_index "
        "join pg_class on pg_class.oid = indrelid "
        "join pg_attribute on attrelid = indrelid and attnum = any (indkey) "
        "where relnamespace = 'public'::regnamespace and indisprimary group by relname"
    )
    return {row["relname"]: row["columns"] for row in rows}


async def _select(app: Connection, target: Target) -> int:
    query = f"select count(*) from {target.table} where {target.tenant} = $1"  # noqa: S608  # ours
    return int(await app.fetchval(query, target.victim))


async def _select_others(app: Connection, target: Target) -> int:
    query = f"select count(*) from {target.table} where {target.tenant} <> $1"  # noqa: S608  # ours
    return int(await app.fetchval(query, target.victim))


async def _select_all(app: Connection, target: Target) -> int:
    return len(await app.fetch(f"select * from {target.table}"))  # noqa: S608  # our names


async def _lock(app: Connection, target: Target) -> int:
    query = f"select from {target.table} where {target.tenant} = $1 for update"
    return len(await app.fetch(query, target.victim))


async def _insert(app: Connection, target: Target) -> int:
    """Insert a new row; in the own context its parents come first."""
    rows = rows_of(target.victim, number=SPARE)
    if target.victim == MINE:
        for table, values in rows.items():
            if table == target.table:
                break
            if table not in ONE_EACH:
                await app.execute(inserted(table, values), *values.values())
    row = rows[target.table]
    return _reached(await app.execute(inserted(target.table, row), *row.values()))


async def _update(app: Connection, target: Target) -> int:
    column = target.tenant
    statement = f"update {target.table} set {column} = {column} where {column} = $1"  # noqa: S608  # ours
    return _reached(await app.execute(statement, target.victim))


async def _delete(app: Connection, target: Target) -> int:
    """Delete rows; of a project and its history, once the purge of the own one began."""
    if target.table in PURGED:
        await app.execute("update projects set archived_at = now(), purge_began_at = now()")
    statement = f"delete from {target.table} where {target.tenant} = $1"  # noqa: S608  # our names
    return _reached(await app.execute(statement, target.victim))


async def _upsert(app: Connection, target: Target) -> int:
    key, column = ", ".join(target.key), target.tenant
    statement = inserted(target.table, target.row)
    statement += f" on conflict ({key}) do update set {column} = excluded.{column}"
    return _reached(await app.execute(statement, *target.row.values()))


async def _insert_or_nothing(app: Connection, target: Target) -> int:
    statement = inserted(target.table, target.row) + " on conflict do nothing"
    return _reached(await app.execute(statement, *target.row.values()))


async def _give_away(app: Connection, target: Target) -> int:
    column = target.tenant
    statement = f"update {target.table} set {column} = $2 where {column} = $1"  # noqa: S608  # ours
    return _reached(await app.execute(statement, MINE, THEIRS))


async def _take(app: Connection, target: Target) -> int:
    column = target.tenant
    statement = f"update {target.table} set {column} = $2 where {column} = $1"  # noqa: S608  # ours
    return _reached(await app.execute(statement, THEIRS, MINE))


async def _copy_in(app: Connection, target: Target) -> int:
    row = rows_of(target.victim, number=SPARE)[target.table]
    done = await app.copy_records_to_table(
        target.table, records=[tuple(row.values())], columns=list(row)
    )
    return _reached(done)


async def _copy_out(app: Connection, target: Target) -> int:
    async def ignore(_: bytes) -> None:
        """Count is all that matters."""

    return _reached(await app.copy_from_table(target.table, output=ignore, format="csv"))


async def _merge_update(app: Connection, target: Target) -> int:
    column = target.tenant
    statement = (
        f"merge into {target.table} as kept using (select 1) on kept.{column} = $1 "
        f"when matched then update set {column} = kept.{column}"
    )
    return _reached(await app.execute(statement, target.victim))


async def _merge_insert(app: Connection, target: Target) -> int:
    row = target.row
    places = ", ".join(f"${place}" for place in range(2, len(row) + 2))
    statement = f"merge into {target.table} as kept using (select 1) on kept.{target.tenant} = $1 "
    statement += f"when not matched then insert ({', '.join(row)}) values ({places})"  # noqa: S608
    return _reached(await app.execute(statement, target.victim, *row.values()))


def _reached(status: str) -> int:
    return int(status.rsplit(" ", 1)[1])


def _attack(
    run: Callable[[Connection, Target], Awaitable[int]],
    *needs: str,
    own: Outcome | None = None,
    foreign: Outcome | None = None,
    none: Outcome = NO_CONTEXT,
    as_owner: bool = False,
) -> Attack:
    given = {Context.OWN: own, Context.FOREIGN: foreign, Context.NONE: none}
    return Attack(
        name=run.__name__.removeprefix("_").replace("_", " "),
        needs=frozenset(needs),
        run=run,
        expected={context: value for context, value in given.items() if value is not None},
        as_owner=as_owner,
    )


ATTACKS: Final = (
    _attack(_select, "select", own=1, foreign=0, as_owner=True),
    _attack(_select_others, "select", own=0, as_owner=True),
    _attack(_select_all, "select", own=1, as_owner=True),
    _attack(_lock, "select", "update", own=1, foreign=0),
    _attack(_insert, "insert", own=1, foreign=POLICY),
    _attack(_update, "update", own=1, foreign=0),
    _attack(_delete, "delete", own=1, foreign=0),
    _attack(_upsert, "insert", "update", own=1, foreign=POLICY),
    _attack(_insert_or_nothing, "insert", own=0, foreign=POLICY),
    _attack(_give_away, "update", own=POLICY),
    _attack(_take, "update", foreign=0),
    _attack(_copy_in, "insert", own=COPY_IN, foreign=COPY_IN, none=COPY_IN),
    _attack(_copy_out, "select", own=1, as_owner=True),
    _attack(_merge_update, "update", own=1, foreign=0),
    _attack(_merge_insert, "insert", own=0, foreign=POLICY),
)
