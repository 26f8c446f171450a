"""Keep which secrets were told to be rotated, for every process to read; it holds no secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Identity, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Instant, Row
from runtime.store.jobs import called
from runtime.store.session import Database, read_row

_ROTATE: Final = "select told, digest, replayed from rotate_secret($1, $2, $3)"
_TOLD_AT: Final = "select told_at from secret_rotations where sequence = $1"
_LAST: Final = "select coalesce(max(sequence), 0) as last from secret_rotations"
_AFTER: Final = """
select sequence, reference from secret_rotations where sequence > $1 order by sequence limit $2
"""


class SecretRotationRow(Row):
    """One rotation; `reference` may be all below a place."""

    __tablename__ = "secret_rotations"

    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    reference: Mapped[str] = mapped_column(Text(collation="C"))
    request_key: Mapped[str | None] = mapped_column(Text(collation="C"), unique=True)
    body_digest: Mapped[str] = mapped_column(Text(collation="C"))
    told_at: Mapped[Instant] = mapped_column(server_default=text("now()"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRotation:
    """Hold one rotation as readers see it."""

    sequence: int
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRotation:
    """Say what became of telling: its number, and what its key was first used for.

    Attributes:
        sequence: which one it is.
        digest: of the body that the key came with first.
        replayed: it was told before, under the same key.
        told_at: when it was told first.
    """

    sequence: int
    digest: str
    replayed: bool
    told_at: datetime


async def tell_rotation(
    database: Database, reference: str, *, key: str | None, digest: str
) -> StoredRotation:
    """Store a rotation, unless its key did before; committed once this returns.

    Raises:
        StorageUnavailableError: the database can't be asked, or its answer was lost.
    """
    (row,) = await called(database, _ROTATE, reference, key, digest)
    (told,) = await called(database, _TOLD_AT, row["told"])
    return StoredRotation(
        sequence=row["told"],
        digest=row["digest"],
        replayed=row["replayed"],
        told_at=told["told_at"],
    )


async def last_rotation(database: Database) -> int:
    """Return the number of the youngest rotation; 0: there was none.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _LAST)
    return 0 if row is None else int(row["last"])


async def rotations_after(
    database: Database, sequence: int, *, most: int
) -> Sequence[ToldRotation]:
    """Return younger rotations than one, the oldest first.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    rows = await called(database, _AFTER, sequence, most)
    return [ToldRotation(sequence=row["sequence"], reference=row["reference"]) for row in rows]
