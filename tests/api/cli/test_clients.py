"""The console's commands are clients: they load nothing of the platform, and little of anything."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from tests.servers.dev_instance import DevInstance

FOREIGN: Final = (
    "alembic",
    "asyncpg",
    "fastapi",
    "runtime.adapters",
    "runtime.engine",
    "runtime.services",
    "runtime.store",
    "sqlalchemy",
    "uvicorn",
)
SCRIPT: Final = """
import sys
from runtime.entrypoints.cli.main import main
sys.argv = ["plangate", *sys.argv[1:]]
try:
    main()
finally:
    print("modules:", *sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["project", "list"], id="project"),
        pytest.param(["member", "list"], id="member"),
        pytest.param(["token", "me"], id="token"),
        pytest.param(["org", "show"], id="org"),
        pytest.param(["state", "show"], id="state"),
        pytest.param(["plan", "simulate", "[]"], id="plan"),
        pytest.param(["policy", "list", "--json"], id="policy"),
    ],
)
def test_a_command_loads_nothing_of_the_platform(dev: DevInstance, arguments: list[str]) -> None:
    """So that it is quick, and sees what any client of the API sees."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env={"PLANGATE_FOLDER": str(dev.folder), "PATH": ""},
    )

    modules = done.stderr.rpartition("modules:")[2].split()
    assert done.stdout
    assert "Traceback" not in done.stderr
    assert not [name for name in modules if name.startswith(FOREIGN)]
