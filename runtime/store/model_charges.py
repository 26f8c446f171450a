"""Reserve and charge what answers of models take; each function is one short transaction.

Tallies are locked in one order, and for one attempt at a time, so that nobody waits for somebody
who waits for them. It goes through the direct door, as somebody waits for an answer meanwhile:
measured at a quarter of what the same statements took through the other one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

import asyncpg

from runtime.domain.errors import StorageUnavailableError
from runtime.domain.model_budget import Measure, Payer, Spend, Tally, Told
from runtime.domain.record import AuditRecord
from runtime.store.model_thresholds import Connection, Place, Telling, tell_of_thresholds
from runtime.store.session import LOST, Database, tenant

_SET_TENANT: Final = "select set_config('app.organization_id', $1, true)"
_LOCKED: Final = """
insert into model_tallies as tally (
  organization_id, subject, day, project_id,
  tokens, cost_micros, reserved_tokens, reserved_micros, updated_at)
select $1, wished.subject, $2, wished.project_id, 0, 0, 0, 0, $5
from unnest($3::text[], $4::text[]) as wished (subject, project_id)
order by wished.subject collate "C"
on conflict (organization_id, subject, day) do update set updated_at = excluded.updated_at
returning tally.subject, tally.tokens, tally.cost_micros,
  tally.reserved_tokens, tally.reserved_micros,
  tally.told_tokens, tally.told_tokens_of, tally.told_micros, tally.told_micros_of
"""
_BEGUN: Final = """
with begun as (
  insert into model_spends (
    organization_id, turn_id, attempt, day, project_id, member_id, model, price, status,
    reserved_tokens, reserved_micros, tokens, cost_micros, created_at, ends_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, 0, 0, $12, $13)
  on conflict do nothing
  returning attempt
), reserved as (
  update model_tallies set
    reserved_tokens = reserved_tokens + $9,
    reserved_micros = reserved_micros + coalesce($10, 0)
  where organization_id = $1 and day = $4 and subject = any($11::text[])
    and exists (select from begun)
)
select attempt from begun
"""
_GROWN: Final = """
with grown as (
  update model_spends set
    reserved_tokens = reserved_tokens + $4, reserved_micros = reserved_micros + $5
  where organization_id = $1 and turn_id = $2 and attempt = $3 and status = 'open'
  returning attempt
), reserved as (
  update model_tallies set
    reserved_tokens = reserved_tokens + $4,
    reserved_micros = reserved_micros + coalesce($5, 0)
  where organization_id = $1 and day = $6 and subject = any($7::text[])
    and exists (select from grown)
)
select attempt from grown
"""
_ENDED: Final = """
update model_spends set status = 'settled', tokens = $4, cost_micros = $5, ended_at = $6
where organization_id = $1 and turn_id = $2 and attempt = $3 and status = 'open'
returning reserved_tokens, reserved_micros
"""
_LAPSED: Final = """
update model_spends set
  status = 'lapsed', tokens = reserved_tokens, cost_micros = reserved_micros, ended_at = $2
where (organization_id, turn_id, attempt) = (
  select organization_id, turn_id, attempt from model_spends
  where organization_id = $1 and status = 'open' and ends_at < $2
  order by ends_at limit 1 offset $3 for update skip locked)
returning *
"""
_CHARGED: Final = """
with charged as (
  update model_tallies set
    tokens = tokens + $4,
    cost_micros = cost_micros + coalesce($5, 0),
    reserved_tokens = reserved_tokens - $6,
    reserved_micros = reserved_micros - coalesce($7, 0)
  where organization_id = $1 and day = $2 and subject = any($3::text[])
)
insert into audit_records (
  organization_id, id, project_id, principal_id, kind, document, digest, created_at)
values ($1, $8, $9, $10, $11, $12, $13, $14)
"""

Judge: TypeAlias = Callable[[Mapping[str, Tally]], None]
"""Raise what refuses an answer, by what its subjects used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Hold what is charged, what that had reserved, and what is recorded of it."""

    used: Spend
    back: Spend
    record: AuditRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Name one attempt of a turn, or one request of a job, at a model.

    Attributes:
        turn_id: of the turn, or of the job.
        number: from 1.
        price: digest of the price that it is charged by; None where none is known.
        day: that it is charged to.
    """

    organization_id: str
    turn_id: str
    number: int
    payer: Payer
    price: str | None
    day: str

    @property
    def asker(self) -> Literal["turn", "job"]:
        """Say what asked the model."""
        return "job" if self.turn_id.startswith("job_") else "turn"

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what tells it from every other one."""
        return self.organization_id, self.turn_id, self.number


async def begin_spend(
    database: Database,
    attempt: Attempt,
    wish: Spend,
    *,
    judge: Judge,
    now: datetime,
    ends_at: datetime,
) -> bool:
    """Begin an attempt, if whoever judges raises nothing; return whether it is new.

    Args:
        database: where.
        attempt: which.
        wish: what is reserved for it.
        judge: is told what its subjects used, while nobody changes that.
        now: when it begins.
        ends_at: after which it is charged all that it reserved.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    payer = attempt.payer
    async with _transaction(database, attempt.organization_id) as connection:
        judge(await _locked(connection, attempt, now=now))
        begun = await connection.fetchval(
            _BEGUN,
            *(*attempt.key, attempt.day, payer.project_id, payer.member_id, payer.model),
            *(attempt.price, wish.tokens, wish.cost_micros, list(payer.subjects), now, ends_at),
        )
        return begun is not None


async def grow_spend(
    database: Database, attempt: Attempt, wish: Spend, *, judge: Judge, now: datetime
) -> bool:
    """Reserve more for an attempt, if whoever judges raises nothing; return whether it is open.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    async with _transaction(database, attempt.organization_id) as connection:
        judge(await _locked(connection, attempt, now=now))
        grown = await connection.fetchval(
            _GROWN,
            *(*attempt.key, wish.tokens, wish.cost_micros, attempt.day),
            list(attempt.payer.subjects),
        )
        return grown is not None


async def end_spend(
    database: Database, attempt: Attempt, used: Spend, *, record: AuditRecord, telling: Telling
) -> bool:
    """Charge an attempt what it took, give back what it reserved, and record it.

    What it took may be more than what it reserved, if a provider counts more than was asked for.
    Thresholds of budgets that are reached are told of in the same commit.

    Returns:
        Whether it was open; else nothing is done.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    async with _transaction(database, attempt.organization_id) as connection:
        found = await connection.fetchrow(
            _ENDED, *attempt.key, used.tokens, used.cost_micros, telling.now
        )
        if found is None:
            return False
        back = Spend(tokens=found["reserved_tokens"], cost_micros=found["reserved_micros"])
        taken = Taken(used=used, back=back, record=record)
        await _charge(connection, attempt, taken, telling=telling)
        return True


async def lapse_spend(
    database: Database,
    organization_id: str,
    *,
    recorded: Callable[[Attempt, Spend], AuditRecord],
    telling: Telling,
    past: int = 0,
) -> bool:
    """Charge one attempt that nobody ended in time all that it reserved, and record it.

    Args:
        database: where.
        organization_id: whose.
        recorded: what it is recorded as.
        telling: spells thresholds; its instant is the one that the attempt was to end before.
        past: how many of the oldest are left alone.

    Returns:
        Whether there was one.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    async with _transaction(database, organization_id) as connection:
        found = await connection.fetchrow(_LAPSED, organization_id, telling.now, past)
        if found is None:
            return False
        attempt = _attempt(found)
        used = Spend(tokens=found["reserved_tokens"], cost_micros=found["reserved_micros"])
        taken = Taken(used=used, back=used, record=recorded(attempt, used))
        await _charge(connection, attempt, taken, telling=telling)
        return True


@asynccontextmanager
async def _transaction(database: Database, organization_id: str) -> AsyncIterator[Connection]:
    organization = tenant(organization_id)
    async with database.connection() as connection:
        try:
            async with connection.transaction():
                await connection.execute(_SET_TENANT, organization)
                yield connection
        except LOST as error:
            raise StorageUnavailableError(reason=type(error).__name__) from error


async def _locked(
    connection: Connection, attempt: Attempt, *, now: datetime
) -> Mapping[str, Tally]:
    """Return what an attempt's subjects used on its day, which nobody changes meanwhile."""
    payer = attempt.payer
    projects = [
        payer.project_id if subject.startswith(payer.project) else None
        for subject in payer.subjects
    ]
    found = await connection.fetch(
        _LOCKED, attempt.organization_id, attempt.day, list(payer.subjects), projects, now
    )
    return {row["subject"]: _tally(row) for row in found}


async def _charge(
    connection: Connection, attempt: Attempt, taken: Taken, *, telling: Telling
) -> None:
    """Charge the subjects of an attempt, while nobody else does, and tell of what that reaches."""
    used, back, record, now = taken.used, taken.back, taken.record, telling.now
    tallies = await _locked(connection, attempt, now=now)
    await connection.execute(
        _CHARGED,
        *(attempt.organization_id, attempt.day, list(attempt.payer.subjects)),
        *(used.tokens, used.cost_micros, back.tokens, back.cost_micros),
        *(record.id, record.project_id, record.principal_id, record.kind),
        *(record.document, record.digest, now),
    )
    place = Place(organization_id=attempt.organization_id, payer=attempt.payer, day=attempt.day)
    await tell_of_thresholds(connection, place, tallies, charged=used, telling=telling)


def _tally(row: asyncpg.Record) -> Tally:
    return Tally(
        used=Spend(tokens=row["tokens"], cost_micros=row["cost_micros"]),
        reserved=Spend(tokens=row["reserved_tokens"], cost_micros=row["reserved_micros"]),
        told={
            Measure.TOKENS: Told(percent=row["told_tokens"], most=row["told_tokens_of"]),
            Measure.COST_MICROS: Told(percent=row["told_micros"], most=row["told_micros_of"]),
        },
    )


def _attempt(row: asyncpg.Record) -> Attempt:
    return Attempt(
        organization_id=row["organization_id"],
        turn_id=row["turn_id"],
        number=row["attempt"],
        payer=Payer(project_id=row["project_id"], member_id=row["member_id"], model=row["model"]),
        price=row["price"],
        day=row["day"],
    )
