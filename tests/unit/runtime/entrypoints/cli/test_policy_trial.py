"""Rules are tried on this machine as a platform would try them."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from runtime.domain.policy_unit import PolicyModule
from runtime.entrypoints.cli.client import REFUSED, CommandError
from runtime.entrypoints.cli.policy import app
from runtime.entrypoints.cli.policy_files import PolicyFolder
from runtime.entrypoints.cli.policy_trial import outcome_lines, spans, tried

RULES = """package tenant.organization

import rego.v1

deny contains {"message": "a refund of at most 100", "remedy": "ask for less"} if {
	input.action.name == "ticket.refund"
	input.inputs.amount > limit
}

limit := 100
"""
TESTS = """package tenant.organization_test

import rego.v1

asked(amount) := {"action": {"name": "ticket.refund"}, "inputs": {"amount": amount}}

test_more_is_denied if {
	count(data.tenant.organization.deny) == 1 with input as asked(101)
}

test_less_is_not if {
	count(data.tenant.organization.deny) == 0 with input as asked(100)
}
"""
OF_PROJECT = """package tenant.project

import rego.v1

deny contains {"message": "half of it", "remedy": "ask for less"} if {
	input.inputs.amount > data.tenant.organization.limit / 2
}
"""
TEST_OF_PROJECT = """package tenant.project_test

import rego.v1

test_half if {
	count(data.tenant.project.deny) == 1 with input as {"inputs": {"amount": 51}}
}
"""


def a_folder(folder: Path, *, rules: str = RULES, tests: str = TESTS) -> Path:
    """Write rules and tests."""
    folder.mkdir(exist_ok=True)
    (folder / "rules.rego").write_text(rules)
    (folder / "rules_test.rego").write_text(tests)
    return folder


def test_rules_that_are_right_are_usable(tmp_path: Path) -> None:
    """Each test is told; programs get what the API says."""
    folder = str(a_folder(tmp_path))

    checked = CliRunner().invoke(app, ["check", folder])
    tested = CliRunner().invoke(app, ["test", folder])
    told = CliRunner().invoke(app, ["test", folder, "--json"])

    assert (checked.exit_code, checked.stdout) == (0, "usable: 2 test(s) passed\n"), checked.output
    assert tested.exit_code == 0
    assert "pass  tenant.organization_test.test_more_is_denied" in tested.stdout
    document = orjson.loads(told.stdout)
    assert (document["usable"], document["problems"]) == (True, [])
    assert {test["passed"] for test in document["tests"]} == {True}


@pytest.mark.parametrize(
    ("rules", "tests", "problem"),
    [
        pytest.param(RULES.replace("> limit", "> limitt"), TESTS, "limitt", id="no such name"),
        pytest.param(RULES, TESTS.replace("== 1", "== 2"), "failed", id="a failed test"),
        pytest.param(RULES, "package tenant.organization_test\n", "there is no test", id="no test"),
        pytest.param(
            RULES.replace("limit := 100", 'limit := http.send({"url": "x"}).body'),
            TESTS,
            "http",
            id="the network",
        ),
        pytest.param("package other\n", TESTS, "package", id="another package"),
    ],
)
def test_what_is_wrong_is_told_and_ends_with_an_exit_code(
    tmp_path: Path, rules: str, tests: str, problem: str
) -> None:
    """Of both commands."""
    folder = str(a_folder(tmp_path, rules=rules, tests=tests))

    for command in ("check", "test"):
        result = CliRunner().invoke(app, [command, folder])
        assert result.exit_code == REFUSED
        assert problem in result.stderr
        assert "usable" not in result.stdout


def test_rules_of_a_project_are_tried_beside_those_of_their_organization(tmp_path: Path) -> None:
    """Without them, what they read is not there."""
    organization = a_folder(tmp_path / "organization")
    project = a_folder(tmp_path / "project", rules=OF_PROJECT, tests=TEST_OF_PROJECT)

    beside = CliRunner().invoke(app, ["test", str(project), "--beside", str(organization)])
    alone = CliRunner().invoke(app, ["test", str(project)])

    assert beside.exit_code == 0, beside.output
    assert "tenant.organization_test" not in beside.stdout
    assert alone.exit_code == REFUSED


def test_rules_that_take_too_long_are_told_so() -> None:
    """They end; nothing of them is left running."""
    rules = RULES.replace(
        "limit := 100",
        "limit := count([1 |\n\tsome a in numbers.range(1, 100000)\n"
        "\tsome b in numbers.range(1, 100000)\n\ta + b == -1\n])",
    )
    modules = (
        PolicyModule(path="rules.rego", text=rules),
        PolicyModule(path="rules_test.rego", text=TESTS),
    )

    with pytest.raises(CommandError, match="policy_slow") as refused:
        tried(PolicyFolder(modules=modules), beside=None)

    assert refused.value.exit_code == REFUSED


def test_lines_tell_what_came_of_tests_and_what_they_did_not_reach() -> None:
    """In short; nothing of it commands a terminal."""
    document = {
        "tests": [
            {"name": "a_test.test_x", "passed": True, "problem": ""},
            {"name": "a_test.test_y\x1b", "passed": False, "problem": "why\x07"},
        ],
        "covered_share": 0.917,
        "uncovered": [{"path": "a.rego", "lines": [4, 7, 8, 9]}, {"path": "b.rego", "lines": []}],
    }

    assert list(outcome_lines(document)) == [
        "pass  a_test.test_x",
        "FAIL  a_test.test_y?: why?",
        "covered 92%",
        "not reached: a.rego 4, 7-9",
    ]
    assert list(spans([])) == []
