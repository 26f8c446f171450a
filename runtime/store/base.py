"""Share what every table has: names of constraints, the type of an id, and where it belongs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from sqlalchemy import DateTime, ForeignKeyConstraint, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING: Final = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ck": "%(table_name)s_%(constraint_name)s",
}

Id = Annotated[str, mapped_column(Text(collation="C"))]
"""An opaque prefixed id, compared byte by byte."""
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]


class Row(DeclarativeBase):
    """Base of all rows; `migrations/` makes the tables, and a test holds the two equal."""

    metadata = MetaData(naming_convention=NAMING)


def of_project() -> ForeignKeyConstraint:
    """Tie a table's rows to their project, tenant included; they go when it goes."""
    return ForeignKeyConstraint(
        ["organization_id", "project_id"],
        ["projects.organization_id", "projects.id"],
        ondelete="CASCADE",
    )
