"""Kill a real run with signal 9 at drawn moments, resume it, and find the run nobody killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.bench.crash_campaign import MODES, Mode, campaign, whole_run
from tests.servers.paid_stub import Paid, paid

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
