"""`plangate plan` simulates and executes plans."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.api.cli.conftest import Command, Document

Documents = Callable[..., Document]
SET: Final = '{"steps": [{"action": "counter.set", "inputs": {"value": 3}}]}'
RESET: Final = '[{"action": "counter.reset"}]'


@pytest.fixture
def project(document: Documents, request: pytest.FixtureRequest) -> str:
    """Make a project of this test's own, and return its name."""
    name: str = request.node.name
    document("project", "create", name, "--environment", "counter")
    return name


def standing(document: Documents, project: str) -> int:
    """Return where a project's counter stands."""
    state = document("state", "show", "--project", project)
    value: int = state["components"]["counter"]["value"]
    return value


def test_a_plan_is_executed(plangate: Command, document: Documents, project: str) -> None:
    """Given as JSON, as a file or as the input, whole or as steps alone."""
    Path("plan.json").write_text(SET.replace("3", "4"))

    given = plangate("plan", "execute", SET, "--project", project)
    filed = document("plan", "execute", "plan.json", "--project", project)
    piped = plangate("plan", "execute", "-", "--project", project, input=SET.replace("3", "5"))
    steps = document("plan", "execute", '[{"action": "counter.increment"}]', "--project", project)

    assert given.exit_code == 0
    assert given.stdout.startswith("done: version 0 to 1, cost 2, out_")
    assert (filed["status"], piped.exit_code, steps["status"]) == ("done", 0, "done")
    assert standing(document, project) == 6


def test_a_simulation_changes_nothing(document: Documents, project: str) -> None:
    """It shows what an execution would come to."""
    outcome = document("plan", "simulate", SET, "--project", project)

    assert outcome["after"]["version"] == 1
    assert standing(document, project) == 0


def test_a_refusal_ends_with_one(plangate: Command, document: Documents, project: str) -> None:
    """And is shown as any outcome, on standard output; a confirmation makes it pass."""
    document("plan", "execute", SET, "--project", project)

    refused = plangate("plan", "execute", RESET, "--project", project)
    found = re.search(r"--confirm (\S+)", refused.stdout)
    assert found is not None
    confirmed = plangate("plan", "execute", RESET, "--project", project, "--confirm", found[1])

    assert (refused.exit_code, confirmed.exit_code) == (1, 0)
    assert "confirmation_required" in refused.stdout
    assert standing(document, project) == 0


def test_an_atomic_plan_is_done_whole_or_not_at_all(
    plangate: Command, document: Documents, project: str
) -> None:
    """Otherwise what was done before a refusal stays."""
    plan = '[{"action": "counter.set", "inputs": {"value": 3}}, {"action": "nothing"}]'

    plangate("plan", "execute", plan, "--atomic", "--project", project)
    rolled_back = standing(document, project)
    plangate("plan", "execute", plan, "--project", project)

    assert rolled_back == 0
    assert standing(document, project) == 3


def test_a_key_lets_a_plan_act_once(plangate: Command, document: Documents, project: str) -> None:
    """However often it is sent; another plan with it is refused."""
    again = ("--key", "key-1", "--project", project)
    plan = '[{"action": "counter.increment"}]'

    first = document("plan", "execute", plan, *again)
    second = document("plan", "execute", plan, *again)
    other = plangate("plan", "execute", SET, *again)

    assert first == second
    assert standing(document, project) == 1
    assert (other.exit_code, other.stderr.partition(":")[0]) == (1, "idempotency_key_reused")


def test_without_a_project_the_demo_is_meant(document: Documents) -> None:
    """So that the first plan is the shortest to type."""
    project = document("plan", "simulate", SET)["project"]

    assert project == document("project", "show", "demo")["id"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(["{"], 5, "is no JSON", id="no JSON"),
        pytest.param(["nowhere.json"], 5, "nowhere.json can't be read", id="no file"),
        pytest.param([SET, "--key", "ä"], 5, "--key takes", id="no key"),
        pytest.param(['{"step": []}'], 1, "/plan/steps", id="no plan"),
        pytest.param(['{"steps": [], "steps": []}'], 1, "steps", id="a name that is there twice"),
    ],
)
def test_what_is_no_plan_is_refused(
    plangate: Command, arguments: list[str], code: int, message: str
) -> None:
    """Here if it can't be sent, by the platform if it can't be a plan."""
    result = plangate("plan", "execute", *arguments)

    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
