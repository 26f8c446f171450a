"""The role of who counts rates across projects: windows that slide, reserved before steps run.

Implemented by `adapters.redis_rates`. What is reserved for an execution is settled once its outcome
is committed: steps that were not done are free again. A reservation that nobody settles counts
until its time is over, so that in doubt a limit is stricter, never less strict.

Room can be lent: who borrows it hands it out for `LENT_S` from when it asked, and then tells what
came of it, so that most executions need no call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from runtime.domain.shared_rates import (
    RateCharge,
    RateClaim,
    RateGrant,
    RateHistory,
    RateUse,
    RateWindow,
)

LENT_S: Final = 0.25
"""How long room that was lent may be handed out, from before it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """Say that what was counted is lost, and nothing was reserved for lack of it.

    Attributes:
        windows: of which; their history has to be told before anything fits into them.
        since: what the history answers to; handed back with it.
    """

    windows: tuple[RateWindow, ...]
    since: str


class SharedRates(Protocol):
    """Count the actions of organizations; safe to use from many tasks of one event loop."""

    async def reserve(
        self,
        organization_id: str,
        claims: Sequence[RateClaim],
        *,
        charges: Sequence[RateCharge] = (),
    ) -> Sequence[RateGrant] | Forgotten:
        """Take room for executions, one after the other, and each stretch of one wholly or not.

        A claim that was granted before is granted again, and counted once. One that asks for a loan
        is granted as many of its steps as are lent; nothing is lent where somebody waits for loans
        to come back.

        Args:
            organization_id: whose rates.
            claims: what to take room for.
            charges: what to `settle` before, whatever is answered.

        Raises:
            RatesUnavailableError: it can't be told what fits; what may have been reserved counts,
                and whether the charges are settled is not known.
        """
        ...

    async def foresee(
        self, organization_id: str, claims: Sequence[RateClaim]
    ) -> Sequence[RateGrant] | Forgotten:
        """Answer as `reserve` would, and take nothing.

        Raises:
            RatesUnavailableError: it can't be told what fits.
        """
        ...

    async def settle(self, organization_id: str, charges: Sequence[RateCharge]) -> None:
        """Count what was done instead of what was reserved; once an execution, however often asked.

        Of a loan of which steps are under way (`left`) it is told more later; those stay reserved.

        Raises:
            RatesUnavailableError: what was reserved counts until its time is over.
        """
        ...

    async def uses(
        self, organization_id: str, windows: Sequence[RateWindow]
    ) -> Sequence[RateUse] | Forgotten:
        """Return what counts in windows.

        Raises:
            RatesUnavailableError: it can't be told.
        """
        ...

    async def recall(
        self, organization_id: str, histories: Sequence[RateHistory], *, since: str
    ) -> None:
        """Learn what was forgotten; where more is counted by now, that stays.

        Raises:
            RatesUnavailableError: it could not be learned.
        """
        ...

    async def ready(self) -> None:
        """Return when room could be taken now, for most organizations at least.

        Raises:
            RatesUnavailableError: it could not.
        """
        ...

    async def close(self) -> None:
        """Release connections; further calls are an error."""
        ...
