"""`plangate org limits` and `usage` keep what projects share, and tell what is used of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import Result

from tests.api.cli.conftest import Command, Document

Documents = Callable[..., Document]
OWNER = ("--owner-name", "Ann", "--owner-email", "ann@example.com")
LIMITS: Document = {
    "budgets": [
        {"scope": "organization", "measure": "units", "per": "day", "most": 20},
        {"scope": "project", "measure": "money", "per": "month", "most": 5_000_000},
    ],
    "rates": [{"scope": "principal", "per": "hour", "most": 60}],
}


@pytest.fixture
def within(plangate: Command, document: Documents) -> Callable[..., Result]:
    """Make an organization of this test's own, and run commands with its owner's token."""
    organization = document("org", "create", "Acme", *OWNER)

    def run(*arguments: str) -> Result:
        return plangate(*arguments, env={"PLANGATE_TOKEN": organization["token"]["text"]})

    return run


def told(result: Result) -> Any:  # noqa: ANN401  # what was printed
    """Return what a command printed for programs; it has to succeed."""
    assert result.exit_code == 0, result.output
    return orjson.loads(result.stdout)


def test_limits_are_set_from_a_file_and_shown(
    within: Callable[..., Result], tmp_path: Path
) -> None:
    """A line for each for people, all of them for programs."""
    (tmp_path / "limits.json").write_bytes(orjson.dumps(LIMITS))

    none = within("org", "limits", "show")
    put = told(within("org", "limits", "set", "limits.json", "--replaces", "0", "--json"))
    shown = within("org", "limits", "show")

    assert (none.exit_code, none.stdout) == (0, "")
    assert told(within("org", "limits", "show", "--json")) == put
    assert (put["number"], put["limits"]["zone"]) == (1, "UTC")
    lines = [line.split() for line in shown.stdout.splitlines()]
    assert lines == [
        ["LIMIT", "SCOPE", "SUBJECT", "PER", "MOST"],
        ["units", "organization", "-", "day", "20"],
        ["money", "project", "-", "month", "5000000"],
        ["actions", "principal", "-", "hour", "60"],
    ]
    assert "number 1; budgets renew at midnight of UTC" in shown.stderr


def test_limits_of_another_number_are_not_replaced(within: Callable[..., Result]) -> None:
    """Who changed them since is not overruled."""
    within("org", "limits", "set", "{}")
    within("org", "limits", "set", orjson.dumps(LIMITS).decode())

    late = within("org", "limits", "set", "{}", "--replaces", "1")

    assert late.exit_code == 1
    assert late.stderr.startswith("version_mismatch: ")


def test_limits_that_mean_nothing_are_refused(within: Callable[..., Result]) -> None:
    """With the place that is wrong."""
    refused = within("org", "limits", "set", '{"zone": "Mars/Olympus"}')

    assert refused.exit_code == 1
    assert "/zone: " in refused.stderr


def test_what_is_used_is_shown(within: Callable[..., Result]) -> None:
    """Together, and by project."""
    within("org", "limits", "set", orjson.dumps(LIMITS).decode())
    within("project", "create", "first", "--environment", "counter")
    step = '{"steps": [{"action": "counter.increment", "inputs": {"by": 1}}]}'
    told(within("plan", "simulate", step, "--project", "first", "--json"))

    shown = within("org", "usage").stdout.splitlines()
    everything = told(within("org", "usage", "--json"))
    by_project = within("org", "usage", "--projects").stdout.splitlines()
    rolled_up = told(within("org", "usage", "--projects", "--json"))

    assert shown[0].split()[:6] == ["MEASURE", "SCOPE", "SUBJECT", "USED", "LIMIT", "%"]
    assert shown[1].split()[:6] == ["units_a_day", "organization", "-", "0", "20", "0"]
    assert everything["number"] == 1
    assert by_project[0].split()[:4] == ["PROJECT", "DAY", "MEASURE", "USED"]
    assert {line.split()[0] for line in by_project[1:]} == {"first"}
    assert [item["name"] for item in rolled_up["items"]] == ["first"]
