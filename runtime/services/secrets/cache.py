"""Remember values of secrets until they are old; no I/O, and the time is told.

What is replaced or dropped is overwritten with zeros a little later: whoever was given it just now
may still be about to use it.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from runtime.domain.secret_reference import SecretRef
from runtime.domain.secret_value import SecretValue
from runtime.ports.secret_provider import Fetched, Lease
from runtime.services.secrets.classes import TERMS, SecretClass

MOST_KEPT: Final = 10_000
RETIRED_S: Final = 60.0
"""After which a value that is no longer given out is overwritten."""
JITTER: Final = 0.1

SecretKey: TypeAlias = tuple[str | None, SecretRef]
"""Whose secret (None: the platform's), and which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSecret:
    """Give a value to who asked for it.

    Attributes:
        value: to be read close to its use, at once.
        version: as its provider counts; what is refused is told by it.
        changed_s: when it was first seen in the place of another version, on the clock of the
            process; None: it is the first one that this process knows.
    """

    value: SecretValue
    version: str
    changed_s: float | None


@dataclass(slots=True, kw_only=True)
class Kept:
    """Hold one value, and until when it serves.

    Attributes:
        given: what readers get.
        kind: its class, as it was asked for.
        fetched_s: when it came.
        fresh_until_s: till then nobody asks again.
        usable_until_s: till then it serves while nobody can be asked.
        renew_at_s: from then on its lease is renewed beside the reading; never without a lease.
        lease: that it ends by.
        refused_s: when asking again brought the same version, which the other side had refused.
        stale: it served although it was not fresh.
    """

    given: ReadSecret
    kind: SecretClass
    fetched_s: float
    fresh_until_s: float
    usable_until_s: float
    renew_at_s: float = math.inf
    lease: Lease | None = None
    refused_s: float = -math.inf
    stale: bool = False


class SecretCache:
    """Keep values by whose and which they are, those that were fetched last."""

    def __init__(self, *, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._kept = dict[SecretKey, Kept]()
        self._dropped = OrderedDict[SecretKey, ReadSecret]()
        self._retired = deque[tuple[float, SecretValue]]()

    def fresh(self, key: SecretKey, now_s: float) -> Kept | None:
        """Return what nobody needs to ask about."""
        kept = self._kept.get(key)
        return None if kept is None or now_s >= kept.fresh_until_s else kept

    def usable(self, key: SecretKey, now_s: float, *, kind: SecretClass) -> Kept | None:
        """Return what serves while nobody can be asked, for whoever wants it as one class."""
        kept = self._kept.get(key)
        if kept is None or now_s >= kept.usable_until_s:
            return None
        too_old = now_s - kept.fetched_s >= TERMS[kind].stale_s
        return None if too_old and kept.lease is None else kept

    def find(self, key: SecretKey) -> Kept | None:
        """Return what is kept, however old it is."""
        return self._kept.get(key)

    def keep(
        self, key: SecretKey, fetched: Fetched, *, kind: SecretClass, now_s: float, draw: float
    ) -> Kept:
        """Keep what was fetched in the place of what was there.

        Args:
            key: whose it is, and which.
            fetched: by its provider.
            kind: its class; a lease makes it dynamic.
            now_s: the time.
            draw: a random number from 0 to 1, which spreads the ends of what came together.
        """
        before = self._kept.pop(key, None)
        last = self._dropped.pop(key, None) if before is None else before.given
        kept = _begun(fetched, kind=kind, now_s=now_s, draw=draw, last=last)
        self._kept[key] = kept
        if before is not None:
            self.retire(before.given.value, now_s)
        while len(self._kept) > self._most_kept:
            self.retire(self._kept.pop(next(iter(self._kept))).given.value, now_s)
        self._overwrite(now_s)
        return kept

    def drop(self, unwanted: Callable[[SecretKey], bool], *, now_s: float) -> None:
        """Keep no longer what must not be used any more, not even in an outage.

        Its version is remembered: what comes next may be a change, which the other side may not
        know yet.
        """
        for key in [key for key in self._kept if unwanted(key)]:
            kept = self._kept.pop(key)
            self.retire(kept.given.value, now_s)
            self._dropped[key] = kept.given
        while len(self._dropped) > self._most_kept:
            self._dropped.popitem(last=False)
        self._overwrite(now_s)

    def retire(self, value: SecretValue, now_s: float) -> None:
        """Overwrite a little later what is given out now and not kept."""
        self._retired.append((now_s, value))

    def sweep(self, now_s: float) -> None:
        """Give up what serves no more, and overwrite what was given up long enough ago."""
        self.drop(lambda key: now_s >= self._kept[key].usable_until_s, now_s=now_s)

    def stale_ages_s(self, now_s: float) -> list[float]:
        """Return for each value that serves although it is not fresh, how old it is.

        A thread that shows figures asks too: it copies at once what the loop goes on changing.
        """
        return [
            now_s - kept.fetched_s
            for kept in tuple(self._kept.values())
            if kept.stale and now_s < kept.usable_until_s
        ]

    def clear(self) -> None:
        """Overwrite all there is."""
        for kept in self._kept.values():
            kept.given.value.forget()
        for _, value in self._retired:
            value.forget()
        self._kept.clear()
        self._dropped.clear()
        self._retired.clear()

    def _overwrite(self, now_s: float) -> None:
        while self._retired and self._retired[0][0] <= now_s - RETIRED_S:
            self._retired.popleft()[1].forget()


def renewed(kept: Kept, lease: Lease, *, now_s: float) -> None:
    """Let a value last as long as its lease does now, and renew that at its half again."""
    kept.lease = lease
    kept.fresh_until_s = kept.usable_until_s = now_s + lease.lasts_s
    kept.renew_at_s = now_s + lease.lasts_s / 2


def _begun(
    fetched: Fetched, *, kind: SecretClass, now_s: float, draw: float, last: ReadSecret | None
) -> Kept:
    given = ReadSecret(
        value=fetched.value, version=fetched.version, changed_s=_changed_s(fetched, last, now_s)
    )
    term = TERMS[kind]
    fresh_s = term.fresh_s * (1 - JITTER + 2 * JITTER * draw)
    kept = Kept(
        given=given,
        kind=kind,
        fetched_s=now_s,
        fresh_until_s=now_s + fresh_s,
        usable_until_s=now_s + max(fresh_s, term.stale_s),
    )
    if fetched.lease is not None:
        kept.kind = SecretClass.DYNAMIC
        renewed(kept, fetched.lease, now_s=now_s)
        kept.renew_at_s = now_s + fetched.lease.lasts_s / 2 * (1 - JITTER * draw)
    return kept


def _changed_s(fetched: Fetched, last: ReadSecret | None, now_s: float) -> float | None:
    if last is None:
        return None
    return last.changed_s if last.version == fetched.version else now_s
