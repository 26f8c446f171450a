"""Run another git revision of this project on the same command line, to compare with it.

The revision is checked out beside the work tree and runs in a process of its own: with its own
scenarios and environments, and with its own code: of this program, where the project holds it, and
of plugins, also where the work tree's are installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.record import RunRecord, read_run
from harness.results import MANIFEST, RunError
from harness.settings import child_environment

BASE = "base"
COMMIT = "commit"
"""Says inside the run of the base which commit it is of."""
SHOWN_LINES = 8
_COMMAND = "from runtime.entrypoints.cli.main import main; main()"


class BaseRunError(Exception):
    """The other revision could not be run, so there is nothing to compare with."""


def run_base(
    revision: str, arguments: tuple[str, ...], folder: Path, *, told: Callable[[str], None]
) -> RunRecord:
    """Run a revision into `FOLDER/base` and read what came; one that is there already is kept.

    Args:
        revision: a branch, tag or commit.
        arguments: of `plangate eval run`, with paths relative to the working folder.
        folder: the run that is to be compared with it.
        told: takes a line for the person who waits.

    Raises:
        BaseRunError: there is no such revision, its run failed, or another one ran there.
    """
    output = (folder / BASE).resolve()
    root = Path(_git("rev-parse", "--show-toplevel", at=Path()))
    commit = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", at=root)
    here = Path.cwd().relative_to(root)
    resumed = (output / MANIFEST).exists()
    _require_same(output / COMMIT, commit)
    with _worktree(root, commit) as tree:
        told(f"against {revision} ({commit[:10]}): running it first")
        where = "--resume" if resumed else "--output"  # caps and prices hold for what is left
        try:
            _run(tree, tree / here, (*arguments, f"{where}={output}"))
        finally:
            if output.is_dir():
                (output / COMMIT).write_text(commit, encoding="ascii")
    try:
        return read_run(output)
    except RunError as error:
        raise BaseRunError(f"the run of {revision} can't be read: {error}") from error


def _require_same(path: Path, commit: str) -> None:
    """Refuse to take the run of one commit for that of another."""
    ran = path.read_text(encoding="ascii").strip() if path.exists() else commit
    if ran != commit:
        raise BaseRunError(
            f"{path.parent} is the run of commit {ran[:10]}, not of {commit[:10]}; name that "
            "commit with --against, or start a new run"
        )


def _run(tree: Path, folder: Path, arguments: tuple[str, ...]) -> None:
    if not folder.is_dir():
        raise BaseRunError(f"{folder.name} does not exist in the other revision")
    done = subprocess.run(  # noqa: S603  # our own command on our own arguments
        [sys.executable, "-c", _COMMAND, "eval", "run", *arguments, "--no-track"],
        cwd=folder,
        env=child_environment(first_on_path=(tree, tree / "src")),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stderr + done.stdout).strip().splitlines()[-SHOWN_LINES:]
        raise BaseRunError(
            f"the other revision ended with exit code {done.returncode}, so there is nothing to "
            "compare with:\n  " + "\n  ".join(lines)
        )


@contextmanager
def _worktree(root: Path, commit: str) -> Iterator[Path]:
    """Check a commit out into a folder that goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="plangate-against-") as parent:
        tree = Path(parent) / "tree"
        _git("worktree", "add", "--detach", "--quiet", str(tree), commit, at=root)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree), at=root)


def _git(*arguments: str, at: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603  # git, with revisions that it checks itself
            ["git", "-C", os.fspath(at), *arguments],  # noqa: S607  # found on PATH
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise BaseRunError(f"--against needs git: {error.strerror}; install it") from error
    if done.returncode != 0:
        reason = done.stderr.strip() or f"there is no revision {arguments[-1].split('^')[0]}"
        raise BaseRunError(f"git {' '.join(arguments[:2])} failed: {reason}")
    return done.stdout.strip()
