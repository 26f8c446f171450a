"""Check that the trend joins what may be compared, and nothing else."""

from pathlib import Path

import orjson
import pytest

from harness.record import RunRecord, read_run
from harness.reporting.trend import MOST_RUNS, Trend, read_history, trends_of
from harness.results import HISTORY, RunError
from runtime.public import JsonObject, JsonValue
from tests.unit.harness.reporting.builders import ORACLE, a_run, a_trial


def a_point(number: int, **changes: JsonValue) -> JsonObject:
    """Build a point as the tracking store answers it."""
    point: JsonObject = {
        "run": f"run_{number:02}",
        "created": f"2026-03-{number % 28 + 1:02}T10:00:00+00:00",
        "model": ORACLE,
        "scored": 30,
        "pass_rate": 0.9,
        "interval": [0.8, 0.95],
        "findings": 0,
        "cost_micros": 10,
        "latency_p95_s": 0.5,
        "verdict": "pass",
        "suite_digest": "sha256:aa",
        "comparability": "sha256:bb",
        "store_run": "ffff",
    }
    return point | changes


def _run(folder: Path, points: list[JsonObject], **changes: JsonValue) -> RunRecord:
    run = read_run(a_run(folder, [a_trial()], **changes))
    (folder / HISTORY).write_bytes(orjson.dumps(points))
    return run


def _trend(folder: Path, points: list[JsonObject]) -> Trend:
    (trend,) = trends_of(_run(folder, points))
    return trend


def test_lines_join_equal_conditions_only(tmp_path: Path) -> None:
    """A run of another suite in between is passed over and marked."""
    points = [a_point(0), a_point(1, suite_digest="sha256:zz"), a_point(2, pass_rate=0.8)]

    first, other, last = _trend(tmp_path, points).dots

    assert [dot.comparable for dot in (first, other, last)] == [True, False, True]
    assert (first.joined, other.joined) == (None, None)
    assert last.joined == (first.x, first.y)
    assert last.y > first.y


def test_other_conditions_alone_part_runs_as_well(tmp_path: Path) -> None:
    """The same scenarios under another prompt are not comparable."""
    dots = _trend(tmp_path, [a_point(0, comparability="sha256:cc"), a_point(1)]).dots

    assert [dot.comparable for dot in dots] == [False, True]
    assert dots[1].joined is None


def test_a_long_history_is_cut_and_counted(tmp_path: Path) -> None:
    """The latest runs are shown."""
    trend = _trend(tmp_path, [a_point(number) for number in range(MOST_RUNS + 3)])

    assert len(trend.dots) == MOST_RUNS
    assert trend.left_out == 3
    assert trend.dots[0].point.run == "run_03"


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([], id="nothing"),
        pytest.param([a_point(0)], id="one run is no trend"),
        pytest.param([a_point(0), a_point(1, model="m/else")], id="another model's"),
        pytest.param(
            [a_point(0), a_point(1, pass_rate=None, interval=None)], id="a run without figures"
        ),
    ],
)
def test_too_little_is_no_trend(tmp_path: Path, points: list[JsonObject]) -> None:
    """A chart of one dot says nothing."""
    assert trends_of(_run(tmp_path, points)) == ()


def test_a_replay_is_no_point_in_time(tmp_path: Path) -> None:
    """What cassettes say does not depend on when they are asked, so two replays look the same."""
    run = _run(tmp_path, [a_point(0), a_point(1)], replays=True)

    assert trends_of(run) == ()


def test_a_point_without_interval_is_drawn(tmp_path: Path) -> None:
    """A bar of no height stands for it."""
    dot = _trend(tmp_path, [a_point(0, interval=None), a_point(1)]).dots[0]

    assert dot.low == dot.high == dot.y


def test_no_file_is_no_history(tmp_path: Path) -> None:
    """A run that was not logged has no past."""
    assert read_history(tmp_path) == ()


@pytest.mark.parametrize("content", [b"{", b'[{"run": 1}]', b"{}"])
def test_a_damaged_history_says_so(tmp_path: Path, content: bytes) -> None:
    """The file is named, and what to do about it."""
    (tmp_path / HISTORY).write_bytes(content)

    with pytest.raises(RunError, match=r"history\.json is damaged.*remove the file"):
        read_history(tmp_path)
