"""List the run folders below one folder; what did not change is not read again.

A name from an address is looked up in this list and never becomes part of a path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final

from harness.dashboard.card import RunCard
from harness.dashboard.folder import RunFolder
from harness.dashboard.locks import held_inodes
from harness.results import MANIFEST
from runtime.public import Clock, SystemClock

BASE: Final = "base"
"""Where `--against` puts the run of the other revision, inside the run that it belongs to."""
BUDGET_S: Final = 0.2
"""How long one look reads folders that nobody has read yet, so that a page never waits longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Hold what one look found.

    Attributes:
        cards: of the folders that were read.
        waiting: folders that the next look reads.
        problem: why the folder of the runs can't be listed.
    """

    cards: tuple[RunCard, ...] = ()
    waiting: int = 0
    problem: str = ""


@dataclass(slots=True)
class RunFolders:
    """Know the runs below a folder; may be asked from several threads.

    Attributes:
        confined: leave out whatever a link may lead elsewhere with.
    """

    root: Path
    confined: bool = False
    budget_s: float = BUDGET_S
    clock: Clock = field(default_factory=SystemClock)
    _known: dict[str, RunFolder] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def look(self) -> Listing:
        """Look at every folder once; those that are new are read latest first, within the budget.

        A budget that is spent leaves the rest for the next look; one folder is always read.
        """
        with self._lock:
            try:
                found = dict(_run_folders(self.root, confined=self.confined))
            except OSError as error:
                return Listing(problem=f"{self.root} can't be listed: {error.strerror}")
            self._known = {
                name: self._known.get(name) or RunFolder(path, name) for name, path in found.items()
            }
            return self._read()

    def find(self, name: str) -> Path | None:
        """Return the folder of a listed run; None when the list has no such name."""
        with self._lock:
            found = self._known.get(name)
        if found is None or (self.confined and not _stays(found.path)):
            return None
        return found.path

    def _read(self) -> Listing:
        held, now_s = held_inodes(), self.clock.now().timestamp()
        until_s = self.clock.monotonic_s() + self.budget_s
        read = [item for item in self._known.values() if item.card is not None]
        unread = sorted(
            (item for item in self._known.values() if item.card is None),
            key=lambda item: item.path.name,  # run ids are ordered in time
            reverse=True,
        )
        cards = [item.look(held=held, now_s=now_s) for item in read]
        for position, item in enumerate(unread):
            if position and self.clock.monotonic_s() > until_s:
                return Listing(cards=tuple(cards), waiting=len(unread) - position)
            cards.append(item.look(held=held, now_s=now_s))
        return Listing(cards=tuple(cards))


def _run_folders(root: Path, *, confined: bool) -> Iterator[tuple[str, Path]]:
    """Yield folders with a manifest, by name; a folder of runs that was not made yet has none."""
    try:
        with os.scandir(root) as entries:
            names = [it.name for it in entries if it.is_dir(follow_symlinks=not confined)]
    except FileNotFoundError:
        return
    for name in names:
        for inside in (name, f"{name}/{BASE}"):
            path = root / inside
            if (path / MANIFEST).exists() and (not confined or _stays(path)):
                yield inside, path


def _stays(folder: Path) -> bool:
    """Say whether neither a folder nor anything in it is a link."""
    if folder.is_symlink():
        return False
    try:
        with os.scandir(folder) as entries:
            return not any(entry.is_symlink() for entry in entries)
    except OSError:
        return False
