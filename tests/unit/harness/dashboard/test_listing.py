"""Check that run folders are found, read within a budget, and looked up by name only."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from harness.dashboard.card import RunState
from harness.dashboard.listing import RunFolders
from harness.results import ResultsWriter
from runtime.kit.clock import FixedClock, SystemClock
from tests.unit.harness.dashboard.builders import NOW, some_runs
from tests.unit.harness.reporting.builders import a_run, a_trial

RUNS = 200
WARM_S = 0.3


class PassingClock(FixedClock):
    """Let a second pass at every look."""

    @override
    def monotonic_s(self) -> float:
        """Return the seconds, and advance."""
        self.advance(timedelta(seconds=1))
        return super().monotonic_s()


def test_runs_are_listed_with_those_they_were_made_against(tmp_path: Path) -> None:
    """A run's `base` belongs to it; what is no run is left out."""
    some_runs(tmp_path, ("run_01", "run_01/base"))
    (tmp_path / "other").mkdir()
    (tmp_path / "file").write_text("")

    cards = RunFolders(tmp_path).look().cards

    assert sorted(str(card.folder) for card in cards) == ["run_01", "run_01/base"]


def test_a_folder_that_does_not_exist_yet_has_no_runs(tmp_path: Path) -> None:
    """The first run makes it, and then it is listed."""
    folders = RunFolders(tmp_path / "runs")
    before = folders.look()
    some_runs(tmp_path / "runs")

    assert (before.cards, before.problem) == ((), "")
    assert len(folders.look().cards) == 2


def test_a_root_that_is_no_folder_is_told(tmp_path: Path) -> None:
    """The page says why it lists nothing."""
    (tmp_path / "runs").write_text("")

    assert "can't be listed" in RunFolders(tmp_path / "runs").look().problem


def test_a_removed_run_leaves_the_list(tmp_path: Path) -> None:
    """What is gone is not shown and can't be opened."""
    folders = RunFolders(some_runs(tmp_path))
    folders.look()
    for file in (tmp_path / "run_01").iterdir():
        file.unlink()

    assert [card.folder for card in folders.look().cards] == ["run_02"]
    assert folders.find("run_01") is None


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("../secret", id="a step up"),
        pytest.param("run_01/../../secret", id="down and up"),
        pytest.param("/etc", id="absolute"),
        pytest.param(".", id="itself"),
        pytest.param("", id="empty"),
        pytest.param("run_01/", id="a slash too many"),
    ],
)
def test_only_listed_names_are_found(tmp_path: Path, name: str) -> None:
    """A run beside the folder exists, yet no name leads to it."""
    a_run(tmp_path / "secret", [a_trial()])
    folders = RunFolders(some_runs(tmp_path / "runs"))
    folders.look()

    assert folders.find(name) is None
    assert folders.find("run_01") == tmp_path / "runs" / "run_01"


def test_a_spent_budget_leaves_the_oldest_for_later(tmp_path: Path) -> None:
    """Each look reads at least one more, the latest first."""
    some_runs(tmp_path, ("run_01", "run_02", "run_03"))
    folders = RunFolders(tmp_path, budget_s=0.5, clock=PassingClock(NOW))

    looks = [folders.look() for _ in range(3)]

    assert [look.cards[-1].folder for look in looks] == ["run_03", "run_02", "run_01"]
    assert [look.waiting for look in looks] == [2, 1, 0]


def test_a_run_is_running_while_its_writer_lives(tmp_path: Path) -> None:
    """The real lock of a real writer is seen."""
    folder = a_run(tmp_path / "run_01", [a_trial()], finished=False)
    for file in folder.iterdir():
        os.utime(file, (1, 1))
    folders = RunFolders(tmp_path)
    with ResultsWriter(folder):
        during = folders.look().cards[0].state

    assert during is RunState.RUNNING
    assert folders.look().cards[0].state is RunState.STOPPED


def test_two_hundred_known_runs_are_listed_in_no_time(tmp_path: Path) -> None:
    """Only what changed is read, so a look costs a few stats a run."""
    some_runs(tmp_path, tuple(f"run_{number:03}" for number in range(RUNS)))
    folders, clock = RunFolders(tmp_path, budget_s=60.0), SystemClock()
    folders.look()
    began_s = clock.monotonic_s()
    listing = folders.look()

    assert clock.monotonic_s() - began_s < WARM_S
    assert len(listing.cards) == RUNS


def test_links_are_left_out_where_others_look(tmp_path: Path) -> None:
    """A run that is a link, that holds one, and a base that is one."""
    outside = some_runs(tmp_path / "outside", ("secret",)) / "secret"
    root = some_runs(tmp_path / "runs", ("plain", "holds"))
    (root / "linked").symlink_to(outside)
    (root / "holds" / "gate.json").symlink_to(outside / "summary.json")
    (root / "plain" / "base").symlink_to(outside)
    open_, confined = RunFolders(root), RunFolders(root, confined=True)

    found = {card.folder for card in open_.look().cards}
    kept = {card.folder for card in confined.look().cards}

    assert found == {"plain", "holds", "linked", "plain/base"}
    assert kept == set()


def test_a_run_that_becomes_a_link_is_not_found_any_more(tmp_path: Path) -> None:
    """It is looked at again when it is asked for."""
    outside = some_runs(tmp_path / "outside", ("secret",)) / "secret"
    root = some_runs(tmp_path / "runs", ("plain",))
    confined = RunFolders(root, confined=True)
    confined.look()
    assert confined.find("plain") == root / "plain"

    shutil.rmtree(root / "plain")
    assert confined.find("plain") is None
    (root / "plain").symlink_to(outside)
    assert confined.find("plain") is None
