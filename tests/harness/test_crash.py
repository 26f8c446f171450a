"""Kill a real run with signal 9 at drawn moments, resume it, and find the run nobody killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.bench.crash_campaign import MODES, Mode, a_course, campaign, judge_part, whole_run
from tests.servers.paid_stub import Paid, Request, paid

pytestmark = pytest.mark.timeout(180)  # whole commands in child processes

KILLS = 2


@pytest.fixture(scope="module")
def server() -> Iterator[Paid]:
    """Serve for the whole module."""
    with paid() as stub:
        yield stub


@pytest.mark.parametrize(
    ("mode", "seed"), [pytest.param(mode, at, id=mode.name) for at, mode in enumerate(MODES)]
)
def test_a_killed_run_ends_as_if_nobody_had_killed_it(
    tmp_path: Path, server: Paid, mode: Mode, seed: int
) -> None:
    """With equal reports; no answered call is paid for twice; a cap holds over all parts."""
    whole = whole_run(tmp_path / "whole", mode, server)
    paid_for = len(server.asked)

    course = campaign(
        tmp_path / "killed", mode, server, kills=KILLS, chance=Random(seed), whole=whole
    )

    assert whole.problems == []
    assert course.problems == []
    assert course.kills >= 1
    assert len(server.asked) == paid_for + course.repeated


def test_a_call_that_is_paid_for_twice_and_a_trial_that_is_lost_are_noticed(
    tmp_path: Path, server: Paid
) -> None:
    """A campaign that finds nothing wrong has looked."""
    course = a_course(tmp_path / "killed", MODES[-1], server)
    course.run.mkdir()
    answered = Request(1, 7, 0)
    server.asked += [answered, answered]
    server.tokens = 10**6

    judge_part(course, {answered}, b"a finished trial\n", since=0)

    assert [problem.split(" ", 1)[1] for problem in course.problems] == [
        "answered calls were paid for again, as Request(value=1, seed=7, position=0)",
        "part asked the same twice",
        "trials are gone",
        "tokens, with a cap of 150000",
    ]
