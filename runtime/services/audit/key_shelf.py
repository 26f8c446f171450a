"""Hold keys of subjects in memory for a short while, the ones used last; no I/O, one event loop."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime.domain.audit_sealing import SubjectKey

FRESH_S: Final = 20.0
"""A key that was destroyed by another process is used for no longer; 30 s are promised."""
MOST_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """Hold a key with what it is of."""

    organization_id: str
    subject: str
    period: str
    key: SubjectKey


class KeyShelf:
    """Find keys by what they are of, and by their ids."""

    def __init__(
        self, *, monotonic_s: Callable[[], float], fresh_s: float = FRESH_S, most: int = MOST_KEPT
    ) -> None:
        self._monotonic_s = monotonic_s
        self._fresh_s = fresh_s
        self._most = most
        self._kept = OrderedDict[tuple[str, str], tuple[HeldKey, float]]()
        self._ids = dict[tuple[str, str, str], str]()

    def of(self, organization_id: str, subject: str, period: str) -> SubjectKey | None:
        """Return the key of a subject in a period, unless it is not here or too old."""
        key_id = self._ids.get((organization_id, subject, period))
        return None if key_id is None else self.with_id(organization_id, key_id)

    def with_id(self, organization_id: str, key_id: str) -> SubjectKey | None:
        """Return the key with an id, unless it is not here or too old."""
        found = self._kept.get((organization_id, key_id))
        if found is None:
            return None
        held, until_s = found
        if until_s <= self._monotonic_s():
            self._drop(held)
            return None
        self._kept.move_to_end((organization_id, key_id))
        return held.key

    def keep(self, held: HeldKey) -> None:
        """Hold a key for a while; the one that was used the longest ago makes room."""
        place = (held.organization_id, held.subject, held.period)
        before = self._kept.get((held.organization_id, self._ids.get(place, "")))
        if before is not None:
            self._drop(before[0])
        self._kept[held.organization_id, held.key.id] = (held, self._monotonic_s() + self._fresh_s)
        self._ids[place] = held.key.id
        if len(self._kept) > self._most:
            _, (oldest, _) = next(iter(self._kept.items()))
            self._drop(oldest)

    def forget(self, organization_id: str, subject: str | None) -> None:
        """Drop what is held of a subject, or of a whole organization."""
        unwanted = [
            held
            for held, _ in self._kept.values()
            if held.organization_id == organization_id and subject in {None, held.subject}
        ]
        for held in unwanted:
            self._drop(held)

    def _drop(self, held: HeldKey) -> None:
        del self._kept[held.organization_id, held.key.id]
        del self._ids[held.organization_id, held.subject, held.period]
