"""Scorers of others stand beside ours, under names that are nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.scoring.installed import all_scorers, left_out, scorer_version
from harness.scoring.table import SCORER_VERSION, SCORERS, scores_of
from runtime.plugins import loader
from runtime.plugins.admission import ADMIT_ALL
from runtime.public import DeclarationError, admit_installed
from tests.wheels import install, write_wheel
from tests.worlds import SET_THREE, evidence, prepared

ANSWERS = """
from harness.score import Score

def right(evidence):
    return Score(name="plan_match", value=1.0, passed=True, reason="seen")

def silent(evidence):
    return None

def wrong(evidence):
    return 1.0

number = 3
"""


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    """Let nothing be remembered of what other tests installed."""
    all_scorers.cache_clear()
    scorer_version.cache_clear()
    yield
    all_scorers.cache_clear()
    scorer_version.cache_clear()


def offered(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *, dist: str = "far", **scorers: str
) -> None:
    """Install a distribution that offers functions of its module under names."""
    module = f"{dist}_scorers"
    wheel = write_wheel(
        folder / dist,
        name=dist,
        version="1.4",
        files={f"{module}.py": ANSWERS.encode()},
        entry_points={
            "plangate.scorers": {
                name.replace("__", "."): f"{module}:{function}"
                for name, function in scorers.items()
            }
        },
    )
    monkeypatch.syspath_prepend(str(install(wheel, folder / f"{dist}-site")))


def test_without_any_there_are_ours() -> None:
    """And runs compare as before."""
    assert dict(all_scorers()) == dict(SCORERS)
    assert scorer_version() == SCORER_VERSION


def test_an_installed_scorer_answers_under_its_own_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever it calls itself: none of ours is replaced."""
    offered(monkeypatch, tmp_path, far__right="right", far__silent="silent")

    scores = {
        score.name: score for score in scores_of(evidence(prepared(), SET_THREE), all_scorers())
    }

    assert scores["far.right"].reason == "seen"
    assert scores.get("plan_match") != scores["far.right"]
    assert "far.silent" not in scores
    assert scorer_version() == f"{SCORER_VERSION}+far.right=far@1.4+far.silent=far@1.4"


def test_an_answer_that_is_no_score_is_a_crash_of_its_scorer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It fails the trial and ends no run."""
    offered(monkeypatch, tmp_path, far__wrong="wrong")

    scores = {
        score.name: score for score in scores_of(evidence(prepared(), SET_THREE), all_scorers())
    }

    assert scores["far.wrong"].passed is False
    assert "expected a Score" in scores["far.wrong"].error


@pytest.mark.parametrize(
    ("scorers", "problem"),
    [
        pytest.param({"right": "right"}, "a dot in it", id="a name like ours"),
        pytest.param({"far__number": "number"}, "expected a function", id="no function"),
        pytest.param({"far__gone": "gone"}, "can't be imported", id="nothing there"),
    ],
)
def test_what_can_not_be_asked_ends_a_run_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scorers: dict[str, str], problem: str
) -> None:
    """With the name of what is wrong."""
    offered(monkeypatch, tmp_path, **scorers)

    with pytest.raises(DeclarationError, match=problem):
        all_scorers()


def test_whose_distribution_is_not_admitted_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nor imported, whatever it is; whoever runs an evaluation is told why."""
    offered(monkeypatch, tmp_path, far__gone="gone")
    admit_installed({"PLANGATE_PLUGINS": "near"})
    try:
        assert dict(all_scorers()) == dict(SCORERS)
        assert scorer_version() == SCORER_VERSION
        (told,) = left_out()
        assert told.startswith("scorer 'far.gone' is not asked: PLANGATE_PLUGINS does not name far")
    finally:
        loader.admit(ADMIT_ALL)


def test_one_name_of_two_owners_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both are named."""
    offered(monkeypatch, tmp_path, far__right="right")
    offered(monkeypatch, tmp_path, dist="near", far__right="right")

    with pytest.raises(DeclarationError, match=r"near and far|far and near"):
        scorer_version()
