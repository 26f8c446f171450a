"""People see who waits for whom, how long, and all of what they would agree to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from runtime.entrypoints.cli.approval_lines import hint_lines, listed, request_lines, voted
from runtime.entrypoints.cli.client import Document
from runtime.entrypoints.cli.console import Api, Wish
from runtime.entrypoints.cli.people import People
from tests.servers.scripted_api import answer, problem, scripted_api
from tests.unit.runtime.entrypoints.cli.approvals import (
    APPROVAL,
    DIGEST,
    NOW,
    a_call,
    a_line,
    a_step,
    a_vote,
    a_voted_request,
)

BOTH = [a_call(), a_call("mem_4")]
ANN = {"id": "mem_1", "email": "ann@example.com", "display_name": "Ann"}


def in_line(**changes: object) -> Document:
    """Return the cells of a request in a list, of somebody whom the token sees."""
    with scripted_api([answer(ANN)]) as api:
        people = People(Api(Wish(url=api.url), {"PLANGATE_TOKEN": "t", "PLANGATE_FOLDER": "none"}))
        return listed(a_line(**changes), people, now=NOW)


def shown(**changes: object) -> list[str]:
    """Return the lines of a request, of people whom the token may not see."""
    unseen = problem(403, "not_allowed", "this needs the scope members:read")
    with scripted_api([unseen]) as api:
        people = People(Api(Wish(url=api.url), {"PLANGATE_TOKEN": "t", "PLANGATE_FOLDER": "none"}))
        told = "\n".join(request_lines(a_voted_request(**changes), people, now=NOW))
    return told.splitlines()


def test_a_line_says_who_waits_for_what() -> None:
    """The requester by their address, and how many said yes."""
    cells = in_line(grants=1)

    assert {name: cells[name] for name in ("requester", "actions", "needs", "grants", "left")} == {
        "requester": "ann@example.com",
        "actions": "counter.set@1",
        "needs": "2 admin",
        "grants": "1",
        "left": "23 h 0 min",
    }


@pytest.mark.parametrize(
    ("names", "told"),
    [
        pytest.param(["a@1", "b@1", "a@1"], "2 x a@1, b@1", id="one of them twice"),
        pytest.param(["a@1", "b@1", "c@1"], "a@1, b@1, c@1", id="as many as fit"),
        pytest.param(["a@1", "b@1", "c@1", "d@1", "e@1"], "a@1, b@1, c@1, and 2 more", id="more"),
        pytest.param([], "", id="none"),
    ],
)
def test_actions_are_counted_and_cut(names: Sequence[str], told: str) -> None:
    """A long plan does not make a long line."""
    steps = [a_step(name) for name in names]

    assert in_line(plan={"steps": steps})["actions"] == told


@pytest.mark.parametrize(
    ("status", "expires_at", "left"),
    [
        pytest.param("pending", "2026-01-09T12:00:00Z", "4 d 0 h", id="days"),
        pytest.param("granted", "2026-01-05T13:01:59Z", "1 h 1 min", id="hours"),
        pytest.param("pending", "2026-01-05T12:04:05Z", "4 min 5 s", id="minutes"),
        pytest.param("pending", "2026-01-05T12:00:05Z", "5 s", id="seconds"),
        pytest.param("pending", "2026-01-05T11:59:00Z", "0 s", id="past, by our clock"),
        pytest.param("expired", "2026-01-05T11:00:00Z", None, id="expired"),
        pytest.param("used", "2026-01-05T13:00:00Z", None, id="used"),
    ],
)
def test_what_is_open_says_how_long(status: str, expires_at: str, left: str | None) -> None:
    """In two units at most; what ended says nothing."""
    assert in_line(status=status, expires_at=expires_at)["left"] == left


def test_a_line_says_that_somebody_puts_approval_aside() -> None:
    """It takes another one, who looks for it here."""
    assert in_line(grants=1, overriders=1)["grants"] == "1, 1 put it aside"


def test_needs_name_their_roles() -> None:
    """Nobody's role is that of who administers the project."""
    needs = [{"count": 1, "role": None}, {"count": 2, "role": "safety"}]

    assert in_line(needs=needs)["needs"] == "1 admin, 2 safety"


def test_a_request_shows_all_of_its_plan() -> None:
    """Every input of every step, in which nothing commands the terminal."""
    steps = [a_step(value={"deep": [1, "é"]}, why="b\x1b[2J"), a_step("counter.reset@1")]

    lines = shown(plan={"steps": steps})

    first = lines.index("step 1: counter.set@1")
    assert lines[first + 1 : first + 4] == [
        '  value: {"deep":[1,"é"]}',
        '  why: "b\\u001b[2J"',
        "step 2: counter.reset@1",
    ]
    assert any(line.split() == ["DIGEST", DIGEST] for line in lines)
    assert not [line for line in lines if line.startswith("WHO")]


def test_a_request_shows_what_was_said_in_order() -> None:
    """The yes of people, and who put it aside."""
    later = a_vote("mem_4", at="2026-01-05T11:55:00Z")
    lines = shown(votes=[later, a_vote()], overrides=[a_call()])

    first = next(place for place, line in enumerate(lines) if line.startswith("WHO"))
    said = [line.split()[:2] for line in lines[first + 1 : first + 4]]
    assert said == [["mem_2", "grant"], ["mem_3", "override"], ["mem_4", "grant"]]


@pytest.mark.parametrize(
    ("changes", "hints"),
    [
        pytest.param(
            {},
            [f"plangate approval grant {APPROVAL} --digest {DIGEST} --reason TEXT"],
            id="pending",
        ),
        pytest.param(
            {"status": "granted"},
            [f"plangate plan execute PLAN --approval {APPROVAL}"],
            id="granted",
        ),
        pytest.param(
            {"status": "granted", "overrides": [a_call()]},
            ["plangate plan execute PLAN", "takes two who administer"],
            id="called once",
        ),
        pytest.param(
            {"status": "granted", "overrides": BOTH, "overridden_until": "2026-01-05T12:00:01Z"},
            ["plangate plan execute PLAN", "put aside until 2026-01-05T12:00:01Z"],
            id="put aside",
        ),
        pytest.param(
            {"status": "granted", "overrides": BOTH, "overridden_until": "2026-01-05T12:00:00Z"},
            ["plangate plan execute PLAN", "takes two who administer"],
            id="put aside for too long",
        ),
        pytest.param({"status": "used", "overrides": [a_call()]}, [], id="used"),
        pytest.param({"status": "denied"}, [], id="denied"),
    ],
)  # fmt: skip
def test_hints_say_what_can_be_done_now(changes: dict[str, Any], hints: Sequence[str]) -> None:
    """Nothing of what ended."""
    told = list(hint_lines(a_voted_request(**changes), now=NOW))

    assert len(told) == len(hints)
    assert all(hint in line for hint, line in zip(hints, told, strict=True))


def test_a_no_is_not_counted_as_a_yes() -> None:
    """Of what a vote is answered with."""
    no = {**a_vote("mem_5"), "kind": "deny"}

    told = voted(a_voted_request(votes=[a_vote(), no]))

    assert (told["grants"], told["needs"]) == (1, "2 admin")
