"""Give the console's commands one platform, as `plangate dev` serves it, for all of their tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.main import app
from tests.servers.dev_instance import DevInstance, dev_instance

Command: TypeAlias = Callable[..., Result]
Document: TypeAlias = dict[str, Any]


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevInstance]:
    """Serve for as long as this process tests."""
    with dev_instance(
        tmp_path_factory.mktemp("cli") / ".plangate", environ={"PLANGATE_REQUEST_RATE": "off"}
    ) as instance:
        instance.await_greeting()
        yield instance


@pytest.fixture
def plangate(dev: DevInstance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Run the command in an empty folder, told of the demo and of nothing else."""
    for name in ("URL", "TOKEN", "OPERATOR_TOKEN"):
        monkeypatch.delenv(f"PLANGATE_{name}", raising=False)
    monkeypatch.setenv("PLANGATE_FOLDER", str(dev.folder))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **wish: Any) -> Result:  # noqa: ANN401  # the runner's own
        return CliRunner().invoke(app, arguments, **wish)

    return run


@pytest.fixture
def document(plangate: Command) -> Callable[..., Document]:
    """Run a command for programs, and return what it printed; it has to succeed."""

    def run(*arguments: str) -> Document:
        result = plangate(*arguments, "--json")
        assert result.exit_code == 0, result.output
        found: Document = orjson.loads(result.stdout)
        return found

    return run
