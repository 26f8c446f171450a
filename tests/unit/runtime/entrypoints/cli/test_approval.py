"""`plangate approval` asks for what it says; a yes names a plan that was seen."""

from __future__ import annotations

from typing import Final

import orjson
import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.approval import app
from runtime.entrypoints.cli.client import REFUSED, USAGE
from tests.servers.scripted_api import Asked, Scripted, answer, problem, scripted_api
from tests.unit.runtime.entrypoints.cli.approvals import (
    APPROVAL,
    DIGEST,
    a_line,
    a_vote,
    a_voted_request,
)

PROJECT: Final = "prj_01KDVDNA000000000000000000"
PLACE: Final = f"/v1/projects/{PROJECT}/approvals"
ANN: Final = answer({"id": "mem_1", "email": "ann@example.com", "display_name": "Ann"})
WHY: Final = ("--reason", "as agreed")


def run(script: list[Scripted], *arguments: str) -> tuple[Result, list[Asked]]:
    """Run a command against a scripted platform, and return what it asked as well."""
    with scripted_api(script) as api:
        result = CliRunner().invoke(
            app,
            [*arguments, "--project", PROJECT, "--url", api.url],
            env={"PLANGATE_TOKEN": "t", "PLANGATE_FOLDER": "none"},
        )
    return result, api.asked


@pytest.mark.parametrize(
    ("options", "query"),
    [
        pytest.param([], "?status=pending&limit=200", id="what waits"),
        pytest.param(["--status", "used"], "?status=used&limit=200", id="of one status"),
        pytest.param(["--status", "all"], "?limit=200", id="all"),
    ],
)
def test_requests_are_listed(options: list[str], query: str) -> None:
    """Those that wait for a yes, if nothing else is asked for."""
    page = answer({"items": [a_line()], "next_cursor": None})
    result, asked = run([page, ANN], "list", *options)

    assert result.exit_code == 0, result.output
    assert asked[0].target == f"{PLACE}{query}"
    assert result.stdout.splitlines()[1].startswith(f"{APPROVAL}  pending  ann@example.com  ")


def test_a_list_for_machines_is_the_api_s() -> None:
    """Nobody is looked up for it."""
    page = answer({"items": [a_line()], "next_cursor": None})
    result, asked = run([page], "list", "--json")

    assert orjson.loads(result.stdout)["items"] == [a_line()]
    assert len(asked) == 1


def test_a_request_is_shown() -> None:
    """To people with its plan, to machines as it is."""
    shown, _ = run([answer(a_voted_request()), ANN], "show", APPROVAL)
    raw, asked = run([answer(a_voted_request())], "show", APPROVAL, "--json")

    assert "step 1: counter.set@1\n  value: 3\n" in shown.stdout
    assert orjson.loads(raw.stdout) == a_voted_request()
    assert [(item.method, item.target) for item in asked] == [("GET", f"{PLACE}/{APPROVAL}")]


@pytest.mark.parametrize("verb", ["grant", "deny", "override"])
def test_a_vote_with_a_digest_is_sent_as_it_is(verb: str) -> None:
    """With a key that lets it be sent twice; the platform compares."""
    done = answer(a_voted_request(votes=[a_vote()]))
    result, asked = run([done], verb, APPROVAL, *WHY, "--digest", "sha256:seen")

    assert result.exit_code == 0, result.output
    assert "YES     1" in result.stdout
    (sent,) = asked
    assert (sent.method, sent.target) == ("POST", f"{PLACE}/{APPROVAL}:{verb}")
    assert sent.json == {"plan_digest": "sha256:seen", "reason": "as agreed"}
    assert "idempotency-key" in sent.headers


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["grant", APPROVAL, *WHY, "--yes"], id="grant"),
        pytest.param(["override", APPROVAL, *WHY, "--yes"], id="override"),
        pytest.param(["deny", APPROVAL, *WHY], id="deny, which needs no --yes"),
    ],
)
def test_a_plan_that_is_shown_is_the_one_that_is_voted_on(arguments: list[str]) -> None:
    """By its digest; the plan goes to standard error, the answer to standard output."""
    script = [answer(a_voted_request()), ANN, answer(a_voted_request(votes=[a_vote()]))]
    result, asked = run(script, *arguments, "--json")

    assert result.exit_code == 0, result.output
    assert asked[-1].json == {"plan_digest": DIGEST, "reason": "as agreed"}
    assert "step 1: counter.set@1" in result.stderr
    assert orjson.loads(result.stdout)["votes"] == [a_vote()]


@pytest.mark.parametrize("verb", ["grant", "override"])
def test_nobody_agrees_to_what_they_were_not_asked(verb: str) -> None:
    """Where nobody is at a terminal, nothing is sent, and it says what to do."""
    result, asked = run([], verb, APPROVAL, *WHY)

    assert (result.exit_code, asked) == (USAGE, [])
    assert f"plangate approval show {APPROVAL}" in result.stderr
    assert "--digest" in result.stderr


def test_a_reason_must_be_given() -> None:
    """It is kept for ever."""
    result, asked = run([], "grant", APPROVAL, "--yes")

    assert result.exit_code != 0
    assert asked == []


def test_a_request_is_taken_back() -> None:
    """Nothing is said of a plan."""
    done = answer(a_voted_request(status="withdrawn"))
    result, asked = run([done], "withdraw", APPROVAL)

    assert result.exit_code == 0, result.output
    assert (asked[0].target, asked[0].body) == (f"{PLACE}/{APPROVAL}:withdraw", b"")


def test_a_refusal_is_told_as_everywhere() -> None:
    """With the exit code of refusals."""
    refused = problem(409, "approval_mismatch", "the vote names another plan")
    result, _ = run([refused], "grant", APPROVAL, *WHY, "--digest", "sha256:0")

    assert result.exit_code == REFUSED
    assert result.stderr == "approval_mismatch: the vote names another plan\n"
