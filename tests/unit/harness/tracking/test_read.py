"""The store answers as plain JSON, and is never made by reading it."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest

from harness.tracking.history import Point
from harness.tracking.read import answered, main
from tests.unit.harness.reporting.builders import ORACLE
from tests.unit.harness.tracking.conftest import KEYWORD, Logged

pytestmark = pytest.mark.filterwarnings("ignore")  # the driver's own


def points(logged: Logged, *arguments: str) -> list[Point]:
    """Ask for points and read them as the parent process does."""
    answer = orjson.loads(
        orjson.dumps(answered(["history", *arguments], tracking_uri=logged.store.uri))
    )
    return [Point.from_document(item) for item in answer]


def test_each_model_of_each_run_is_a_point(logged: Logged) -> None:
    """A run that was logged twice is one point, that of its last log."""
    found = points(logged, "100")

    assert sorted((item.run, item.model) for item in found) == [
        ("run_01", KEYWORD), ("run_01", ORACLE), ("run_02", ORACLE), ("run_03", ORACLE),
    ]  # fmt: skip
    assert {item.store_run for item in found if item.run == "run_01"} == {logged.parents[1]}


def test_a_point_says_what_the_summary_said(logged: Logged) -> None:
    """What was not measured is missing, not zero."""
    (keyword,) = points(logged, "100", KEYWORD)

    assert (keyword.scored, keyword.pass_rate, keyword.findings) == (1, 0.0, 1)
    assert keyword.interval is not None
    assert keyword.interval[0] == 0.0
    assert 0 < keyword.interval[1] < 1
    assert (keyword.cost_micros, keyword.latency_p95_s) == (None, 0.25)
    assert (keyword.verdict, keyword.suite_digest) == ("regression", "sha256:5a1e")


def test_the_latest_points_come_last_and_older_ones_are_cut(logged: Logged) -> None:
    """A trend reads from left to right."""
    assert [item.run for item in points(logged, "2", ORACLE)] == ["run_02", "run_03"]


def test_another_prompt_breaks_the_line(logged: Logged) -> None:
    """Points of runs under other conditions are not joined."""
    one, two, three = points(logged, "100", ORACLE)

    assert one.comparable_with(two)
    assert not two.comparable_with(three)


def test_the_champion_is_told(logged: Logged) -> None:
    """Who was never blessed is none."""
    uri = logged.store.uri

    assert answered(["champion", ORACLE], tracking_uri=uri)["run"] == "run_03"
    assert answered(["champion", KEYWORD], tracking_uri=uri) is None


def test_traces_come_as_mlflow_spells_them(logged: Logged) -> None:
    """As many as were asked for."""
    found = answered(["traces", "plangate", "2"], tracking_uri=logged.store.uri)

    assert len(found) == 2
    assert {"info", "data"} <= set(found[0])


def test_an_unknown_experiment_is_named(logged: Logged) -> None:
    """A typing error is no empty answer."""
    with pytest.raises(ValueError, match="no experiment 'plangat'"):
        answered(["traces", "plangat", "2"], tracking_uri=logged.store.uri)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param(["history", "5"], [], id="history"),
        pytest.param(["champion", ORACLE], None, id="champion"),
        pytest.param(["traces", "plangate", "5"], [], id="traces"),
    ],
)
def test_a_store_that_was_never_written_is_not_made(
    tmp_path: Path, question: list[str], answer: object
) -> None:
    """Making one costs seconds and a file that nobody asked for."""
    assert answered(question, tracking_uri=f"sqlite:///{tmp_path}/no.db") == answer
    assert list(tmp_path.iterdir()) == []


def test_the_answer_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The parent reads it from standard output."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/no.db")
    monkeypatch.setattr(sys, "argv", ["read", "history", "5"])

    main()
    sys.stdout.flush()

    assert capfdbinary.readouterr().out == b"[]"
