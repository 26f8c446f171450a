"""Keep what an issuer published: fetched once for all who wait, and for a while without it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from runtime.adapters.oidc.refusal import unavailable
from runtime.domain.errors import IdentityRefusedError
from runtime.kit.clock import Clock

RETRY_S: Final = 10.0
"""After a failed fetch, nobody waits for another one for so long."""

FETCH_S: Final = 5.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Say how long a copy is good.

    Attributes:
        max_age_s: so long it is used without asking.
        kept_s: so long it is used while asking fails; then it is gone.
        fetch_s: so long all requests of one fetch may take together.
    """

    max_age_s: float
    kept_s: float
    fetch_s: float = FETCH_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Generic[T]):
    """Hold what was fetched, and when."""

    value: T
    fetched_s: float


class Kept(Generic[T]):
    """Hold the last good copy of one document."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], *, terms: Terms, clock: Clock) -> None:
        """Know how to fetch; nothing is fetched yet."""
        self._fetch = fetch
        self._terms = terms
        self._clock = clock
        self._lock = asyncio.Lock()
        self._copy: Copy[T] | None = None
        self._failed_s: float | None = None

    async def current(self) -> Copy[T]:
        """Return a copy that is young enough, or the last good one while its issuer is down.

        Raises:
            IdentityRefusedError: `unavailable`: there is none, or it is too old.
        """
        copy = self._copy
        if copy is not None and self._age_s(copy) < self._terms.max_age_s:
            return copy
        return await self._replaced(copy)

    async def newer(self, seen: Copy[T]) -> Copy[T]:
        """Return a copy that was fetched after one that did not do.

        Raises:
            IdentityRefusedError: `unavailable`: the issuer can't be asked.
        """
        copy = await self._replaced(seen)
        if copy is seen:
            raise unavailable("the issuer's keys can't be read at the moment")
        return copy

    async def _replaced(self, seen: Copy[T] | None) -> Copy[T]:
        """Fetch, unless somebody did since `seen`; whoever waits shares the answer."""
        async with self._lock:
            if self._copy is not None and self._copy is not seen:
                return self._copy
            if self._failed_s is None or self._clock.monotonic_s() - self._failed_s >= RETRY_S:
                try:
                    return await self._fetched()
                except IdentityRefusedError as error:
                    self._failed_s = self._clock.monotonic_s()
                    return self._last_good(error)
            return self._last_good(unavailable("the issuer could not be asked a moment ago"))

    async def _fetched(self) -> Copy[T]:
        asked_s = self._clock.monotonic_s()  # what it says may change from here on
        try:
            async with asyncio.timeout(self._terms.fetch_s):
                copy = Copy(value=await self._fetch(), fetched_s=asked_s)
        except TimeoutError:
            raise unavailable(
                f"the issuer gave no answer within {self._terms.fetch_s:g} s"
            ) from None
        self._copy = copy
        return copy

    def _last_good(self, error: IdentityRefusedError) -> Copy[T]:
        if self._copy is None or self._age_s(self._copy) >= self._terms.kept_s:
            raise error
        return self._copy

    def _age_s(self, copy: Copy[T]) -> float:
        return self._clock.monotonic_s() - copy.fetched_s
