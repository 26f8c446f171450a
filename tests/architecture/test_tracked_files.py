"""Keep this machine out of the repository: no personal path, no address of a package registry."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.tree import ROOT

# Each pattern has one letter in brackets, so that this file does not match itself.
UNWANTED: Final = {
    "a path of somebody's machine": re.compile(r"(?<![\w.*])/(?:[h]ome|[U]sers|[w]ork|[r]oot)/\w"),
    "a registry's address": re.compile(r"https?://[^\s\"']*(?:/[s]imple\b|[p]ypi\.|[n]pmjs\.)"),
    "an option that names a registry": re.compile(r"--(?:extra-)?[i]ndex-url|--[t]rusted-host"),
}
BINARY_SUFFIXES: Final = frozenset({".png", ".jpg", ".gif", ".ico", ".woff2", ".db", ".gz"})


def unwanted_in(text: str) -> Iterator[str]:
    """Yield what a text says about the machine it was written on."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in UNWANTED.items():
            if pattern.search(line):
                yield f"{number}: {what}: {line.strip()[:100]}"


def tracked_files() -> list[Path]:
    """List what git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_tracked_file_names_a_machine() -> None:
    """What is published holds for every reader's machine."""
    found = [
        f"{path.relative_to(ROOT)}:{complaint}"
        for path in tracked_files()
        if path.is_file() and path.suffix not in BINARY_SUFFIXES
        for complaint in unwanted_in(path.read_text(encoding="utf-8", errors="replace"))
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("see /{home}/ada/notes", 1, id="a home folder"),
        pytest.param("http://host/{simple}", 1, id="an index"),
        pytest.param("pip install --{index}-url x", 1, id="an index by option"),
        pytest.param("POST /v1/projects/home/plans", 0, id="a route"),
        pytest.param("scenarios/facility/rooms.yaml", 0, id="a relative path"),
    ],
)
def test_the_rule_sees(text: str, found: int) -> None:
    """A sample of each kind is caught, and an honest path is not."""
    spelled = text.format(home="home", simple="simple", index="index")

    assert len(list(unwanted_in(spelled))) == found
