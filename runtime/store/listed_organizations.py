"""List which organizations there are: their ids and nothing of them, so that no tenant is named.

The table is filled by a trigger of the tenants' own. Who asks it names no organization, and so sees
no row of any.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Id, Row
from runtime.store.session import Database, read_row

_LISTED: Final = (
    "from (select id from listed_organizations where not archived order by id limit $1) as listed"
)
_IDS: Final = f"select array_agg(id order by id) as ids {_LISTED}"
_STAMP: Final = (  # a digest that the database knows by itself
    "select count(*) as organizations, "
    f"hashtextextended(string_agg(id, ',' order by id), 0) as digest {_LISTED}"
)


class ListedOrganizationRow(Row):
    """An organization that there is."""

    __tablename__ = "listed_organizations"

    id: Mapped[Id] = mapped_column(primary_key=True)
    archived: Mapped[bool]


async def organization_ids(database: Database, *, limit: int) -> tuple[str, ...]:
    """Return the organizations that are not archived, the oldest first.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _IDS, limit)
    return tuple(() if row is None else row["ids"] or ())


async def organizations_stamp(database: Database, *, limit: int) -> tuple[int, int]:
    """Return what changes with the answer of `organization_ids`, for less.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _STAMP, limit)
    return (0, 0) if row is None else (row["organizations"], row["digest"] or 0)
