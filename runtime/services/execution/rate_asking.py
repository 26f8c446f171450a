"""Ask for room in rates that projects share: of what was lent to this process, or of who counts.

A refusal is given only on what is really used: before, this process gives back what it has
borrowed and not used, and waits a moment for others to do the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, TypeVar

from runtime.domain.errors import RatesUnavailableError
from runtime.domain.rate_history import history_of
from runtime.domain.shared_rates import RateCharge, RateClaim, RateGrant, RateUse, RateWindow
from runtime.kit.clock import Clock
from runtime.ports.shared_rates import LENT_S, Forgotten, SharedRates
from runtime.services.context import Ids
from runtime.services.execution.rate_books import Books
from runtime.services.execution.rate_slices import Handed, Slice, Slices, unused
from runtime.services.execution.rate_telling import Telling
from runtime.services.execution.together import Together

RECALLS: Final = 3
AGAIN: Final = 3
"""How often a claim is asked for again before it is refused, whatever is lent: once what is lent
here has come back, once what is lent elsewhere has, and once for a race of the two."""
PAUSE_S: Final = 2 * LENT_S
"""How long nothing is borrowed in a window that has refused: until who waits has asked again."""

_Answer = TypeVar("_Answer")
_Ask = Callable[[str, Sequence[RateClaim]], Awaitable[Sequence[RateGrant] | Forgotten]]


class Asking:
    """Ask who counts rates across projects; belongs to one event loop."""

    def __init__(self, counting: SharedRates, *, books: Books, clock: Clock) -> None:
        self._counting = counting
        self._books = books
        self._clock = clock
        self._ids = Ids(clock)
        self._slices = Slices(lambda: self._ids.new("slice"))
        self._telling = Telling(counting)
        self._together = Together(self._asked_together)
        self._exactly: set[str] = set()

    def handed(self, organization_id: str, claim: RateClaim) -> Handed | None:
        """Grant a claim at once, from what was lent; None: it has to be asked for."""
        return self._slices.handed(organization_id, claim, now_s=self._clock.monotonic_s())

    def lasts(self, handed: Handed) -> bool:
        """Say whether what was handed out may be asked for again as it is."""
        now_s = self._clock.monotonic_s()
        return all(now_s < piece.ends_s for piece in handed.slices)

    async def reserved(
        self, organization_id: str, claims: Sequence[RateClaim], *, before: Collection[str]
    ) -> Sequence[RateGrant]:
        """Take room for executions, of what is lent or of who counts.

        Args:
            organization_id: whose rates.
            claims: what to take room for.
            before: those of their outcomes for which who counts may hold room already.

        Raises:
            RatesUnavailableError: it can't be told what fits.
            StorageUnavailableError: what was forgotten can't be looked up.
        """
        exactly = {claim.outcome_id for claim in claims if claim.outcome_id in before}
        ask = self._together.ask
        return await self._asked(organization_id, claims, ask=ask, exactly=exactly)

    async def foreseen(
        self, organization_id: str, claims: Sequence[RateClaim]
    ) -> Sequence[RateGrant]:
        """Answer as `reserved` would, and take nothing; raise as it does."""
        ask = self._counting.foresee
        return await self._asked(organization_id, claims, ask=ask, exactly=set())

    async def uses(self, organization_id: str, windows: Sequence[RateWindow]) -> Sequence[RateUse]:
        """Return what counts in windows; raise as `reserved` does."""
        if told := self._slices.called_in(organization_id, windows):
            await self._telling.now(organization_id, told)
        return await self._recalling(
            organization_id, lambda: self._counting.uses(organization_id, windows)
        )

    def settled(self, organization_id: str, handed: Handed, *, done: int) -> None:
        """Learn how many steps were done of what was handed out."""
        if told := self._slices.settled(handed, done=done):
            self._telling.soon(organization_id, told)

    def tell(self, organization_id: str, charges: Sequence[RateCharge]) -> None:
        """Tell what was done of what was reserved; with the next question, or in a moment."""
        self._telling.soon(organization_id, charges)

    async def close(self) -> None:
        """Give back what was lent, and wait a moment until what was done is told."""
        for organization_id, told in self._slices.all_ended().items():
            self._telling.soon(organization_id, told)
        await self._telling.close()

    async def _asked(
        self,
        organization_id: str,
        claims: Sequence[RateClaim],
        *,
        ask: _Ask,
        exactly: set[str],
    ) -> Sequence[RateGrant]:
        """Ask until each claim is granted, or refused on what is really used."""
        grants: dict[str, RateGrant] = {}
        try:
            left = await self._answered(organization_id, claims, grants, ask=ask, exactly=exactly)
            for _ in range(AGAIN):
                refused = [grants[claim.outcome_id] for claim in left]
                if not refused or not await self._came_back(organization_id, refused):
                    break
                exactly.update(claim.outcome_id for claim in left)
                left = await self._answered(organization_id, left, grants, ask=ask, exactly=exactly)
        except BaseException:
            self._undo(organization_id, [it for it in grants.values() if isinstance(it, Handed)])
            raise
        finally:
            self._exactly -= exactly
        return [grants[claim.outcome_id] for claim in claims]

    async def _answered(
        self,
        organization_id: str,
        claims: Sequence[RateClaim],
        grants: dict[str, RateGrant],
        *,
        ask: _Ask,
        exactly: Collection[str],
    ) -> Sequence[RateClaim]:
        """Ask once, put what is answered into `grants`, and return those that are refused."""
        self._exactly.update(exactly)
        answers = await self._recalling(organization_id, lambda: ask(organization_id, claims))
        grants.update(zip((claim.outcome_id for claim in claims), answers, strict=True))
        return [claim for claim in claims if grants[claim.outcome_id].refusal is not None]

    async def _came_back(self, organization_id: str, grants: Sequence[RateGrant]) -> bool:
        """Let what is lent and not used come back to those that were refused, if anything is."""
        refusals = [grant.refusal for grant in grants if grant.refusal is not None]
        told = self._slices.called_in(organization_id, {item.window for item in refusals})
        self._slices.pause(
            organization_id,
            {item.window for item in refusals},
            until_s=self._clock.monotonic_s() + PAUSE_S,
        )
        if told:
            await self._telling.now(organization_id, told)
            return True
        waits_s = [item.returns_in_s for item in refusals if item.returns_in_s is not None]
        if waits_s:
            await asyncio.sleep(max(waits_s))
        return bool(waits_s)

    async def _asked_together(
        self, organization_id: str, claims: Sequence[RateClaim]
    ) -> Sequence[RateGrant] | Forgotten:
        """Take room of what was lent meanwhile; ask for the rest, and for more to hand out.

        What was done since is told by the way.
        """
        asked_s = self._clock.monotonic_s()
        handed = {
            claim.outcome_id: found
            for claim in claims
            if claim.outcome_id not in self._exactly
            and (found := self._slices.handed(organization_id, claim, now_s=asked_s)) is not None
        }
        left = [claim for claim in claims if claim.outcome_id not in handed]
        if not left:
            return list(handed.values())
        try:
            grants = await self._question(organization_id, left, asked_s=asked_s)
        except BaseException:
            self._undo(organization_id, handed.values())
            raise
        if isinstance(grants, Forgotten):
            self._undo(organization_id, handed.values())
            return grants
        granted = dict(zip((claim.outcome_id for claim in left), grants, strict=True))
        return [handed.get(claim.outcome_id) or granted[claim.outcome_id] for claim in claims]

    async def _question(
        self, organization_id: str, claims: Sequence[RateClaim], *, asked_s: float
    ) -> Sequence[RateGrant] | Forgotten:
        loans, ended = self._slices.wanted(organization_id, claims, now_s=asked_s)
        charges = [*self._telling.taken(organization_id), *ended]
        try:
            grants = await self._counting.reserve(
                organization_id, [*claims, *loans], charges=charges
            )
        except BaseException:  # they may have been told or not; told twice, they count once
            charges += [unused(loan) for loan in loans]
            if charges:
                self._telling.soon(organization_id, charges)
            raise
        if isinstance(grants, Forgotten):
            return grants
        new = self._slices.lent(
            organization_id,
            loans,
            grants[len(claims) :],
            asked_s=asked_s,
            now=self._clock.now(),
        )
        for piece in new:
            asyncio.get_running_loop().call_later(LENT_S, self._ended, organization_id, piece)
        return grants[: len(claims)]

    def _undo(self, organization_id: str, handed: Collection[Handed]) -> None:
        for item in handed:
            self.settled(organization_id, item, done=0)

    def _ended(self, organization_id: str, piece: Slice) -> None:
        if told := self._slices.ended(organization_id, piece):
            self._telling.soon(organization_id, told)

    async def _recalling(
        self, organization_id: str, ask: Callable[[], Awaitable[_Answer | Forgotten]]
    ) -> _Answer:
        """Ask, and tell what was forgotten for as long as something was."""
        for _ in range(RECALLS):
            answer = await ask()
            if not isinstance(answer, Forgotten):
                return answer
            books = await self._books.lately(organization_id)
            histories = [history_of(window, books) for window in answer.windows]
            await self._counting.recall(organization_id, histories, since=answer.since)
        raise RatesUnavailableError(reason="what was counted is forgotten again and again")
