"""`plangate model` keeps how models are asked, and tells what they took."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import Result

from tests.api.cli.conftest import Command, Document

OWNER = ("--owner-name", "Ann", "--owner-email", "ann@example.com")
SETTINGS: Document = {"models": ["plangate/keyword"], "daily_tokens": 5_000, "timeout_s": 30}


@pytest.fixture
def within(plangate: Command, document: Callable[..., Document]) -> Callable[..., Result]:
    """Make an organization of this test's own, and run commands with its owner's token."""
    organization = document("org", "create", "Acme", *OWNER)

    def run(*arguments: str) -> Result:
        return plangate(*arguments, env={"PLANGATE_TOKEN": organization["token"]["text"]})

    return run


def told(result: Result) -> Any:  # noqa: ANN401  # what was printed
    """Return what a command printed for programs; it has to succeed."""
    assert result.exit_code == 0, result.output
    return orjson.loads(result.stdout)


def test_settings_are_set_from_a_file_and_shown(
    within: Callable[..., Result], tmp_path: Path
) -> None:
    """A line for each for people, all of them for programs."""
    (tmp_path / "models.json").write_bytes(orjson.dumps(SETTINGS))

    put = told(within("model", "set", "models.json", "--replaces", "0", "--json"))
    shown = within("model", "show")

    assert told(within("model", "show", "--json")) == put
    assert (put["version"], put["timeout_s"]) == (1, 30)
    lines = [line.split() for line in shown.stdout.splitlines()]
    assert lines[:3] == [
        ["SETTING", "VALUE"],
        ["models", "plangate/keyword"],
        ["timeout_s", "30"],
    ]
    assert "version 1; models that are asked: plangate/keyword" in shown.stderr


def test_settings_of_a_project_are_its_own(within: Callable[..., Result]) -> None:
    """By its name."""
    told(within("project", "create", "Line", "--environment", "counter", "--json"))

    put = told(within("model", "set", '{"max_tokens": 64}', "--project", "Line", "--json"))

    assert (put["version"], put["max_tokens"]) == (1, 64)
    assert told(within("model", "show", "--json"))["version"] == 0


def test_settings_of_another_version_are_not_replaced(within: Callable[..., Result]) -> None:
    """Who changed them since is not overruled."""
    within("model", "set", "{}")

    late = within("model", "set", '{"timeout_s": 5}', "--replaces", "0")

    assert (late.exit_code, late.stderr.partition(": ")[0]) == (1, "version_mismatch")


def test_a_model_that_is_not_offered_is_refused(within: Callable[..., Result]) -> None:
    """With what an operator can do."""
    refused = within("model", "set", '{"models": ["openai/gpt-4o"]}')

    assert refused.exit_code == 1
    assert "PLANGATE_MODELS_ALLOWED" in refused.stderr


def test_usage_is_a_line_a_budget(within: Callable[..., Result]) -> None:
    """Also where nothing was used."""
    within("model", "set", orjson.dumps(SETTINGS).decode())

    shown = within("model", "usage")
    found = told(within("model", "usage", "--json"))

    lines = [line.split() for line in shown.stdout.splitlines()]
    assert lines[:2] == [
        ["SCOPE", "SUBJECT", "MEASURE", "USED", "RESERVED", "LIMIT"],
        ["organization", "-", "tokens", "0", "0", "5000"],
    ]
    assert found["budgets"][0]["limit"] == 5_000
