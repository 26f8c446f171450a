"""Bound what one process answers at once: turns, turns of one organization, and bytes of files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import TurnsBusyError

MOST_AT_ONCE: Final = 200
"""Turns that one process answers."""
MOST_OF_ORGANIZATION: Final = 50
"""Of them, those of one organization."""
MOST_BYTES_AT_ONCE: Final = 500_000_000
"""Of the files of all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Say whose turn takes a place, and how large its files are."""

    organization_id: str
    size_bytes: int


class Places:
    """Give places to turns, and take them back; belongs to one event loop."""

    def __init__(self) -> None:
        self._of_organization = Counter[str]()
        self._size_bytes = 0
        self.ended = False

    def take(self, place: Place) -> None:
        """Take a place, which has to be given back.

        Raises:
            TurnsBusyError: there is none.
        """
        if self.ended:
            raise TurnsBusyError(found="the process ends")
        if (all_of_them := self._of_organization.total()) >= MOST_AT_ONCE:
            raise TurnsBusyError(found=f"this process answers {all_of_them} already")
        if (many := self._of_organization[place.organization_id]) >= MOST_OF_ORGANIZATION:
            raise TurnsBusyError(found=f"your organization has {many} under way already")
        if self._size_bytes + place.size_bytes > MOST_BYTES_AT_ONCE:
            raise TurnsBusyError(
                found=f"the files under way have {self._size_bytes} bytes, of {MOST_BYTES_AT_ONCE} "
                f"at the most, and yours {place.size_bytes}"
            )
        self._of_organization[place.organization_id] += 1
        self._size_bytes += place.size_bytes

    def give_back(self, place: Place) -> None:
        """Give back a place that was taken."""
        self._size_bytes -= place.size_bytes
        self._of_organization[place.organization_id] -= 1
        if not self._of_organization[place.organization_id]:
            del self._of_organization[place.organization_id]

    def end(self) -> None:
        """Give no more places."""
        self.ended = True
