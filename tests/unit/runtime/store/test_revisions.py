"""Hold the list of revisions to the files, and their SQL to what is run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from alembic import command
from sqlalchemy import text

import runtime
from runtime.store import revisions
from runtime.store.one_connection import connected
from tests.database import DatabaseUrls, session

_TABLES: Final = """
select relname, relforcerowsecurity, relacl::text from pg_class
where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1
"""


def test_the_revisions_are_found_in_order() -> None:
    """The oldest is first, the last is the one that this code needs."""
    found = revisions.revisions()

    assert found[:2] == ("0001", "0002")
    assert revisions.head_revision() == found[-1]
    assert (revisions.folder() / "env.py").is_file()


def test_a_wheel_carries_its_revisions(tmp_path: Path) -> None:
    """Installed, the folder is inside of the package, and nothing beside it is needed."""
    package = tmp_path / "runtime"
    for source, inside in (
        (Path(str(runtime.__file__)).parent, package),
        (revisions.folder(), package / "migrations"),
    ):
        shutil.copytree(source, inside, ignore=shutil.ignore_patterns("__pycache__"))
    code = "from runtime.store import revisions; print(revisions.folder(), revisions.rendered())"

    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert done.stdout.startswith(f"{package / 'migrations'} BEGIN;")
    assert "create function commit_executions" in done.stdout


def test_the_sql_of_a_range_is_only_of_that_range() -> None:
    """Who is at a revision is not told to make it again."""
    sql = revisions.rendered(after="0001", to="0002")

    assert "create table heads" in sql
    assert "create table organizations" not in sql
    assert "set local lock_timeout = '1s';" in sql


async def test_the_written_sql_makes_the_same_schema(
    empty_database_urls: DatabaseUrls, database_urls: DatabaseUrls
) -> None:
    """A schema that is applied by hand has every table that one made by us has."""
    async with session(empty_database_urls.owner_url) as owner:
        await owner.execute(revisions.rendered())
        by_hand = await owner.fetch(_TABLES)
    async with session(database_urls.owner_url) as owner:
        by_us = await owner.fetch(_TABLES)

    assert by_hand == by_us
    assert len(by_us) > 10


async def test_each_revision_is_a_transaction_of_its_own(
    empty_database_urls: DatabaseUrls,
) -> None:
    """What one revision did is there when the next begins, whatever becomes of that."""
    async with connected(empty_database_urls.owner_url) as connection:
        await connection.run_sync(
            revisions.run, command.upgrade, to="0001", app_role="plangate_app"
        )
        open_still = connection.in_transaction()
        revision = await connection.scalar(text("select version_num from alembic_version"))

    assert (open_still, revision) == (False, "0001")
