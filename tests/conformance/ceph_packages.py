"""Fetch Ceph's programs from Debian's archive and unpack them into a folder: nothing is installed.

apt checks what it downloads against the signatures of the archive. The folder is kept between runs.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.architecture.tree import ROOT

FOLDER: Final = ROOT / ".tox" / "ceph"
WANTED: Final = ("ceph-mon", "ceph-osd", "radosgw")

_PART: Final = re.compile(r"(ceph-(base|common|mon|osd)|lib[a-z0-9.+-]+|radosgw)")
_DOWNLOAD_S: Final = 600
_LEFT_OUT: Final = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
_DEPENDS: Final = ("apt-cache", "depends", "--recurse", *(f"--no-{kind}" for kind in _LEFT_OUT))


class NoCephError(Exception):
    """Say why this machine can't have Ceph, and what to do."""


def unpacked() -> Path:
    """Return the folder that holds the programs, as if it were the root of a machine.

    Raises:
        NoCephError: this machine can't fetch them.
    """
    root = FOLDER / "root"
    if root.is_dir():
        return root
    missing = [tool for tool in ("apt-get", "apt-cache", "dpkg", "dpkg-query") if not _found(tool)]
    if missing:
        raise NoCephError(f"{missing[0]} is missing: Ceph comes from Debian's or Ubuntu's archive")
    draft, archives = FOLDER / "draft", FOLDER / "archives"
    shutil.rmtree(FOLDER, ignore_errors=True)
    draft.mkdir(parents=True)
    archives.mkdir()
    fetched = subprocess.run(
        ["apt-get", "download", *_packages()],
        cwd=archives,
        capture_output=True,
        text=True,
        timeout=_DOWNLOAD_S,
        check=False,
    )
    if fetched.returncode:
        raise NoCephError(f"apt-get can't download Ceph: {fetched.stderr.strip()[-300:]}")
    for archive in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg", "-x", archive, draft], check=True)
    shutil.rmtree(archives)
    draft.rename(root)
    return root


def libraries(root: Path) -> Path:
    """Return the folder of this machine's kind of libraries."""
    return root / "usr" / "lib" / f"{platform.machine()}-linux-gnu"


def _packages() -> list[str]:
    """Return the programs and those libraries of theirs that this machine does not have."""
    told = subprocess.run(
        [*_DEPENDS, *WANTED], capture_output=True, text=True, timeout=60, check=False
    )
    names = {line for line in told.stdout.splitlines() if _PART.fullmatch(line)}
    if not names >= set(WANTED):
        raise NoCephError("apt knows no radosgw; run `apt-get update` as root, then again")
    here = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    installed = {
        line.split()[0] for line in here.stdout.splitlines() if line.endswith(" installed")
    }
    return sorted(names - installed)


def _found(tool: str) -> bool:
    return shutil.which(tool) is not None
