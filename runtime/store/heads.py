"""Keep one row a project that every commit compares and replaces."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Text, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.errors import NotFoundError, TamperedStateError
from runtime.domain.head import Head
from runtime.domain.history import Cause
from runtime.domain.limits import Limits
from runtime.domain.state import State
from runtime.domain.usage_book import UsageBook
from runtime.kit.canonical_json import digest_bytes
from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.organization_limits import read_limits
from runtime.store.session import Database, read_row, tenant
from runtime.store.snapshots import SnapshotRow
from runtime.store.versions import VersionRow


class HeadRow(Row):
    """The newest state of a project."""

    __tablename__ = "heads"
    __table_args__ = (of_project(),)

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    usage: Mapped[str] = mapped_column(Text)
    settings: Mapped[int] = mapped_column(BigInteger)
    outcomes: Mapped[int] = mapped_column(BigInteger)
    fence: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[Instant]


async def create_head(
    connection: AsyncConnection,
    *,
    organization_id: str,
    project_id: str,
    state: State,
    principal_id: str,
    now: datetime,
    usage: str = "",
) -> None:
    """Begin the history of a new project: head, version and snapshot of its first state."""
    whose = {"organization_id": organization_id, "project_id": project_id}
    text = state.canonical.decode()
    what = {"version": state.version, "digest": state.digest}
    await connection.execute(
        insert(HeadRow).values(
            **whose,
            **what,
            state=text,
            usage=usage,
            settings=1,
            outcomes=0,
            fence=0,
            updated_at=now,
        )
    )
    await connection.execute(
        insert(VersionRow).values(
            **whose,
            **what,
            diff="[]",
            cause=Cause.CREATED.value,
            principal_id=principal_id,
            created_at=now,
        )
    )
    await connection.execute(
        insert(SnapshotRow).values(**whose, **what, state=text, created_at=now)
    )


async def bump_settings(
    connection: AsyncConnection, *, organization_id: str, project_id: str
) -> None:
    """Make executions that were judged on older settings fail at their commit."""
    await connection.execute(
        update(HeadRow)
        .where(HeadRow.organization_id == organization_id, HeadRow.project_id == project_id)
        .values(settings=HeadRow.settings + 1)
    )


async def raise_fence(
    database: Database, *, organization_id: str, project_id: str, fence: int
) -> None:
    """Have the commits of earlier holders refused from now on, before one of this holder's.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    async with database.transaction(organization_id) as connection:
        await connection.execute(
            update(HeadRow)
            .where(HeadRow.organization_id == organization_id, HeadRow.project_id == project_id)
            .where(HeadRow.fence < fence)
            .values(fence=fence)
        )


async def read_head(database: Database, *, organization_id: str, project_id: str) -> Head:
    """Read a project's head, and prove that its state is the recorded one.

    Raises:
        NotFoundError: no such project in that organization.
        TamperedStateError: the stored state does not have the recorded hash.
        StorageUnavailableError: the database can't be asked.
    """
    call = "select * from read_head($1, $2)"
    row = await read_row(database, call, tenant(organization_id), project_id)
    if row is None:
        raise NotFoundError(kind="project", id=project_id)
    return Head(
        state=proven_state(row["state"], version=row["version"], recorded=row["digest"]),
        usage=UsageBook.read(row["usage"]),
        outcomes=row["outcomes"],
        settings=row["settings"],
        fence=row["fence"],
        environment=row["environment"],
        limits=Limits.model_validate_json(row["limits"]),
        archived=row["archived"],
        updated_at=row["updated_at"],
        organization_rules=row["organization_rules"],
        project_rules=row["project_rules"],
        rules_number=row["rules_number"],
        shared=read_limits(row["shared_number"], row["shared_limits"]),
    )


def proven_state(text: str, *, version: int, recorded: str) -> State:
    """Return a stored state if it hashes to what was recorded.

    Raises:
        TamperedStateError: it does not.
    """
    spelled = text.encode()
    actual = digest_bytes(spelled)
    if actual != recorded:
        raise TamperedStateError(version=version, expected=recorded, actual=actual)
    return State.of_canonical(spelled, version=version)
