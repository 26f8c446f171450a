"""Reserve room in the rates that projects share before plans are judged, and settle it after.

Whoever counts is asked once for a group, and told once what was done. When it can't be asked,
nothing that a rate could hold back is done. Organizations without rates are never asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar

from runtime.domain.errors import RatesUnavailableError
from runtime.domain.rate_history import history_of
from runtime.domain.shared_rates import (
    RateCharge,
    RateClaim,
    RateGrant,
    RateGrants,
    RateUse,
    RateWindow,
    grant_of,
    stretches_of,
    windows_of,
)
from runtime.domain.shared_use import Payer
from runtime.domain.usage_book import UsageBook
from runtime.kit.backoff import delay_s
from runtime.kit.clock import Clock
from runtime.ports.shared_rates import Forgotten, SharedRates
from runtime.services.execution.changes import Execution
from runtime.services.execution.decisions import Place
from runtime.services.execution.together import Together
from runtime.services.policies.decided_steps import DecidedPlan, DecidedPlans
from runtime.store.session import Database
from runtime.store.usages import books_since

RECALLS: Final = 3
SETTLED_AGAIN: Final = 5
SOON_S: Final = 0.02
"""How long what was done waits for company before who counts is told of it alone."""
BOOKS_AT_ONCE: Final = 500
REMEMBERED: Final = timedelta(minutes=70)
"""How far back books are read: the longest span, and what clocks of machines may differ by."""
_DRAIN_S: Final = 2.0

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """Hold what was reserved for a group: what to tell the judge, and what to settle.

    Attributes:
        grants: what may run.
        claims: what was asked for.
    """

    grants: RateGrants = field(default_factory=dict)
    claims: tuple[RateClaim, ...] = ()


NOTHING_RESERVED: Final = Reserved()


class Rates:
    """Ask who counts rates across projects; belongs to one event loop."""

    def __init__(self, counting: SharedRates, *, database: Database, clock: Clock) -> None:
        self._counting = counting
        self._database = database
        self._clock = clock
        self._unsettled: dict[str, list[RateCharge]] = {}
        self._settling: dict[str, asyncio.Task[None]] = {}
        self._hurry = asyncio.Event()
        self._together = Together(self._reserved_at_once)

    async def reserved(
        self, executions: Iterable[Execution], place: Place, *, decided: DecidedPlans
    ) -> Reserved:
        """Take room for the steps of executions; what is asked for again is not counted twice.

        Raises:
            StorageUnavailableError: what was forgotten can't be looked up.
        """
        return await self._asked(self._reserve, executions, place, decided=decided)

    async def foreseen(
        self, execution: Execution, place: Place, *, decided: DecidedPlans
    ) -> RateGrant | None:
        """Answer as `reserved` would, and take nothing; None: no rate concerns the execution.

        Raises:
            RatesUnavailableError: it would not be done for that.
            StorageUnavailableError: as `reserved` does.
        """
        found = await self._asked(self._counting.foresee, [execution], place, decided=decided)
        return grant_of(found.grants, execution.outcome_id)

    def settle(
        self, organization_id: str, claims: Sequence[RateClaim], *, done: Mapping[str, int]
    ) -> None:
        """Count what was done instead of what was reserved; nobody waits for it.

        It is told with what is reserved next, or in a moment if nothing is.

        Args:
            organization_id: whose rates.
            claims: of what was reserved.
            done: how many steps were done, by outcome; what is not in it did nothing.
        """
        if not claims:
            return
        charges = [
            RateCharge(
                outcome_id=claim.outcome_id,
                windows=claim.windows,
                done=done.get(claim.outcome_id, 0),
            )
            for claim in claims
        ]
        self._settle_soon(organization_id, charges)

    async def uses(
        self, organization_id: str, windows: Sequence[RateWindow]
    ) -> Sequence[RateUse] | None:
        """Return what counts in windows; None when that can't be told.

        Raises:
            StorageUnavailableError: as `reserved` does.
        """
        if not windows:
            return ()
        try:
            return await self._recalling(
                organization_id, lambda: self._counting.uses(organization_id, windows)
            )
        except RatesUnavailableError:
            return None

    async def close(self) -> None:
        """Wait a moment for what is being settled; the rest counts as reserved until it ends."""
        if not self._settling:
            return
        self._hurry.set()
        _, late = await asyncio.wait(tuple(self._settling.values()), timeout=_DRAIN_S)
        self._hurry.clear()
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _asked(
        self,
        ask: Callable[[str, Sequence[RateClaim]], Awaitable[Sequence[RateGrant] | Forgotten]],
        executions: Iterable[Execution],
        place: Place,
        *,
        decided: DecidedPlans,
    ) -> Reserved:
        claims = tuple(_claims(executions, place, decided=decided))
        if not claims:
            return NOTHING_RESERVED
        organization_id = place.organization_id
        try:
            grants = await self._recalling(organization_id, lambda: ask(organization_id, claims))
        except RatesUnavailableError as error:
            return Reserved(
                grants={claim.outcome_id: _without_answer(claim, error) for claim in claims},
                claims=claims,
            )
        return Reserved(
            grants={claim.outcome_id: grant for claim, grant in zip(claims, grants, strict=True)},
            claims=claims,
        )

    async def _recalling(
        self, organization_id: str, ask: Callable[[], Awaitable[_Answer | Forgotten]]
    ) -> _Answer:
        """Ask, and tell what was forgotten for as long as something was."""
        for _ in range(RECALLS):
            answer = await ask()
            if not isinstance(answer, Forgotten):
                return answer
            books = await self._books(organization_id)
            histories = [history_of(window, books) for window in answer.windows]
            await self._counting.recall(organization_id, histories, since=answer.since)
        raise RatesUnavailableError(reason="what was counted is forgotten again and again")

    async def _books(self, organization_id: str) -> list[tuple[str, UsageBook]]:
        since = self._clock.now() - REMEMBERED
        books: list[tuple[str, UsageBook]] = []
        async with self._database.transaction(organization_id, read_only=True) as connection:
            while True:
                page = await books_since(
                    connection,
                    since,
                    after=books[-1][0] if books else "",
                    limit=BOOKS_AT_ONCE,
                )
                books += page
                if len(page) < BOOKS_AT_ONCE:
                    return books

    async def _reserve(
        self, organization_id: str, claims: Sequence[RateClaim]
    ) -> Sequence[RateGrant] | Forgotten:
        """Take room together with others of the organization that ask at the same time."""
        return await self._together.ask(organization_id, claims)

    async def _reserved_at_once(
        self, organization_id: str, claims: Sequence[RateClaim]
    ) -> Sequence[RateGrant] | Forgotten:
        """Take room, and tell by the way what was done since."""
        charges = self._unsettled.pop(organization_id, [])
        try:
            return await self._counting.reserve(organization_id, claims, charges=charges)
        except BaseException:  # they may have been told or not; told twice, they count once
            if charges:
                self._settle_soon(organization_id, charges)
            raise

    def _settle_soon(self, organization_id: str, charges: Iterable[RateCharge]) -> None:
        self._unsettled.setdefault(organization_id, []).extend(charges)
        if organization_id not in self._settling:
            task = asyncio.create_task(self._settle(organization_id), name="settle rates")
            self._settling[organization_id] = task
            task.add_done_callback(lambda ended: self._ended(organization_id, ended))

    async def _settle(self, organization_id: str) -> None:
        """Tell who counts what nobody has told meanwhile.

        Again if it can't be told: steps that nobody reserved may not have been counted at all.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(SOON_S):
                await self._hurry.wait()
        failed = 0
        while charges := self._unsettled.pop(organization_id, []):
            try:
                await self._counting.settle(organization_id, charges)
            except RatesUnavailableError:
                failed += 1
                if failed == SETTLED_AGAIN:
                    break
                self._unsettled.setdefault(organization_id, []).extend(charges)
                await asyncio.sleep(delay_s(failed, base_s=0.1, cap_s=2.0, jitter=0.5))
        del self._settling[organization_id]

    def _ended(self, organization_id: str, ended: asyncio.Task[None]) -> None:
        """Forget a task that did not come to its own end."""
        if self._settling.get(organization_id) is ended:
            del self._settling[organization_id]


class Room:
    """Hold what is reserved for one group of executions, until it is known what they did."""

    def __init__(self, rates: Rates, organization_id: str) -> None:
        self._rates = rates
        self._organization_id = organization_id
        self._claims: dict[str, RateClaim] = {}

    def taken(self, reserved: Reserved) -> None:
        """Remember what was reserved."""
        self._claims.update({claim.outcome_id: claim for claim in reserved.claims})

    def settle(self, outcome_ids: Iterable[str], *, done: Mapping[str, int]) -> None:
        """Count what executions did; what is not in `done` did nothing."""
        claims = [self._claims.pop(name) for name in outcome_ids if name in self._claims]
        self._rates.settle(self._organization_id, claims, done=done)

    def give_back(self) -> None:
        """Free the rest: none of it was done, nor will be."""
        self.settle(tuple(self._claims), done={})


def _claims(
    executions: Iterable[Execution], place: Place, *, decided: DecidedPlans
) -> Iterator[RateClaim]:
    """Return what executions ask for: those that a guard before the rates does not refuse."""
    shared = place.head.shared
    if shared is None or not shared.document.rates or place.head.archived:
        return
    for execution in executions:
        principal, said = execution.principal, decided[execution.outcome_id]
        windows = windows_of(
            shared.document,
            organization_id=place.organization_id,
            payer=Payer(project=place.project_id, principal=principal.id),
        )
        if windows and _begins(said, most=principal.grant.step_limit):
            found = [place.registry.find(step.action) for step in said.plan.steps]
            yield RateClaim(
                outcome_id=execution.outcome_id,
                windows=windows,
                stretches=stretches_of(
                    None if item is None else item.action.permission.urgent for item in found
                ),
            )


def _begins(said: DecidedPlan, *, most: int) -> bool:
    """Say whether rules let a plan of a fitting length begin."""
    first = said.steps[0] if 0 < len(said.steps) <= most else None
    return first is not None and first.decision.allow


def _without_answer(
    claim: RateClaim, error: RatesUnavailableError
) -> RateGrant | RatesUnavailableError:
    """Let through what no rate can hold back, and nothing else."""
    if claim.held_back:
        return error
    return RateGrant(steps=sum(stretch.steps for stretch in claim.stretches))
