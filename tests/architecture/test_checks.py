"""Hold the checks to the tests: what no check runs proves nothing."""

import configparser
import re
from collections import Counter
from pathlib import Path
from typing import Final

from tests.architecture.tree import ROOT

NAMED: Final[dict[str, str]] = {
    "tests/conformance": "a longer target of its own: make conformance-s3",
}
"""Folders that no check runs, each with who does."""


def run_by_checks() -> list[str]:
    """Return the folders of tests that the environments of tox.ini name, those of `make test`."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    listed = [name.strip() for name in tox["tox"]["env_list"].split(",")]
    commands = "\n".join(tox[f"testenv:{name}"]["commands"] for name in listed)
    named = " ".join(re.findall(r"\{posargs:([^}]*)\}", commands)).split()
    return [folder for folder in named if folder.startswith("tests/")]


def test_every_test_is_run_by_one_check() -> None:
    """A folder that nobody names is noticed, and so is one that is run twice."""
    folders = [*run_by_checks(), *NAMED]
    runs = Counter[Path]()
    for folder in folders:
        runs.update((ROOT / folder).rglob("test_*.py"))

    assert len(folders) > 10
    assert set((ROOT / "tests").rglob("test_*.py")) - set(runs) == set()
    assert [path for path, times in runs.items() if times > 1] == []


def test_make_runs_every_check() -> None:
    """`make test` names the environments itself, in their order."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    listed = [name.strip() for name in tox["tox"]["env_list"].split(",")]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (made,) = re.findall(r"^CHECKS \?= (.*)$", makefile, re.MULTILINE)

    assert made.split() == listed
