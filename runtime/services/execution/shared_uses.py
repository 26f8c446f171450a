"""Remember what organizations have used of the budgets that their projects share.

What is remembered may be old, and then less than what is used by now: so a plan that fits by it may
go on, as its commit compares, and one that does not fit is judged anew on what was just read.
Counters never fall, so of two figures the larger is the newer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from runtime.domain.shared_use import NOTHING_SHARED, Counter, SharedUse

MOST_ORGANIZATIONS: Final = 1_000
MOST_COUNTERS: Final = 2_000


class SharedUses:
    """Remember the newest figures of each organization; belongs to one event loop."""

    def __init__(
        self, *, organizations: int = MOST_ORGANIZATIONS, counters: int = MOST_COUNTERS
    ) -> None:
        self._most_organizations = organizations
        self._most_counters = counters
        self._known: OrderedDict[str, OrderedDict[Counter, int]] = OrderedDict()
        self._counted: Mapping[Counter, int] | None = None

    def remembered(self, organization_id: str) -> SharedUse:
        """Return what is remembered, to be read before anything else is learned."""
        known = self._known.get(organization_id)
        return NOTHING_SHARED if known is None else SharedUse(known=known)

    def counted(self, organization_id: str, counters: Mapping[Counter, int]) -> None:
        """Learn what commits have counted; they may be told of in another order than they took.

        All who wrote in one transaction tell of the same mapping, of which once is enough.
        """
        if counters is self._counted:
            return
        self._counted = counters
        known = self._of(organization_id)
        for counter, used in counters.items():
            before = known.get(counter)
            if before is None:
                self._keep(known, counter, used)
                continue
            known.move_to_end(counter)
            if used > before:
                known[counter] = used

    def read(self, organization_id: str, use: SharedUse) -> None:
        """Learn what storage says; that holds, even where it is less."""
        known = self._of(organization_id)
        for counter, used in use.known.items():
            self._keep(known, counter, used)

    def _of(self, organization_id: str) -> OrderedDict[Counter, int]:
        known = self._known.setdefault(organization_id, OrderedDict())
        self._known.move_to_end(organization_id)
        if len(self._known) > self._most_organizations:
            self._known.popitem(last=False)
        return known

    def _keep(self, known: OrderedDict[Counter, int], counter: Counter, used: int) -> None:
        known[counter] = used
        known.move_to_end(counter)
        if len(known) > self._most_counters:
            known.popitem(last=False)
