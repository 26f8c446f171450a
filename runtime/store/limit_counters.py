"""Keep what an organization has used of each budget that its projects share.

Only the commit of executions counts here (`store.executions`); who asks gets what is committed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

import orjson
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.shared_use import Counter, SharedCharge
from runtime.store.base import Id, Instant, Row
from runtime.store.session import Database, read_row, tenant


class LimitCounterRow(Row):
    """What is used of one budget in one day or month."""

    __tablename__ = "limit_counters"
    __table_args__ = (CheckConstraint("used >= 0", name="used_check"),)

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    key: Mapped[Id] = mapped_column(primary_key=True)
    period: Mapped[Id] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)
    told: Mapped[int] = mapped_column(BigInteger)
    told_of: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewThreshold:
    """Hold the event that tells of a threshold, to be filled in by who commits.

    Attributes:
        id: its id, but for the last letter, which tells the thresholds apart.
        begins: what its document begins with, up to the percentage.
        goes_on: what follows, up to what is used.
    """

    id: str
    begins: str
    goes_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCharges:
    """Hold what a group of executions is charged.

    Attributes:
        at: the instant of it.
        project_id: whose.
        charges: what is added to each counter.
        events: what tells of a threshold, by counter; without one, a charge that reaches a
            threshold is refused.
    """

    at: datetime
    project_id: str
    charges: tuple[SharedCharge, ...]
    events: Mapping[Counter, NewThreshold]


class NewCharge(TypedDict):
    """Add to a counter, if it has room; grows while the charges of groups are added up.

    A mapping, as each commit spells a handful of them: measured at half of what objects cost.

    Attributes:
        key: what is counted.
        period: when.
        amount: how much is added.
        room: how much may be used before; None: whatever is used.
        most: how much there is, whose thresholds are told of.
        at: the instant of it.
        project_id: of the newest that is charged.
        event: what tells of a threshold.
    """

    key: str
    period: str
    amount: int
    room: int | None
    most: int
    at: datetime
    project_id: str
    event: NewThreshold | None


def added_up(groups: Iterable[NewCharges]) -> list[NewCharge]:
    """Return one charge a counter, in the order in which counters are to be changed.

    What comes later needs more room, as there is more before it.
    """
    found: dict[Counter, NewCharge] = {}
    for group in groups:
        for charge in group.charges:
            counter = charge.duty.counter
            event = group.events.get(counter) if group.events else None
            before = found.get(counter)
            if before is not None:
                _add(before, charge, group, event=event)
                continue
            key, period = counter
            found[counter] = {
                "key": key,
                "period": period,
                "amount": charge.amount,
                "room": charge.room,
                "most": charge.duty.most,
                "at": group.at,
                "project_id": group.project_id,
                "event": event,
            }
    return [found[counter] for counter in sorted(found)]


def _add(
    whole: NewCharge, charge: SharedCharge, group: NewCharges, *, event: NewThreshold | None
) -> None:
    if charge.room is not None:
        room, before = charge.room - whole["amount"], whole["room"]
        whole["room"] = room if before is None or room < before else before
    whole["amount"] += charge.amount
    whole["most"], whole["project_id"] = charge.duty.most, group.project_id
    whole["at"] = max(whole["at"], group.at)
    whole["event"] = event or whole["event"]


async def counters_used(
    connection: AsyncConnection, counters: Collection[Counter]
) -> Mapping[Counter, int]:
    """Return what is used by counter, of the transaction's organization; 0 of what never was."""
    row = LimitCounterRow
    asked = (
        select(row.key, row.period, row.used)
        .where(tuple_(row.key, row.period).in_(counters))
        .limit(len(counters))
    )
    found = {(key, period): used for key, period, used in await connection.execute(asked)}
    return {counter: found.get(counter, 0) for counter in counters}


async def read_counters(
    database: Database, organization_id: str, counters: Collection[Counter]
) -> Mapping[Counter, int]:
    """Return the same in a transaction of its own, by the door of executions.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    keys, periods = [key for key, _ in counters], [period for _, period in counters]
    call = "select read_counters($1, $2, $3) as counted"
    row = await read_row(database, call, tenant(organization_id), keys, periods)
    told = None if row is None else row["counted"]
    found = {(key, period): used for key, period, used in orjson.loads(told or "[]")}
    return {counter: found.get(counter, 0) for counter in counters}


async def most_used(
    connection: AsyncConnection, *, begins: str, period: str, limit: int
) -> Mapping[str, int]:
    """Return what is used in a period by counters whose keys begin alike, the most used first.

    They are the transaction's organization's; by what follows the beginning of their keys.
    """
    row = LimitCounterRow
    asked = (
        select(row.key, row.used)
        .where(row.key.startswith(begins, autoescape=True), row.period == period)
        .order_by(row.used.desc(), row.key)
        .limit(limit)
    )
    return {key.removeprefix(begins): used for key, used in await connection.execute(asked)}


async def forget_counters(connection: AsyncConnection, instant: datetime, *, limit: int) -> int:
    """Delete counters that nothing was added to since an instant; return how many.

    They are the transaction's organization's. One that another transaction works with is left.
    """
    row = LimitCounterRow
    named = (row.key, row.period)
    old = (
        select(*named)
        .where(row.updated_at < instant)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("old")
    )
    gone = await connection.execute(
        delete(row).where(tuple_(*named).in_(select(*old.c))).returning(row.key)
    )
    return len(gone.all())
