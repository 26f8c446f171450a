"""Ask providers: within a budget and a deadline, with a record of each answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final

from runtime.domain.errors import (
    SecretDeniedError,
    SecretError,
    SecretMalformedError,
    SecretMissingError,
    SecretThrottledError,
    SecretUnavailableError,
)
from runtime.domain.secret_reference import SecretRef
from runtime.kit.clock import Clock
from runtime.ports.secret_provider import DEADLINE_S, Fetched, Lease, SecretProviders
from runtime.services.secrets.budget import CallBudget
from runtime.services.secrets.measures import FetchResult, Reading, SecretMeasures
from runtime.services.secrets.records import SecretRecords

ANSWERS: Final[Mapping[type[SecretError], FetchResult]] = MappingProxyType(
    {
        SecretMissingError: FetchResult.MISSING,
        SecretDeniedError: FetchResult.DENIED,
        SecretMalformedError: FetchResult.MALFORMED,
    }
)
"""Errors that say something of the secret; after one of them no older value serves."""

PATIENCE_S: Final = DEADLINE_S + 1.0
"""A second more than providers have: who keeps its own deadline says better what was slow."""

MakeBudget = Callable[[float], CallBudget]
"""Make the budget of one provider at a time."""


class Fetching:
    """Ask the providers of references; belongs to one event loop."""

    def __init__(
        self,
        providers: SecretProviders,
        *,
        records: SecretRecords,
        measures: SecretMeasures,
        clock: Clock,
        budget: MakeBudget | None = None,
        within_s: float = PATIENCE_S,
    ) -> None:
        """Ask nothing yet.

        Args:
            providers: who keeps what.
            records: written before a value is given out.
            measures: told of each call.
            clock: measures budgets.
            budget: makes the budget of a scheme; None for the usual one.
            within_s: after which a call is given up.
        """
        self._providers = providers
        self._records = records
        self._measures = measures
        self._monotonic_s = clock.monotonic_s
        self._make_budget = budget or (lambda now_s: CallBudget(now_s=now_s))
        self._within_s = within_s
        self._budgets = dict[str, CallBudget]()

    async def fetch(self, reference: SecretRef, reading: Reading) -> Fetched:
        """Return what the provider keeps now.

        Raises:
            SecretError: there is no value, for whatever reason.
            StorageUnavailableError: it can't be recorded.
        """
        began_s = self._monotonic_s()
        try:
            fetched = await self._asked(reference)
        except SecretError as error:
            result = ANSWERS.get(type(error), _silence(error))
            self._measured(reading, result, began_s=began_s)
            if type(error) in ANSWERS:
                await self._records.read(reading, result, version=None)
            raise
        self._measured(reading, FetchResult.READ, began_s=began_s, version=fetched.version)
        await self._records.read(reading, FetchResult.READ, version=fetched.version)
        return fetched

    async def renew(self, reference: SecretRef, lease: Lease) -> Lease:
        """Return for how long a lease lasts now.

        Raises:
            SecretError: it does not last longer, or nobody can be asked.
        """
        async with self._spent(reference):
            return await self._providers.of(reference).renew(lease)

    def calls_left(self) -> Mapping[str, int]:
        """Return by scheme how many calls may be made at once now."""
        now_s = self._monotonic_s()
        budgets = tuple(self._budgets.items())  # a thread that shows figures asks too
        return {scheme: budget.left(now_s) for scheme, budget in budgets}

    async def _asked(self, reference: SecretRef) -> Fetched:
        async with self._spent(reference):
            return await self._providers.of(reference).fetch(reference)

    @asynccontextmanager
    async def _spent(self, reference: SecretRef) -> AsyncIterator[None]:
        """Let one call be made within its budget and time; what wants rest gets it."""
        self._spend(reference)
        try:
            async with _bounded(reference, within_s=self._within_s):
                yield
        except SecretThrottledError as error:
            self._budgets[reference.scheme].rest(self._monotonic_s(), error.retry_after_s)
            raise

    def _spend(self, reference: SecretRef) -> None:
        now_s = self._monotonic_s()
        budget = self._budgets.get(reference.scheme)
        if budget is None:
            budget = self._budgets[reference.scheme] = self._make_budget(now_s)
        after_s = budget.take(now_s)
        if after_s > 0:
            raise SecretThrottledError(
                reference=reference.text(),
                problem=f"{reference.scheme} may not be asked again for {after_s:.0f} s",
                advice="wait; plangate_secret_calls_left shows the budget",
                retry_after_s=after_s,
            )

    def _measured(
        self, reading: Reading, result: FetchResult, *, began_s: float, version: str | None = None
    ) -> None:
        self._measures.fetched(
            reading, result, version=version, seconds=self._monotonic_s() - began_s
        )


@asynccontextmanager
async def _bounded(reference: SecretRef, *, within_s: float) -> AsyncIterator[None]:
    """Let a call take no longer than it may, and fail in no other way than it may."""
    try:
        async with asyncio.timeout(within_s):
            yield
    except SecretError:
        raise
    except Exception as error:  # noqa: BLE001  # foreign code; its message may hold a value
        raise SecretUnavailableError(
            reference=reference.text(),
            problem=f"{reference.scheme} can't be asked ({type(error).__name__})",
            advice="see whether it runs and is reached from here",
        ) from None


def _silence(error: SecretError) -> FetchResult:
    if isinstance(error, SecretThrottledError):
        return FetchResult.THROTTLED
    return FetchResult.UNAVAILABLE
