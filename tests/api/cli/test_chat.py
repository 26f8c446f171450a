"""`plangate chat` talks to the agent of a project, and executes what a person agrees to."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.chat import app
from tests.api.cli.conftest import Command, Document

Documents = Callable[..., Document]


@pytest.fixture
def project(document: Documents, request: pytest.FixtureRequest) -> str:
    """Make a project of this test's own that asks the offline model, and return its name."""
    name: str = request.node.name
    document("project", "create", name, "--environment", "counter")
    document("model", "set", '{"models": ["plangate/keyword"]}', "--project", name)
    return name


def standing(document: Documents, project: str) -> int:
    """Return where a project's counter stands."""
    state = document("state", "show", "--project", project)
    return int(state["components"]["counter"]["value"])


def chat(*arguments: str, said: str = "") -> Result:
    """Run the command, which asks the platform of `plangate` by its environment."""
    return CliRunner().invoke(app, arguments, input=said)


def test_one_message_is_executed_unasked(
    plangate: Command, document: Documents, project: str
) -> None:
    """Who says `--yes` has agreed beforehand."""
    ran = chat("--project", project, "--once", "set the counter to 7", "--yes")

    assert ran.exit_code == 0, ran.output
    assert "1. counter.set@1" in ran.stdout
    assert standing(document, project) == 7


def test_nothing_is_executed_without_a_yes(
    plangate: Command, document: Documents, project: str
) -> None:
    """It is shown, and said no to."""
    ran = chat("--project", project, "--once", "set the counter to 7", said="n\n")

    assert ran.exit_code == 1, ran.output
    assert "it would come to" in ran.stdout
    assert "nothing was done" in ran.stderr
    assert standing(document, project) == 0


def test_who_saw_the_plan_and_agreed_has_confirmed_it(
    plangate: Command, document: Documents, project: str
) -> None:
    """What asks for a confirmation goes through, in a talk that ends with its input."""
    talked = chat("--project", project, said="set the counter to 7\ny\nreset the counter\ny\n")

    assert talked.exit_code == 0, talked.output
    assert "confirmation_required" in talked.stdout
    assert standing(document, project) == 0


def test_programs_read_turn_and_outcome(
    plangate: Command, document: Documents, project: str
) -> None:
    """As one document; what is no plan has no outcome."""
    done = chat("--project", project, "--once", "set the counter to 7", "--yes", "--json")
    no = chat("--project", project, "--once", "sing a song", "--yes", "--json")

    assert orjson.loads(done.stdout)["outcome"]["status"] == "done"
    assert (no.exit_code, orjson.loads(no.stdout)["outcome"]) == (1, None)
