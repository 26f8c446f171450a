"""Ask the kernel which lock files are held, without taking one: a run that goes on holds its own.

Trying the lock would tell as well, but for an instant it would keep a writer out.
"""

from __future__ import annotations

from pathlib import Path

KERNEL_TABLE = Path("/proc/locks")
UNKNOWN = "0"
"""The inode of a lock whose file the kernel does not tell."""
_KIND, _ACCESS, _PLACE = 1, 3, 5
_COLUMNS = 6


def held_inodes(table: Path = KERNEL_TABLE) -> frozenset[int]:
    """Return the inodes of files that somebody holds an exclusive `flock` on.

    Elsewhere than on Linux there is no such table; then nothing is known to be held.
    """
    try:
        lines = table.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(
        int(place)
        for line in lines
        if len(columns := line.split()) > _COLUMNS
        and (columns[_KIND], columns[_ACCESS]) == ("FLOCK", "WRITE")
        and (place := columns[_PLACE].rpartition(":")[2]).isdecimal()
        and place != UNKNOWN
    )
