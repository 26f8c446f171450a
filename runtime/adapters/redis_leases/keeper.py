"""Renew tenures while somebody holds on to them, and notice when one is over."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import Final

from runtime.adapters.redis_leases.background import Background
from runtime.adapters.redis_leases.tenure import Surroundings, Tenure
from runtime.domain.errors import LeaseUnavailableError

_TRIES_PER_RENEWAL: Final = 4


class Keeper:
    """Ask for more time at a third of it.

    A timer is all that a short tenure costs. The keeper does not hold on to a tenure: when the
    work ended without a release and nobody refers to the tenure any more, it is given back. When
    the event loop stalls no timer fires, and the tenure is lost by the clock.
    """

    def __init__(
        self,
        around: Surroundings,
        *,
        background: Background,
        forgotten: Callable[[str, str], None],
    ) -> None:
        """Take whom to ask, where to run renewals, and whom to tell of tenures left behind."""
        self._around = around
        self._background = background
        self._forgotten = forgotten

    def keep(self, tenure: Tenure) -> None:
        """Renew a tenure from now on."""
        self._schedule(tenure, min(self._around.timing.renew_every_s, tenure.left_s / 2))

    def renew_now(self, tenure: Tenure) -> None:
        """Renew a tenure out of turn, to learn what may have been missed."""
        if not tenure.ended:
            self._background.spawn(self._renew(tenure))

    def _schedule(self, tenure: Tenure, after_s: float) -> None:
        if tenure.timer is not None:
            tenure.timer.cancel()
        tenure.timer = asyncio.get_running_loop().call_later(
            max(0.0, min(after_s, tenure.left_s)),
            self._due,
            weakref.ref(tenure),
            tenure.key,
            tenure.owner,
        )

    def _due(self, ref: weakref.ref[Tenure], key: str, owner: str) -> None:
        tenure = ref()
        if tenure is None:
            self._forgotten(key, owner)
        else:
            self.renew_now(tenure)

    async def _renew(self, tenure: Tenure) -> None:
        if tenure.lost:
            self._around.lost(tenure)
            return
        sent_s = self._around.clock.monotonic_s()
        after_s = self._around.timing.renew_every_s
        try:
            renewed = await self._around.grantor.renew(tenure.key, tenure.owner)
        except LeaseUnavailableError:
            after_s /= _TRIES_PER_RENEWAL
        else:
            if renewed is None:
                self._around.lost(tenure)
                return
            tenure.renew(sent_s=sent_s, wanted=renewed.wanted)
        if not tenure.ended:
            self._schedule(tenure, after_s)
