"""Keep which keys sign heads of logs: one after another, each endorsed by the one before.

They are the server's, of no organization. No key endorses two, so no two servers can go on with
different ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.errors import StorageUnavailableError
from runtime.domain.tree_head import KeyEpoch
from runtime.store.base import Id, Instant, Row
from runtime.store.session import LOST, Database

_ALL: Final = """
select key_id, public_key, begins_at, endorsed_by, endorsement from audit_key_epochs limit 1000
"""
_ADD: Final = """
insert into audit_key_epochs (key_id, public_key, begins_at, endorsed_by, endorsement)
values ($1, $2, $3, $4, $5) on conflict do nothing
"""


class AuditKeyEpochRow(Row):
    """A key that signs heads, and what the key before said of it."""

    __tablename__ = "audit_key_epochs"
    __table_args__ = (
        CheckConstraint("(endorsed_by is null) = (endorsement is null)", name="endorsement_check"),
        UniqueConstraint(
            "endorsed_by",
            name="audit_key_epochs_endorsed_by_key",
            postgresql_nulls_not_distinct=True,
        ),
    )

    key_id: Mapped[Id] = mapped_column(primary_key=True)
    public_key: Mapped[str] = mapped_column(Text)
    begins_at: Mapped[Instant]
    endorsed_by: Mapped[Id | None]
    endorsement: Mapped[str | None] = mapped_column(Text)


async def key_epochs(database: Database) -> Sequence[KeyEpoch]:
    """Return all keys, each behind the one that endorsed it.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    async with database.connection() as connection:
        try:
            found = await connection.fetch(_ALL)
        except (*LOST, asyncpg.PostgresError) as error:
            raise StorageUnavailableError(reason=type(error).__name__, sent=False) from error
    after = {row["endorsed_by"]: row for row in found}
    ordered, row = list[KeyEpoch](), after.get(None)
    while row is not None and len(ordered) < len(found):
        ordered.append(_epoch(row))
        row = after.get(row["key_id"])
    return ordered


async def add_key_epoch(database: Database, epoch: KeyEpoch) -> None:
    """Store a key, unless it is there or the key before endorsed another one already.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    async with database.connection() as connection:
        try:
            await connection.execute(
                _ADD,
                epoch.key_id,
                epoch.public_key,
                epoch.begins_at,
                epoch.endorsed_by,
                epoch.endorsement,
            )
        except (*LOST, asyncpg.PostgresError) as error:
            raise StorageUnavailableError(reason=type(error).__name__) from error


def _epoch(row: Any) -> KeyEpoch:  # noqa: ANN401  # the driver's record
    return KeyEpoch(
        key_id=row["key_id"],
        public_key=row["public_key"],
        begins_at=row["begins_at"],
        endorsed_by=row["endorsed_by"],
        endorsement=row["endorsement"],
    )
