"""Reserve room in the rates that projects share before plans are judged, and settle it after.

Most room is lent to this process and handed out here (`rate_slices`); for the rest whoever counts
is asked once for a group, and told once what was done. When it can't be asked, nothing that a rate
could hold back is done. Organizations without rates are never asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from runtime.domain.errors import RatesUnavailableError
from runtime.domain.shared_rates import (
    RateCharge,
    RateClaim,
    RateGrant,
    RateGrants,
    RateUse,
    RateWindow,
    rate_windows_of,
    stretches_of,
)
from runtime.domain.shared_use import Payer
from runtime.kit.clock import Clock
from runtime.ports.shared_rates import SharedRates
from runtime.services.execution.changes import Execution
from runtime.services.execution.decisions import Place
from runtime.services.execution.rate_asking import Asking
from runtime.services.execution.rate_books import Books
from runtime.services.execution.rate_slices import Handed
from runtime.services.policies.decided_steps import DecidedPlan, DecidedPlans
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """Hold what was reserved for a group: what to tell the judge, and what to settle.

    Attributes:
        grants: what may run.
        claims: what was asked for.
        at: an instant from which on there was room for all of it; None: no rate concerns it.
    """

    grants: RateGrants = field(default_factory=dict)
    claims: Sequence[RateClaim] = ()
    at: datetime | None = None


NOTHING_RESERVED: Final = Reserved()


class Rates:
    """Take room for executions in rates across projects; belongs to one event loop."""

    def __init__(self, counting: SharedRates, *, database: Database, clock: Clock) -> None:
        self._asking = Asking(counting, books=Books(database, clock), clock=clock)
        self._clock = clock

    async def reserved(
        self, executions: Iterable[Execution], place: Place, *, decided: DecidedPlans, room: Room
    ) -> Reserved:
        """Take room for the steps of executions; what is asked for again is not counted twice.

        Args:
            executions: whose steps.
            place: where.
            decided: what rules say of each step.
            room: what was taken for them before; what is taken now is added to it.

        Raises:
            StorageUnavailableError: what was forgotten can't be looked up.
        """
        claims = list(_claims(executions, place, decided=decided))
        if not claims:
            return NOTHING_RESERVED
        grants: dict[str, RateGrant | RatesUnavailableError] = {}
        at, asked = None, []
        for claim in claims:
            handed = self._at_once(place.organization_id, claim, room)
            if handed is None:
                asked.append(claim)
            else:
                grants[claim.outcome_id] = room.handed[claim.outcome_id] = handed
        if asked:
            found = await self._asked(place.organization_id, asked, before=room.claimed)
            room.taken(asked, found)
            grants.update(found)
            at = self._clock.now()
        return Reserved(grants=grants, claims=claims, at=at or _since(grants.values()))

    async def foreseen(
        self, execution: Execution, place: Place, *, decided: DecidedPlans
    ) -> RateGrant | None:
        """Answer as `reserved` would, and take nothing; None: no rate concerns the execution.

        Raises:
            RatesUnavailableError: it would not be done for that.
            StorageUnavailableError: as `reserved` does.
        """
        claims = list(_claims([execution], place, decided=decided))
        if not claims:
            return None
        try:
            (found,) = await self._asking.foreseen(place.organization_id, claims)
        except RatesUnavailableError:
            if claims[0].held_back:
                raise
            return RateGrant(steps=claims[0].steps)
        return found

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
        self._asking.tell(organization_id, charges)

    def settle_handed(self, organization_id: str, handed: Handed, *, done: int) -> None:
        """Count the same of what was lent."""
        self._asking.settled(organization_id, handed, done=done)

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
            return await self._asking.uses(organization_id, windows)
        except RatesUnavailableError:
            return None

    async def close(self) -> None:
        """Give back what was lent, and wait a moment until everything is told."""
        await self._asking.close()

    def _at_once(self, organization_id: str, claim: RateClaim, room: Room) -> Handed | None:
        """Grant a claim from what was lent, unless who counts holds room for it already."""
        if claim.outcome_id in room.claimed:
            return None
        before = room.handed.get(claim.outcome_id)
        if before is not None:
            if before.steps == claim.steps and _of(before, claim) and self._asking.lasts(before):
                return before
            room.settle([claim.outcome_id], done={})
        return self._asking.handed(organization_id, claim)

    async def _asked(
        self, organization_id: str, claims: Sequence[RateClaim], *, before: Collection[str]
    ) -> RateGrants:
        try:
            grants = await self._asking.reserved(organization_id, claims, before=before)
        except RatesUnavailableError as error:
            return {claim.outcome_id: _without_answer(claim, error) for claim in claims}
        return {claim.outcome_id: grant for claim, grant in zip(claims, grants, strict=True)}


class Room:
    """Hold what is reserved for one group of executions, until it is known what they did.

    Attributes:
        claimed: what who counts holds, by outcome.
        handed: what was taken of what is lent, by outcome.
    """

    def __init__(self, rates: Rates, organization_id: str) -> None:
        self.claimed: dict[str, RateClaim] = {}
        self.handed: dict[str, Handed] = {}
        self._rates = rates
        self._organization_id = organization_id

    def taken(self, claims: Iterable[RateClaim], grants: RateGrants) -> None:
        """Remember what was reserved."""
        for claim in claims:
            grant = grants[claim.outcome_id]
            if isinstance(grant, Handed):
                self.handed[claim.outcome_id] = grant
            else:
                self.claimed[claim.outcome_id] = claim

    def settle(self, outcome_ids: Iterable[str], *, done: Mapping[str, int]) -> None:
        """Count what executions did; what is not in `done` did nothing."""
        claims = []
        for name in outcome_ids:
            handed = self.handed.pop(name, None)
            if handed is not None:
                self._rates.settle_handed(self._organization_id, handed, done=done.get(name, 0))
            elif name in self.claimed:
                claims.append(self.claimed.pop(name))
        self._rates.settle(self._organization_id, claims, done=done)

    def give_back(self) -> None:
        """Free the rest: none of it was done, nor will be."""
        if self.claimed or self.handed:
            self.settle((*self.claimed, *self.handed), done={})


def _claims(
    executions: Iterable[Execution], place: Place, *, decided: DecidedPlans
) -> Iterator[RateClaim]:
    """Return what executions ask for: those that a guard before the rates does not refuse."""
    shared = place.head.shared
    if shared is None or not shared.document.rates or place.head.archived:
        return
    for execution in executions:
        principal, said = execution.principal, decided[execution.outcome_id]
        windows = rate_windows_of(
            shared,
            organization_id=place.organization_id,
            payer=Payer(project=place.project_id, principal=principal.id),
        )
        if windows and _begins(said, most=principal.grant.step_limit):
            found = [place.registry.find(step.action) for step in said.plan.steps]
            yield RateClaim(
                outcome_id=execution.outcome_id,
                windows=windows,
                stretches=stretches_of(
                    [None if item is None else item.action.permission.urgent for item in found]
                ),
            )


def _begins(said: DecidedPlan, *, most: int) -> bool:
    """Say whether rules let a plan of a fitting length begin."""
    first = said.steps[0] if 0 < len(said.steps) <= most else None
    return first is not None and first.decision.allow


def _of(handed: Handed, claim: RateClaim) -> bool:
    """Say whether what was handed out is room in the windows of a claim."""
    return tuple(piece.window for piece in handed.slices) == claim.windows


def _since(grants: Iterable[object]) -> datetime:
    """Return an instant at which all of what was handed out was there."""
    return max(
        piece.since for grant in grants if isinstance(grant, Handed) for piece in grant.slices
    )


def _without_answer(
    claim: RateClaim, error: RatesUnavailableError
) -> RateGrant | RatesUnavailableError:
    """Let through what no rate can hold back, and nothing else."""
    if claim.held_back:
        return error
    return RateGrant(steps=claim.steps)
