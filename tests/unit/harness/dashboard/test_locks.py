"""Check that held locks are seen and none is taken."""

import fcntl
from pathlib import Path

import pytest

from harness.dashboard.locks import KERNEL_TABLE, held_inodes

TABLE = """\
1: FLOCK  ADVISORY  WRITE 22668 fe:00:101 0 EOF
1: -> FLOCK  ADVISORY  WRITE 22669 fe:00:102 0 EOF
2: POSIX  ADVISORY  WRITE 22653 fe:00:103 120 120
3: FLOCK  ADVISORY  READ  22653 fe:00:104 0 EOF
4: FLOCK  ADVISORY  WRITE 22653 <none>:0 EOF
5: FLOCK
"""


def test_only_exclusive_flocks_count(tmp_path: Path) -> None:
    """Who waits, other kinds of locks, and lines of another shape are left out."""
    (tmp_path / "locks").write_text(TABLE)

    assert held_inodes(tmp_path / "locks") == {101}


def test_a_system_without_the_table_knows_nothing(tmp_path: Path) -> None:
    """Elsewhere than on Linux freshness decides."""
    assert held_inodes(tmp_path / "none") == frozenset()


@pytest.mark.skipif(not KERNEL_TABLE.exists(), reason="needs Linux: /proc/locks")
def test_a_lock_is_seen_while_it_is_held(tmp_path: Path) -> None:
    """The kernel's own table has the shape that is read here."""
    path = tmp_path / ".lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        during = held_inodes()

    assert path.stat().st_ino in during
    assert path.stat().st_ino not in held_inodes()
