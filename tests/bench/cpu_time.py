"""Say what the processes of a platform under measurement have cost so far, from /proc.

CPU time is what is left to compare on a machine whose clock time others share.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

PARTS: Final[Mapping[str, str]] = {
    "uvicorn": "service",
    "postgres": "postgres",
    "redis-server": "redis",
}
"""What a process is part of, by what its command line contains; the first that fits."""
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_PROC: Final = Path("/proc")


def spent_s() -> dict[str, float]:
    """Return the seconds of CPU that each part has spent, of those that this process started."""
    spent = dict.fromkeys(PARTS.values(), 0.0)
    for pid in _descendants(os.getpid()):
        part = _part_of(pid)
        if part is not None:
            spent[part] += _cpu_s(pid)
    return spent


def _descendants(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            found = _stat(int(folder.name))
            if found:
                children.setdefault(int(found[1]), []).append(int(folder.name))
    waiting = [root]
    while waiting:
        for pid in children.get(waiting.pop(), ()):
            waiting.append(pid)
            yield pid


def _part_of(pid: int) -> str | None:
    try:
        told = (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return None
    return next((part for word, part in PARTS.items() if word in told), None)


def _cpu_s(pid: int) -> float:
    """Return what a process has spent, with those of its children that have ended."""
    found = _stat(pid)
    return sum(int(ticks) for ticks in found[11:15]) * _TICK_S if found else 0.0


def _stat(pid: int) -> list[str]:
    """Return the fields behind the name of a process; nothing once it has ended."""
    try:
        told = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return []
    return told.rpartition(")")[2].split()
