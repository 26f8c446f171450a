"""Say when the clocks of a zone show a time: once, twice, or never that day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

_SECOND: Final = timedelta(seconds=1)


def instants_showing(wall: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Return the instants, in UTC, at which clocks show a time, the earlier first.

    Args:
        wall: the time without a zone.
        zone: whose clocks.

    Returns:
        One instant; two where clocks are put back over it; none where they are put forward.
    """
    found = {_read(wall, zone, fold) for fold in (0, 1)}
    return tuple(sorted(at for at in found if _shown(at, zone) == wall))


def instant_past_gap(wall: datetime, zone: tzinfo) -> datetime:
    """Return the first instant after clocks jumped over a time that they never show.

    Source: PEP 495: of a time in a gap, fold 1 reads an instant before the jump, fold 0 one after.
    """
    before, after = _read(wall, zone, 1), _read(wall, zone, 0)
    new = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        if middle.astimezone(zone).utcoffset() == new:
            after = middle
        else:
            before = middle
    return after


def steady_offset(start: datetime, last: datetime, zone: tzinfo) -> timedelta | None:
    """Return by how much clocks differ from UTC from one time to another.

    Returns:
        None if they are changed meanwhile, or if one of the two comes twice or not at all.
    """
    read = {
        wall.replace(tzinfo=zone, fold=fold).utcoffset()
        for wall in (start, last)
        for fold in (0, 1)
    }
    return read.pop() if len(read) == 1 else None


def _read(wall: datetime, zone: tzinfo, fold: int) -> datetime:
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _shown(instant: datetime, zone: tzinfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)
