"""Follow the results of a run that goes on: each look reads only what was appended since."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import orjson

from harness.trial import TrialStatus

CHUNK_BYTES = 4_000_000


@dataclass(slots=True)
class Counts:
    """Count the trials of one model: `passed` of `scored`, and those that were lost."""

    passed: int = 0
    scored: int = 0
    lost: int = 0
    findings: int = 0

    @property
    def pass_rate(self) -> float | None:
        """Return the share that passed so far."""
        return self.passed / self.scored if self.scored else None


@dataclass(slots=True)
class Progress:
    """Count the trials of one results file while it grows.

    A line without its newline is still being written and waits. A file that was replaced or cut,
    as resuming does with lost trials, is counted anew.
    """

    path: Path
    _offset: int = 0
    _inode: int = -1
    _counts: defaultdict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))

    @property
    def by_model(self) -> Mapping[str, Counts]:
        """Return what was counted so far."""
        return MappingProxyType(self._counts)

    def read_on(self) -> None:
        """Count what was appended.

        Raises:
            ValueError: a line that is no trial.
        """
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            status = os.fstat(file.fileno())
            if status.st_ino != self._inode or status.st_size < self._offset:
                self._inode, self._offset = status.st_ino, 0
                self._counts.clear()
            file.seek(self._offset)
            rest = b""
            while chunk := file.read(CHUNK_BYTES):
                whole, newline, rest = (rest + chunk).rpartition(b"\n")
                for line in whole.split(b"\n") if newline else ():
                    self._count(line)
                self._offset += len(whole) + len(newline)

    def _count(self, line: bytes) -> None:
        try:
            document = orjson.loads(line)
            counts = self._counts[document["key"]["model"]]
            if document["status"] != TrialStatus.SCORED:
                counts.lost += 1
                return
            counts.scored += 1
            counts.passed += document["passed"] is True
            counts.findings += len(document["scores"].get("governance", {}).get("findings", ()))
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"{self.path}: a line that is no trial ({error})") from error
