"""`plangate schedule` keeps the plans of a project that come due by the clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.schedule import app
from tests.api.cli.conftest import Document

STEPS = '[{"action": "counter.increment", "inputs": {"by": 2}}]'
Run = Callable[..., Result]


@pytest.fixture
def schedule(document: Callable[..., Document], tmp_path: Path) -> Run:
    """Run commands of the group in a project of this test's own."""
    project = document("project", "create", f"of {tmp_path.name}", "--environment", "counter")

    def run(verb: str, *arguments: str) -> Result:
        return CliRunner().invoke(app, (verb, *arguments, "--project", project["id"]))

    return run


def told(result: Result) -> Any:  # noqa: ANN401  # what was printed
    """Return what a command printed for programs; it has to succeed."""
    assert result.exit_code == 0, result.output
    return orjson.loads(result.stdout)


def made(schedule: Run, name: str = "nightly", *options: str) -> Document:
    """Make a schedule and return its document."""
    found: Document = told(schedule("create", name, "30 2 * * *", STEPS, *options, "--json"))
    return found


def test_a_schedule_is_made_shown_and_listed(schedule: Run) -> None:
    """By name as by id: all of it for programs, a line for people."""
    document = made(
        schedule, "nightly", "--zone", "Europe/Berlin", "--jitter", "60", "--catch-up", "all",
        "--atomic", "--role", "viewer", "--extra-role", "finance", "--mode", "interactive",
    )  # fmt: skip

    by_name = told(schedule("show", "nightly", "--json"))
    by_id = told(schedule("show", document["id"], "--json"))
    shown = schedule("show", "nightly")
    listed = schedule("list")

    assert by_name == by_id == document
    assert document["plan"] == {"steps": orjson.loads(STEPS)}
    assert (document["jitter_s"], document["catch_up"], document["atomic"]) == (60, "all", True)
    assert "Europe/Berlin" in shown.stdout
    assert [line.split()[1] for line in listed.stdout.splitlines()] == ["NAME", "nightly"]


def test_a_schedule_is_changed_in_what_is_named(schedule: Run, tmp_path: Path) -> None:
    """The rest stays; a plan may come from a file."""
    before = made(schedule)
    (tmp_path / "plan.json").write_text('{"steps": ' + STEPS.replace("2", "5") + "}")

    after = told(
        schedule(
            "change", "nightly", "--name", "weekly", "--cron", "0 0 * * sun", "--plan",
            "plan.json", "--atomic", "--catch-up", "none", "--json",
        )
    )  # fmt: skip
    again = told(schedule("change", "weekly", "--not-atomic", "--json"))

    assert after == {
        **before,
        "name": "weekly",
        "cron": "0 0 * * SUN",
        "plan": {"steps": orjson.loads(STEPS.replace("2", "5"))},
        "atomic": True,
        "catch_up": "none",
        "next_at": after["next_at"],
    }
    assert again["atomic"] is False


def test_a_schedule_is_paused_resumed_and_deleted(schedule: Run) -> None:
    """Each says what the schedule is then."""
    made(schedule)

    paused = told(schedule("pause", "nightly", "--json"))
    resumed = told(schedule("resume", "nightly", "--json"))
    fired = told(schedule("firings", "nightly", "--json"))
    deleted = told(schedule("delete", "nightly", "--json"))

    assert paused["paused_at"] is not None
    assert resumed["paused_at"] is None
    assert fired == {"items": [], "next_cursor": None}
    assert deleted["id"] == paused["id"]
    assert schedule("list").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(("show", "absent"), 1, "no schedule 'absent'", id="a name of none"),
        pytest.param(
            ("show", "sch_01KDVDNA000000000000000000"), 1, "not_found", id="an id of none"
        ),
        pytest.param(("change", "nightly"), 5, "nothing changes", id="a change of nothing"),
        pytest.param(("create", "x", "nonsense", STEPS), 1, "cron", id="no expression"),
        pytest.param(("create", "x", "0 0 * * *", "{"), 5, "JSON", id="no plan"),
        pytest.param(("create", "nightly", "0 0 * * *", STEPS), 1, "name_taken", id="taken"),
    ],
)
def test_what_can_not_be_is_said_and_ends_with_a_code(
    schedule: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """The message says what is wrong, and the exit code of which kind it is."""
    made(schedule)

    result = schedule(*arguments)

    assert result.exit_code == code, result.output
    assert said in result.output
