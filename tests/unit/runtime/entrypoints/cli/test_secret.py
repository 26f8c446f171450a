"""Hold the declaration of `plangate secret` to its help: complete, and there at once."""

from __future__ import annotations

import subprocess
import sys

from typer.testing import CliRunner

from runtime.entrypoints.cli.secret import app


def test_the_rotation_tells_its_exit_codes() -> None:
    """A script is written from the help alone."""
    done = CliRunner().invoke(app, ["rotate-keys", "--help"])

    words = " ".join(done.stdout.split())
    assert done.exit_code == 0
    assert "0 all is sealed under the newest key, 1 some rows are not" in words
    assert "PLANGATE_SEALING_KEYS" in words


def test_help_loads_no_driver() -> None:
    """Who asks for help waits for nothing."""
    code = (
        "import sys; from typer.testing import CliRunner\n"
        "from runtime.entrypoints.cli.secret import app\n"
        "done = CliRunner().invoke(app, ['rotate-keys', '--help'])\n"
        "print(done.exit_code, sorted({'asyncpg', 'sqlalchemy'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout == "0 []\n"
