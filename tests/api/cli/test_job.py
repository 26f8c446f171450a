"""`plangate job` shows what runs behind executions, and says what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.job import app
from runtime.entrypoints.cli.plan import app as plan_app
from tests.api.cli.conftest import Document

STEPS = '[{"action": "counter.increment", "inputs": {"by": 2}}]'
NOBODY = '[{"action": "counter.explode"}]'
Run = Callable[..., Result]


@pytest.fixture
def project(document: Callable[..., Document], tmp_path: Path) -> str:
    """Make a project of this test's own, and return its id."""
    made = document("project", "create", f"of {tmp_path.name}", "--environment", "counter")
    return str(made["id"])


@pytest.fixture
def job(project: str) -> Run:
    """Run commands of the group in that project."""

    def run(verb: str, *arguments: str) -> Result:
        return CliRunner().invoke(app, (verb, *arguments, "--project", project))

    return run


@pytest.fixture
def queued(project: str, job: Run) -> Callable[..., Document]:
    """Queue plans in that project, which is paused so that nothing runs them."""
    told(job("pause", "--why", "a test looks", "--json"))

    def queue(steps: str = STEPS) -> Document:
        wish = ("execute", steps, "--queued", "--project", project, "--json")
        found: Document = told(CliRunner().invoke(plan_app, wish))
        return found

    return queue


def told(result: Result) -> Any:  # noqa: ANN401  # what was printed
    """Return what a command printed for programs; it has to succeed."""
    assert result.exit_code == 0, result.output
    return orjson.loads(result.stdout)


def test_a_queued_plan_is_shown_and_listed(job: Run, queued: Callable[..., Document]) -> None:
    """All of it for programs, a line for people."""
    made = queued()

    shown = job("show", made["id"])
    listed = job("list", "--status", "waiting", "--kind", "plan", "--outcome", made["outcome"])
    none = job("list", "--cause", "crashed")

    assert told(job("show", made["id"], "--json")) == made
    assert f"OUTCOME       {made['outcome']}" in shown.stdout
    assert [line.split()[:3] for line in listed.stdout.splitlines()] == [
        ["ID", "NAME", "STATUS"],
        [made["id"], "plan.execute", "waiting"],
    ]
    assert (none.exit_code, none.stdout) == (0, "")


def test_a_person_is_told_how_to_go_on(
    project: str, job: Run, queued: Callable[..., Document]
) -> None:
    """The job's id, and what to watch."""
    result = CliRunner().invoke(plan_app, ("execute", STEPS, "--queued", "--project", project))

    (line,) = [line for line in result.stdout.splitlines() if line.startswith("JOB")]
    assert result.exit_code == 0
    assert f"plangate job watch {line.split()[1]}" in result.stderr


def test_a_job_is_cancelled_and_tried_again(job: Run, queued: Callable[..., Document]) -> None:
    """One by its id; what never ran has no try."""
    made = queued()

    cancelled = told(job("cancel", made["id"], "--reason", "not needed", "--json"))
    again = told(job("redrive", made["id"], "--json"))
    twice = job("redrive", made["id"])

    assert (cancelled["status"], cancelled["reason"]) == ("cancelled", "not needed")
    assert (again["status"], again["attempts"]) == ("waiting", 0)
    assert (twice.exit_code, "wrong_time" in twice.stderr) == (1, True)


def test_jobs_are_tried_again_by_what_became_of_them(
    job: Run, queued: Callable[..., Document]
) -> None:
    """A dry run tells which; dead ones are meant where nothing else is said."""
    ids = [queued()["id"] for _ in range(2)]
    for job_id in ids:
        told(job("cancel", job_id, "--json"))
    wanted = (
        "--status",
        "cancelled",
        "--cause",
        "cancelled",
        "--ended-after",
        "2020-01-01T00:00:00Z",
    )

    dead = told(job("redrive", "--dry-run", "--json"))
    dry = told(job("redrive", *wanted, "--most", "1", "--dry-run", "--json"))
    done = told(job("redrive", *wanted, "--json"))

    assert dead["found"] == 0
    assert dry == {"found": 1, "more": True, "redriven": 0, "jobs": ids[:1]}
    assert done == {"found": 2, "more": False, "redriven": 2, "jobs": ids}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="nothing"),
        pytest.param(("job_01KDVDNA000000000000000000", "--name", "x"), id="both"),
        pytest.param(("job_01KDVDNA000000000000000000", "--dry-run"), id="a dry run of one"),
    ],
)
def test_what_to_try_again_has_to_be_said_in_one_way(job: Run, arguments: tuple[str, ...]) -> None:
    """Nothing is tried again by mistake."""
    result = job("redrive", *arguments)

    assert (result.exit_code, "name a job, or say which" in result.stderr) == (5, True)


def test_a_queue_is_shown_paused_bounded_and_resumed(
    job: Run, queued: Callable[..., Document]
) -> None:
    """Its bounds are replaced; what is left out is as usual."""
    queued()

    shown = told(job("queue", "--json"))
    people = job("queue")
    first = told(job("limit", "--at-once", "3", "--per-minute", "60", "--json"))
    second = told(job("limit", "--per-minute", "60", "--json"))
    resumed = told(job("resume", "--json"))

    assert (shown["paused_why"], shown["jobs"]["waiting"]) == ("a test looks", 1)
    assert "WHY           a test looks" in people.stdout
    assert (first["at_once"], first["per_minute"]) == (3, 60)
    assert (second["at_once"], second["per_minute"]) == (None, 60)
    assert resumed["paused_at"] is None


def test_an_organization_has_a_queue_and_a_list_of_what_was_given_up(
    job: Run, queued: Callable[..., Document]
) -> None:
    """For its owner, and of no single project."""
    made = queued()
    told(job("cancel", made["id"], "--json"))

    def whole(*arguments: str) -> Any:  # noqa: ANN401  # what was printed
        return told(CliRunner().invoke(app, (*arguments, "--organization", "--json")))

    listed = whole("list", "--status", "cancelled", "--limit", "500")
    limited = whole("limit", "--at-once", "150")
    shown = whole("queue")
    both = job("queue", "--organization")

    assert made["id"] in [item["id"] for item in listed["items"]]
    assert (limited["project"], shown["at_once"]) == (None, 150)
    assert (both.exit_code, "leave out --project" in both.stderr) == (5, True)


def test_a_job_is_watched_until_it_ends(job: Run, queued: Callable[..., Document]) -> None:
    """What happens meanwhile is said to people; done is done."""
    made = queued()
    waits = job("watch", made["id"], "--within", "0.2")
    told(job("resume", "--json"))

    ends = job("watch", made["id"], "--within", "40")

    assert (waits.exit_code, "is waiting still" in waits.stderr) == (1, True)
    assert ends.exit_code == 0, ends.output
    assert "done, tries: 1" in ends.stderr
    assert "status done" in ends.stdout


def test_a_plan_that_is_refused_ends_a_watch_with_1(
    job: Run, queued: Callable[..., Document]
) -> None:
    """Its job is done, and what was asked for is not."""
    made = queued(NOBODY)
    told(job("resume", "--json"))

    ends = job("watch", made["id"], "--within", "40", "--json")

    assert ends.exit_code == 1
    assert orjson.loads(ends.stdout)["result"]["status"] == "refused"


def test_a_job_that_is_not_done_ends_a_watch_with_1(
    job: Run, queued: Callable[..., Document]
) -> None:
    """Whatever became of it."""
    made = queued()
    told(job("cancel", made["id"], "--json"))

    assert job("watch", made["id"]).exit_code == 1
