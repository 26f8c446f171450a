"""`plangate policy` asks for the rules of the organization, or of the project that is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.client import REFUSED, USAGE
from runtime.entrypoints.cli.policy import app
from tests.policies import some_modules
from tests.servers.scripted_api import Scripted, ScriptedApi, answer, problem, scripted_api

ORGANIZATION: Final = "org_01KDVDNA000000000000000000"
PROJECT: Final = "prj_01KDVDNA000000000000000000"
ME: Final = answer({"organization": {"id": ORGANIZATION}})
OF_ALL: Final = f"/v1/organizations/{ORGANIZATION}/policies"
OF_ONE: Final = f"/v1/projects/{PROJECT}/policies"
VERSION: Final = {
    "scope": "organization",
    "version": 3,
    "digest": "sha256:3",
    "note": "first",
    "created_at": "2026-01-05T12:00:00Z",
    "created_by": "mem_1",
}
ACTIVATION: Final = {
    "number": 7,
    "scope": "organization",
    "version": 3,
    "reason": "as agreed",
    "activated_at": "2026-01-05T12:00:00Z",
    "activated_by": "mem_1",
}


def run(api: ScriptedApi, *arguments: str) -> Result:
    """Run a command against a scripted platform."""
    return CliRunner().invoke(
        app, [*arguments, "--url", api.url], env={"PLANGATE_TOKEN": "t", "PLANGATE_FOLDER": "none"}
    )


def asked(script: list[Scripted], *arguments: str) -> tuple[Result, list[tuple[str, str]]]:
    """Run a command, and return what it asked as well."""
    with scripted_api(script) as api:
        result = run(api, *arguments)
    return result, [(item.method, item.target) for item in api.asked]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write rules with a test."""
    rules = tmp_path / "refund-rules"
    rules.mkdir()
    for module in some_modules():
        (rules / module.path).write_text(module.text)
    return rules


@pytest.mark.parametrize(
    ("options", "place", "activate"),
    [
        pytest.param([], OF_ALL, False, id="of the organization"),
        pytest.param(["--project", PROJECT, "--activate"], OF_ONE, True, id="of a project"),
    ],
)
def test_a_folder_is_pushed(
    folder: Path, options: list[str], place: str, *, activate: bool
) -> None:
    """With the folder's name as its note, and a key that lets it be sent twice."""
    script = [ME] if place == OF_ALL else []
    made = {**VERSION, "tests": 1, "covered_share": 0.5, "activation": None}
    with scripted_api([*script, answer(made, status=201)]) as api:
        result = run(api, "push", str(folder), *options)

    assert result.exit_code == 0, result.output
    sent = api.asked[-1]
    assert (sent.method, sent.target) == ("POST", place)
    assert sent.json == {
        "modules": [{"path": module.path, "text": module.text} for module in some_modules()],
        "note": "refund-rules",
        "activate": activate,
    }
    assert "idempotency-key" in sent.headers
    assert "VERSION     3" in result.stdout


def test_problems_of_a_push_are_told_one_a_line(folder: Path) -> None:
    """As the platform names them."""
    refusal = problem(422, "policy_refused", "the rules can't be used")
    result, _ = asked([ME, refusal], "push", str(folder))

    assert result.exit_code == REFUSED
    assert result.stderr == "policy_refused: the rules can't be used\n"


def test_versions_and_activations_are_listed() -> None:
    """Each from its own place."""
    page: dict[str, Any] = {"items": [VERSION], "next_cursor": None}
    listed, first = asked([ME, answer(page)], "list")
    page = {"items": [ACTIVATION], "next_cursor": None}
    told, second = asked([answer(page)], "history", "--project", PROJECT)

    assert listed.stdout.splitlines()[1].split()[:2] == ["3", "first"]
    assert told.stdout.splitlines()[1].split()[:3] == ["7", "organization", "3"]
    assert first[-1] == ("GET", f"{OF_ALL}?limit=200")
    assert second == [("GET", f"{OF_ONE}:activations?limit=200")]


def test_what_holds_is_shown_unless_a_version_is_named() -> None:
    """With its modules, in which nothing commands the terminal."""
    shown = answer({**VERSION, "modules": [{"path": "a.rego", "text": "package x\n\tp\x1b[2J\n"}]})
    held, first = asked([ME, answer({"activation": ACTIVATION}), shown], "show")
    named, second = asked([shown], "show", "2", "--project", PROJECT, "--json")

    assert held.stdout.endswith("\n# a.rego\npackage x\n    p?[2J\n")
    assert first[1:] == [("GET", f"{OF_ALL}:active"), ("GET", f"{OF_ALL}/3")]
    assert second == [("GET", f"{OF_ONE}/2")]
    assert '"path": "a.rego"' in named.stdout


@pytest.mark.parametrize("activation", [None, {**ACTIVATION, "version": None}])
def test_nothing_is_shown_where_nothing_holds(activation: object) -> None:
    """It says what to do."""
    result, _ = asked([ME, answer({"activation": activation})], "show")

    assert (result.exit_code, result.stdout) == (REFUSED, "")
    assert "no rules hold but the shipped ones; name a version" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        pytest.param(["activate", "3"], f"{OF_ALL}/3:activate", id="activate"),
        pytest.param(["deactivate"], f"{OF_ALL}:deactivate", id="deactivate"),
    ],
)
def test_what_holds_changes_with_a_reason(arguments: list[str], target: str) -> None:
    """Without one nothing is asked."""
    with scripted_api([ME, answer(ACTIVATION)]) as api:
        done = run(api, *arguments, "--reason", "as agreed")
        missing = run(api, *arguments)

    assert done.exit_code == 0, done.output
    assert "REASON     as agreed" in done.stdout
    assert missing.exit_code != 0
    assert len(api.asked) == 2
    assert (api.asked[1].target, api.asked[1].json) == (target, {"reason": "as agreed"})


def test_a_diff_replays_decisions_under_a_folder(folder: Path) -> None:
    """Counted, and each that would be otherwise in a line."""
    flip = {
        "action": "ticket.refund@2",
        "principal": "mem_1",
        "before": {"allow": True},
        "after": {"allow": False},
        "times": 4,
        "steps": [],
    }
    counts = {"decisions": 9, "questions": 3, "newly_allowed": 0, "newly_denied": 4, "changed": 0}
    with scripted_api([answer({**counts, "flips": [flip], "left_off": 0})]) as api:
        result = run(api, "diff", str(folder), "--project", PROJECT, "--limit", "50")
    same, _ = asked(
        [answer({**counts, "flips": [], "left_off": 0})],
        "diff", str(folder), "--project", PROJECT,
    )  # fmt: skip

    assert (api.asked[0].target, api.asked[0].json["level"]) == (
        f"{OF_ONE}:simulate",
        "organization",
    )
    assert api.asked[0].json["limit"] == 50
    assert result.stdout.splitlines()[-1].split() == ["ticket.refund@2", "mem_1", "yes", "no", "4"]
    assert same.stdout.splitlines()[-1].split() == ["CHANGED", "0"]


@pytest.mark.parametrize("command", ["check", "test", "push"])
def test_a_folder_that_is_none_is_wrong_usage(command: str, tmp_path: Path) -> None:
    """Nobody is asked."""
    options = ["--url", "http://127.0.0.1:9"] if command == "push" else []
    env = {"PLANGATE_TOKEN": "t", "PLANGATE_FOLDER": "none"}
    arguments = [command, str(tmp_path / "none"), *options]
    if command == "push":
        arguments += ["--project", PROJECT]
    result = CliRunner().invoke(app, arguments, env=env)

    assert result.exit_code == USAGE
    assert "is no folder" in result.stderr
