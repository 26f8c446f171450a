"""Hold the declaration of `plangate db` to its help: complete, and there at once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from runtime.entrypoints.cli.db import app


@pytest.mark.parametrize("command", ["upgrade", "check", "doctor"])
def test_each_command_tells_its_exit_codes(command: str) -> None:
    """A script is written from the help alone."""
    done = CliRunner().invoke(app, [command, "--help"])

    words = " ".join(done.stdout.split())
    assert done.exit_code == 0
    assert "0 done or healthy, 1 something was found, 4 the database does not answer" in words
    assert "[PLANGATE_" in words


def test_help_loads_no_driver() -> None:
    """Who asks for help waits for nothing: neither SQLAlchemy nor Alembic is imported."""
    code = (
        "import sys; from typer.testing import CliRunner\n"
        "from runtime.entrypoints.cli.db import app\n"
        "done = CliRunner().invoke(app, ['upgrade', '--help'])\n"
        "print(done.exit_code, sorted({'alembic', 'asyncpg', 'sqlalchemy'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout == "0 []\n"
