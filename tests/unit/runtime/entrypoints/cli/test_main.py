"""The command finds its groups by entry points and stays light until one is called."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points, version

import pytest
from typer.testing import CliRunner

from runtime.entrypoints.cli.main import GROUP, app

HEAVY = ("litellm", "mlflow", "deepeval", "pandas", "openai", "rich.markdown", "runtime.public")
LOADED_AFTER = """
import sys
from runtime.entrypoints.cli.main import main
sys.argv = ["plangate", *sys.argv[1:]]
try:
    main()
except SystemExit as ended:
    print("modules:", *sys.modules, file=sys.stderr)
    raise
"""


def in_child(*arguments: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """Run the command in a new process; return how it ended and the modules that it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED_AFTER, *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done, set(done.stderr.rpartition("modules:")[2].split())


@pytest.mark.parametrize(
    ("arguments", "lighter"),
    [
        pytest.param(("--help",), ("harness.bootstrap", *HEAVY), id="help"),
        pytest.param(("--version",), ("harness", *HEAVY), id="version"),
        pytest.param(("eval", "--help"), HEAVY, id="help of the group"),
        pytest.param(("eval", "run", "--help"), HEAVY, id="help of a command"),
    ],
)
def test_help_loads_nothing_heavy(arguments: tuple[str, ...], lighter: tuple[str, ...]) -> None:
    """Help is there at once: neither models, trackers nor the runtime are imported for it."""
    done, modules = in_child(*arguments)

    assert done.returncode == 0, done.stderr
    assert "runtime.entrypoints.cli.main" in modules
    assert modules.isdisjoint(lighter), sorted(modules & set(lighter))


def test_help_lists_each_installed_group() -> None:
    """A distribution adds a group by an entry point alone."""
    shown = CliRunner().invoke(app, ["--help"]).output

    groups = [item.name for item in entry_points(group=GROUP)]
    assert "eval" in groups
    assert all(f"  {name} " in shown for name in groups)


def test_the_version_is_the_distributions() -> None:
    """What is installed is what is said."""
    result = CliRunner().invoke(app, ["--version"])

    assert (result.exit_code, result.output) == (0, f"plangate {version('plangate')}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nope"], "No such command", id="group"),
        pytest.param(["--nope"], "No such option", id="option of the program"),
        pytest.param(["eval", "nope"], "No such command", id="command"),
        pytest.param(["eval", "run", "--trails", "2"], "No such option", id="option of a command"),
        pytest.param(["eval", "run", "--trials", "0"], "Invalid value", id="value"),
        pytest.param(["eval", "report"], "Missing argument", id="argument"),
    ],
)
def test_a_usage_error_is_a_wrong_configuration(arguments: list[str], message: str) -> None:
    """Exit code 5 and a message: 2 would claim a governance violation."""
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 5
    assert message in result.output
    assert "Traceback" not in result.output


def test_without_arguments_help_is_shown() -> None:
    """Whoever types the bare command learns what it can do."""
    assert "Commands:" in CliRunner().invoke(app, []).output


def test_a_fault_of_ours_is_no_verdict() -> None:
    """An unexpected exception shows its traceback and exits with 4, never with a gate's code."""
    script = "import runtime.entrypoints.cli.main as main\nmain.app = lambda: 1 / 0\nmain.main()\n"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=50, check=False
    )

    assert done.returncode == 4
    assert "ZeroDivisionError" in done.stderr
