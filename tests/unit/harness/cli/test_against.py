"""Prove that another revision runs as it was, beside the work tree, and leaves nothing behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.cli.against import BaseRunError, run_base
from tests.worlds import SMALL_WORLD, a_world

ARGUMENTS = ("world", "--model", "plangate/keyword")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with one commit of two scenarios, and change them in the work tree."""
    root = tmp_path / "project"
    root.mkdir()
    a_world(root)
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "--quiet", "-m", "first"],
    ):
        subprocess.run(["git", "-C", root, *command], check=True)
    a_world(root, SMALL_WORLD.replace("counter-set-three", "counter-set-others"))
    monkeypatch.chdir(root)
    return root


def trees(project: Path) -> int:
    """Count the work trees that git knows."""
    listed = subprocess.run(
        ["git", "-C", project, "worktree", "list"], check=True, capture_output=True, text=True
    )
    return len(listed.stdout.splitlines())


def test_a_revision_runs_with_its_own_scenarios(project: Path, tmp_path: Path) -> None:
    """What changed since is not in it."""
    told: list[str] = []

    base = run_base("main", ARGUMENTS, tmp_path / "run", told=told.append)

    assert {item.id for item in base.manifest.scenarios} == {
        "counter-set-three",
        "counter-set-then-move",
    }
    assert base.folder == tmp_path / "run" / "base"
    assert told[0].startswith("against main (")
    assert trees(project) == 1


def test_a_revision_runs_with_its_own_modules(project: Path, tmp_path: Path) -> None:
    """Python looks into its folders before it finds what is installed from the work tree."""
    probe = "import os, pathlib; pathlib.Path(os.environ['PROBE']).write_text('seen')\n"
    (project / "src").mkdir()
    (project / "src" / "sitecustomize.py").write_text(probe)
    for command in (
        ["add", "src"],
        ["-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "--quiet", "-m", "second"],
    ):
        subprocess.run(["git", "-C", project, *command], check=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROBE", str(tmp_path / "probe"))
        run_base("main", ARGUMENTS, tmp_path / "run", told=print)

    assert (tmp_path / "probe").read_text() == "seen"


def test_a_base_that_is_there_is_not_done_again(project: Path, tmp_path: Path) -> None:
    """Resuming a run does not pay for its base twice."""
    run_base("main", ARGUMENTS, tmp_path / "run", told=print)
    written = (tmp_path / "run" / "base" / "results.jsonl").stat().st_mtime_ns

    run_base("main", ARGUMENTS, tmp_path / "run", told=print)

    assert (tmp_path / "run" / "base" / "results.jsonl").stat().st_mtime_ns == written
    assert trees(project) == 1


@pytest.mark.parametrize(
    ("revision", "arguments", "complaint"),
    [
        pytest.param("nowhere", ARGUMENTS, "there is no revision nowhere", id="no revision"),
        pytest.param("main", ("gone",), "ended with exit code 5", id="no scenarios then"),
    ],
)
def test_what_can_not_run_is_told(
    project: Path, tmp_path: Path, revision: str, arguments: tuple[str, ...], complaint: str
) -> None:
    """There is nothing to compare with."""
    with pytest.raises(BaseRunError, match=complaint):
        run_base(revision, arguments, tmp_path / "run", told=print)
    assert trees(project) == 1


def test_a_folder_outside_of_a_repository_has_no_revisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git's own reason is told."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(BaseRunError, match="rev-parse --show-toplevel failed"):
        run_base("main", ARGUMENTS, tmp_path / "run", told=print)


def test_a_folder_that_the_revision_lacks_is_told(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Called from a folder that is new."""
    (project / "new").mkdir()
    monkeypatch.chdir(project / "new")

    with pytest.raises(BaseRunError, match="new does not exist in the other revision"):
        run_base("main", ARGUMENTS, tmp_path / "run", told=print)


def test_the_run_of_another_commit_is_not_taken(project: Path, tmp_path: Path) -> None:
    """Resumed against another revision, the run would be judged against the first one."""
    run_base("main", ARGUMENTS, tmp_path / "run", told=print)
    who = ["-c", "user.name=a", "-c", "user.email=a@b.invalid"]
    commit = ["git", "-C", str(project), *who, "commit", "--quiet", "--allow-empty", "-m", "second"]
    subprocess.run(commit, check=True)

    with pytest.raises(BaseRunError, match="is the run of commit"):
        run_base("main", ARGUMENTS, tmp_path / "run", told=print)


def test_a_base_that_goes_on_keeps_its_options(project: Path, tmp_path: Path) -> None:
    """A cap holds for what is left as well: options that make no sense are refused again."""
    run_base("main", ARGUMENTS, tmp_path / "run", told=print)

    with pytest.raises(BaseRunError, match="ended with exit code 5"):
        run_base("main", (*ARGUMENTS, "--max-cost=-1"), tmp_path / "run", told=print)
