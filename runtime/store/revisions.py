"""Find the revisions of the schema, and hand Alembic what it needs to run them.

In a checkout the folder `migrations/` stands beside the package, in a wheel inside of it. There is
no alembic.ini to find at run time: all configuration is made here.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import runtime
from runtime.store.recipes import APP_ROLE

BASE: Final = "base"
HEAD: Final = "head"
Command = Callable[[Config, str], None]


def folder() -> Path:
    """Return where the revisions are."""
    package = Path(str(runtime.__file__)).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def head_revision() -> str:
    """Return the revision that this code needs."""
    return revisions()[-1]


def revisions() -> tuple[str, ...]:
    """Return every revision there is, the oldest first."""
    return _of(folder())


@lru_cache(maxsize=4)
def _of(where: Path) -> tuple[str, ...]:
    """Read the revisions of a folder, which nobody changes while a process runs."""
    scripts = ScriptDirectory(str(where))
    return tuple(reversed([script.revision for script in scripts.walk_revisions()]))


def run(connection: Connection, wanted: Command, *, to: str, app_role: str) -> None:
    """Run revisions over an open connection that is in no transaction: each gets its own.

    Alembic keeps the current run in globals: one at a time a process.
    """
    config = _config(app_role)
    config.attributes["connection"] = connection
    wanted(config, to)


def rendered(*, after: str = BASE, to: str = HEAD, app_role: str = APP_ROLE) -> str:
    """Return the SQL that would be run, for those who read or apply it themselves."""
    config = _config(app_role)
    written = io.StringIO()
    config.output_buffer = written
    command.upgrade(config, f"{after}:{to}", sql=True)
    return written.getvalue()


def _config(app_role: str) -> Config:
    config = Config()
    # A percent sign in the path would be read as the start of a reference.
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.attributes["app_role"] = app_role
    return config
