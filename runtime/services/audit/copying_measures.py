"""Name what is told of immutable copies, for telemetry to count."""

from __future__ import annotations

from typing import Protocol


class CopyingMeasures(Protocol):
    """Take note of what happened; cheap, and never in the way."""

    def object_copied(self, sink: str, *, records: int, seconds: float) -> None:
        """Note an object that a sink has taken, and how long that took."""
        ...

    def sink_failed(self, sink: str, *, why: str) -> None:
        """Note an object that a sink did not take, and why, without any secret."""
        ...

    def sink_reachable(self, sink: str, *, reachable: bool) -> None:
        """Note that a sink is not asked any more, or that it is again: the former is an alarm."""
        ...

    def copies_refused(self, records: int) -> None:
        """Note records that no copy could be made of, so that nothing was done."""
        ...

    def copy_missing(self) -> None:
        """Note a record without the copy that it must have: an alarm."""
        ...

    def copies_changed(self, sink: str) -> None:
        """Note an object that somebody has overwritten, hidden or put there: an alarm."""
        ...

    def orphans_marked(self, lines: int) -> None:
        """Note copies of records that were never committed."""
        ...
