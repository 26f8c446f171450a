"""`plangate project` keeps projects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.api.cli.conftest import Command, Document

Documents = Callable[..., Document]


def test_a_project_is_made_and_found(plangate: Command, document: Documents) -> None:
    """By name or id, alone or in the list, for people and programs alike."""
    made = document("project", "create", "found", "--environment", "counter")

    assert document("project", "show", "found") == made
    assert document("project", "show", made["id"]) == made
    assert made in document("project", "list")["items"]
    listed = plangate("project", "list").stdout.splitlines()
    assert listed[0].split() == ["ID", "NAME", "ENVIRONMENT", "CREATED", "ARCHIVED"]
    assert any(line.split()[:3] == [made["id"], "found", "counter"] for line in listed)


def test_limits_are_shown_and_replaced(
    plangate: Command, document: Documents, tmp_path: Path
) -> None:
    """As JSON, from a file, and when the project is made."""
    document("project", "create", "limited", "--environment", "counter", "--limits", "{}")
    (tmp_path / "limits.json").write_text('{"per_hour": 7, "budgets": {"project": 5}}')

    before = document("project", "limits", "limited")
    after = document("project", "limits", "limited", "limits.json")

    assert before == {
        "per_minute": None,
        "per_hour": None,
        "budgets": {},
        "quotas": {},
        "windows": [],
        "day_zone": "UTC",
    }
    assert (after["per_hour"], document("project", "limits", "limited")) == (7, after)
    shown = plangate("project", "limits", "limited").stdout.splitlines()
    assert shown[2] == "BUDGETS A DAY  project 5"


def test_what_was_used_is_shown(plangate: Command, document: Documents) -> None:
    """Each limit in a line for people, everything for programs."""
    document("project", "create", "used", "--environment", "counter")
    document("project", "limits", "used", '{"budgets": {"project": 5}}')

    shown = plangate("project", "usage", "used").stdout.splitlines()
    told = document("project", "usage", "used")

    assert shown[0].split()[:5] == ["MEASURE", "SCOPE", "SUBJECT", "USED", "LIMIT"]
    (budget,) = [line for line in shown if line.startswith("units_a_day")]
    assert {"project", "0", "5", "ok"} <= set(budget.split())
    assert (told["open"], len(told["limits"])) == (True, 4)


def test_an_archived_project_can_be_restored(document: Documents) -> None:
    """Until then nothing in it changes."""
    document("project", "create", "kept", "--environment", "counter")

    archived = document("project", "archive", "kept")
    restored = document("project", "restore", "kept")

    assert archived["archived_at"] is not None
    assert restored["archived_at"] is None


def test_a_purge_has_to_be_confirmed(plangate: Command, document: Documents) -> None:
    """By the exact name: typed when asked for, or given; another name deletes nothing."""
    for name in ("asked", "given"):
        document("project", "create", name, "--environment", "counter")
        document("project", "archive", name)

    nobody = plangate("project", "purge", "asked", input="")
    wrong = plangate("project", "purge", "asked", input="other\n")
    asked = plangate("project", "purge", "asked", input="asked\n")
    given = document("project", "purge", "given", "--confirm", "given")

    assert (nobody.exit_code, wrong.exit_code, asked.exit_code) == (5, 1, 0)
    assert "give --confirm NAME" in nobody.stderr
    assert wrong.stderr.rpartition(": ")[0].endswith("not_confirmed")
    assert "exact name" in asked.stderr
    assert "exact name" not in asked.stdout
    assert given["versions"] == 1
    left = {item["name"] for item in document("project", "list")["items"]}
    assert left.isdisjoint({"asked", "given"})


def test_refusals_are_told(plangate: Command, document: Documents) -> None:
    """With their code and exit code 1; nothing goes to standard output."""
    document("project", "create", "taken", "--environment", "counter")

    taken = plangate("project", "create", "taken", "--environment", "counter")
    absent = plangate("project", "show", "absent")
    unknown = plangate("project", "create", "x", "--environment", "nowhere")
    broken = plangate("project", "limits", "taken", '{"per_hour": -1}')

    for result in (taken, absent, unknown, broken):
        assert (result.exit_code, result.stdout) == (1, "")
    assert taken.stderr.startswith("name_taken: ")
    assert absent.stderr.startswith("not_found: ")
    assert unknown.stderr.startswith("environment_not_installed: ")
    assert "\n  /limits/per_hour: " in broken.stderr


def test_wrong_usage_is_told(plangate: Command) -> None:
    """With exit code 5, before anything is asked."""
    assert plangate("project", "create", "x").exit_code == 5
    assert plangate("project", "limits", "demo", "{").exit_code == 5
