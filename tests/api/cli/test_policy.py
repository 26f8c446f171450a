"""`plangate policy` takes rules from a folder to what holds, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.cli.conftest import Command, Document
from tests.policies import some_modules

Documents = Callable[..., Document]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Write rules of a project, with their test."""
    folder = tmp_path / "rules"
    folder.mkdir()
    for module in some_modules("prj_1"):
        (folder / module.path).write_text(module.text)
    return folder


def test_rules_are_pushed_activated_and_taken_away(
    document: Documents, plangate: Command, rules: Path
) -> None:
    """By name of the project; each step is found by the next."""
    document("project", "create", "decided", "--environment", "counter")
    of = ("--project", "decided")

    pushed = document("policy", "push", str(rules), *of, "--note", "first")
    again = document("policy", "push", str(rules), *of, "--activate")
    held = document("policy", "show", *of)
    back = document("policy", "activate", "1", *of, "--reason", "back")
    gone = document("policy", "deactivate", *of, "--reason", "enough")
    listed = document("policy", "list", *of)["items"]
    told = document("policy", "history", *of)["items"]

    assert (pushed["version"], pushed["activation"]) == (1, None)
    assert (again["version"], held["version"], held["note"]) == (2, 2, "rules")
    assert held["modules"] == [
        {"path": module.path, "text": module.text} for module in some_modules("prj_1")
    ]
    assert (back["version"], gone["version"]) == (1, None)
    assert [item["version"] for item in listed] == [2, 1]
    assert [item["version"] for item in told] == [None, 1, 2]
    assert plangate("policy", "show", *of).exit_code == 1


def test_rules_of_the_organization_are_pushed_without_a_project(
    plangate: Command, rules: Path
) -> None:
    """Those of a project are refused there, in words."""
    result = plangate("policy", "push", str(rules))

    assert result.exit_code == 1
    assert "policy_refused" in result.stderr
    assert "package" in result.stderr


def test_a_diff_tells_what_rules_would_change(document: Documents, rules: Path) -> None:
    """Nothing was decided in a new project yet."""
    document("project", "create", "replayed", "--environment", "counter")

    found = document("policy", "diff", str(rules), "--project", "replayed")

    assert (found["decisions"], found["flips"]) == (0, [])


def test_a_folder_is_tried_on_this_machine(document: Documents, rules: Path) -> None:
    """No platform is asked."""
    found = document("policy", "test", str(rules))

    assert found["usable"] is True
    assert [test["passed"] for test in found["tests"]] == [True]
