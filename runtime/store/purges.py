"""Delete the history of a project a little at a time, once its purge began.

The database lets nobody delete history of another project. A row of history has a number, and the
numbers of a project follow each other: so a part is named by two of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from runtime.store.base import Row
from runtime.store.outcomes import OutcomeRow
from runtime.store.snapshots import SnapshotRow
from runtime.store.versions import VersionRow

_Part: TypeAlias = tuple[type[Row], InstrumentedAttribute[str], InstrumentedAttribute[int]]
_PARTS: Final[Mapping[str, tuple[_Part, ...]]] = MappingProxyType(
    {
        "outcomes": ((OutcomeRow, OutcomeRow.project_id, OutcomeRow.number),),
        "versions": (
            (VersionRow, VersionRow.project_id, VersionRow.version),
            (SnapshotRow, SnapshotRow.project_id, SnapshotRow.version),
        ),
    }
)
"""What is deleted together, first the table that has each number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Say what is left of one kind of history: numbers from the first one to the last.

    Attributes:
        kind: of outcomes, or of versions with their snapshots.
    """

    kind: str
    first: int
    last: int

    @property
    def rows(self) -> int:
        """Return how many there are."""
        return self.last - self.first + 1

    def after(self, rows: int) -> Span:
        """Return what is left once the first rows are deleted."""
        return Span(kind=self.kind, first=self.first + rows, last=self.last)


async def history_left(connection: AsyncConnection, project_id: str) -> tuple[Span, ...]:
    """Return what is left of a project's history, without what is empty."""
    spans = []
    for kind, ((_, project, number), *_) in _PARTS.items():
        asked = select(func.min(number), func.max(number)).where(project == project_id)
        first, last = (await connection.execute(asked)).one()
        if first is not None:
            spans.append(Span(kind=kind, first=first, last=last))
    return tuple(spans)


async def delete_history(
    connection: AsyncConnection, project_id: str, span: Span, *, rows: int
) -> None:
    """Delete the first rows of a span; the transaction's organization is the project's."""
    end = span.first + rows
    for table, project, number in _PARTS[span.kind]:
        await connection.execute(
            delete(table).where(project == project_id, number >= span.first, number < end)
        )
