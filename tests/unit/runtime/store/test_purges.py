"""History is counted and deleted in parts, of one project alone."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from runtime.domain.state import State
from runtime.store import heads
from runtime.store.organizations import add_organization
from runtime.store.projects import add_project, archive_project, begin_purge
from runtime.store.purges import Span, delete_history, history_left
from runtime.store.session import Database
from tests.unit.runtime.store.rows import NOW, ORGANIZATION, a_project, an_id, an_organization

MINE, OTHERS = an_id("prj", 1), an_id("prj", 2)


@pytest.fixture
async def stored(database: Database) -> Database:
    """Store two archived projects of ten versions each; the purge of the first one began."""
    async with database.transaction(ORGANIZATION) as connection:
        await add_organization(connection, an_organization())
        for number in (1, 2):
            project = a_project(number)
            await add_project(connection, project)
            await heads.create_head(
                connection, organization_id=ORGANIZATION, project_id=project.id,
                state=State.of({}), principal_id="mem", now=NOW,
            )  # fmt: skip
            await archive_project(connection, project.id, at=NOW)
        await connection.execute(
            text(
                "insert into versions (organization_id, project_id, version, digest, diff, cause,"
                " principal_id, created_at) select organization_id, id, number, 'd', '[]',"
                " 'executed', 'p', now() from projects, generate_series(1, 9) as number"
            )
        )
        await begin_purge(connection, MINE, at=NOW)
    return database


async def test_what_is_left_shrinks_from_the_oldest_on(stored: Database) -> None:
    """Kinds of which there is nothing are not named."""
    async with stored.transaction(ORGANIZATION) as connection:
        (span,) = await history_left(connection, MINE)
        await delete_history(connection, MINE, span, rows=4)
        (later,) = await history_left(connection, MINE)
        await delete_history(connection, MINE, later, rows=99)
        gone = await history_left(connection, MINE)
        (others,) = await history_left(connection, OTHERS)
        snapshots = await connection.scalars(text("select project_id from snapshots"))

    assert (span, span.rows) == (Span(kind="versions", first=0, last=9), 10)
    assert (later, later.rows) == (span.after(4), 6)
    assert gone == ()
    assert others == span
    assert list(snapshots) == [OTHERS]


async def test_history_of_another_project_stays(stored: Database) -> None:
    """The database itself refuses."""
    async with stored.transaction(ORGANIZATION) as connection:
        (span,) = await history_left(connection, OTHERS)
    with pytest.raises(DBAPIError, match="only ever added"):
        async with stored.transaction(ORGANIZATION) as connection:
            await delete_history(connection, OTHERS, span, rows=1)
