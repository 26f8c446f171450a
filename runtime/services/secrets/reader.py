"""Read secrets: the only door to those who keep them, which are asked as seldom as can be.

A value is remembered for seconds, or for as long as its lease lasts. Who asks for the same thing at
once waits for one answer. While nobody can be asked, a value serves on for as long as its class may
get old; then there is none. What a provider says of a secret, such as that it is gone, counts at
once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from runtime.domain.errors import SecretError, SecretThrottledError, StorageUnavailableError
from runtime.domain.secret_reference import SecretRef
from runtime.kit.clock import Clock
from runtime.services.secrets.cache import Kept, ReadSecret, SecretCache, SecretKey, renewed
from runtime.services.secrets.fetching import ANSWERS, Fetching
from runtime.services.secrets.measures import Reading
from runtime.services.secrets.prefixes import Prefix
from runtime.services.secrets.spaces import SecretSpaces
from runtime.services.secrets.wishes import SecretStanding, Wish

HELD_OFF_S: Final = 5.0
"""How long an error is repeated before anybody is asked again."""
ASKED_AGAIN_S: Final = 10.0
"""How long it is repeated that there is no newer value than a refused one."""
MOST_HELD_OFF: Final = 2_000
SHORTENED: Final = 0.9
"""A renewal for less than this part of the last one was cut by the end that no lease outlives."""
CLOSED_S: Final = 60.0
"""How long it is told that nobody got a secret, should nobody ask for it again."""


@dataclass(frozen=True, slots=True)
class _HeldOff:
    error: SecretError
    until_s: float


_Outcome = ReadSecret | SecretError | StorageUnavailableError


class SecretReader:
    """Read secrets by their references; belongs to one event loop."""

    def __init__(
        self,
        fetching: Fetching,
        *,
        spaces: SecretSpaces,
        clock: Clock,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Remember nothing yet.

        Args:
            fetching: asks providers.
            spaces: which references are whose.
            clock: says how old values are.
            draw: a random number from 0 to 1, which spreads the ends of values.
        """
        self._fetching = fetching
        self._spaces = spaces
        self._monotonic_s = clock.monotonic_s
        self._draw = draw
        self._cache = SecretCache()
        self._held_off = dict[SecretKey, _HeldOff]()
        self._closed = dict[SecretKey, float]()
        self._asking = dict[tuple[SecretKey, bool], asyncio.Task[_Outcome]]()
        self._running = set[asyncio.Task[Any]]()
        self._renewing = set[SecretKey]()
        self._hits = 0

    def admit(self, organization: str | None, reference: SecretRef) -> None:
        """Let an organization's configuration name a reference; None is the platform's own.

        Raises:
            SecretDeniedError: it is outside of the organization's space.
        """
        self._spaces.admit(organization, reference)

    def peek(self, wish: Wish) -> ReadSecret | None:
        """Return a value that nobody needs to be asked for."""
        key = wish.key
        now_s = self._monotonic_s()
        kept = self._cache.fresh(key, now_s)
        if kept is None:
            return None
        self._hits += 1
        if now_s >= kept.renew_at_s:
            self._renew_beside(wish, kept)
        return kept.given

    async def read(self, wish: Wish) -> ReadSecret:
        """Return a value that is good now.

        Raises:
            SecretError: there is none: outside of the organization's space, refused by its
                provider, or nobody can be asked for longer than an older value may serve.
            StorageUnavailableError: that it was fetched can't be recorded.
        """
        found = self.peek(wish)
        if found is not None:
            return found
        self.admit(wish.organization, wish.reference)
        return await self._single(wish, past_cache=False, ask=self._fresh_or_stale)

    async def refused(self, wish: Wish, *, version: str) -> ReadSecret | None:
        """Return a newer value than the one of this version, which the other side refused.

        The provider is asked once for all that say so, and not again for a while; no longer, for a
        refusal that has nothing to do with the value must not hide a rotation.

        Returns:
            None where there is no newer one.

        Raises:
            SecretError, StorageUnavailableError: as `read` does, but no older value serves.
        """
        self.admit(wish.organization, wish.reference)
        kept = self._cache.find(wish.key)
        if kept is not None and kept.given.version != version:
            return await self.read(wish)
        if kept is not None and self._monotonic_s() - kept.refused_s < ASKED_AGAIN_S:
            return None
        found = await self._single(wish, past_cache=True, ask=self._asked_again)
        if found.version != version:
            return found
        kept = self._cache.find(wish.key)
        if kept is not None:
            kept.refused_s = self._monotonic_s()
        return None

    def invalidate(self, prefix: Prefix) -> None:
        """Use no value any more that a prefix covers, nor what is being fetched at this moment."""

        def covered(key: SecretKey) -> bool:
            return prefix.covers(key[1])

        self._cache.drop(covered, now_s=self._monotonic_s())
        for key, way in [item for item in self._asking if covered(item[0])]:
            del self._asking[key, way]
        for key in [key for key in self._held_off if covered(key)]:
            del self._held_off[key]

    def sweep(self) -> None:
        """Overwrite what serves no more."""
        now_s = self._monotonic_s()
        self._cache.sweep(now_s)
        self._closed = {key: at_s for key, at_s in self._closed.items() if now_s - at_s < CLOSED_S}

    def standing(self) -> SecretStanding:
        """Return how reading goes."""
        now_s = self._monotonic_s()
        ages_s = self._cache.stale_ages_s(now_s)
        return SecretStanding(
            hits=self._hits,
            stale=len(ages_s),
            oldest_stale_s=max(ages_s, default=0.0),
            closed=sum(now_s - at_s < CLOSED_S for at_s in tuple(self._closed.values())),
            calls_left=self._fetching.calls_left(),
        )

    async def close(self) -> None:
        """Wait for what is being asked, and overwrite all values."""
        while self._running:
            await asyncio.wait(self._running)
        self._cache.clear()

    async def _single(
        self,
        wish: Wish,
        *,
        past_cache: bool,
        ask: Callable[[Wish], Coroutine[Any, Any, ReadSecret]],
    ) -> ReadSecret:
        """Wait for the one answer that all get who ask meanwhile; who gives up leaves it to them.

        Raises:
            SecretError, StorageUnavailableError: as the asking does.
        """
        way = (wish.key, past_cache)
        task = self._asking.get(way)
        if task is None:
            task = asyncio.create_task(self._outcome(way, ask(wish)))
            self._asking[way] = task
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        outcome = await asyncio.shield(task)
        if isinstance(outcome, ReadSecret):
            return outcome
        raise outcome

    async def _outcome(
        self, way: tuple[SecretKey, bool], asking: Coroutine[Any, Any, ReadSecret]
    ) -> _Outcome:
        try:
            return await asking
        except (SecretError, StorageUnavailableError) as error:
            return error
        finally:
            if self._asking.get(way) is asyncio.current_task():
                del self._asking[way]

    async def _fresh_or_stale(self, wish: Wish) -> ReadSecret:
        held = self._held(wish.key)
        if held is not None:
            return self._stale(wish, held)
        try:
            return await self._fetched(wish, past_cache=False)
        except SecretError as error:
            self._hold_off(wish.key, error)
            return self._stale(wish, error)

    async def _asked_again(self, wish: Wish) -> ReadSecret:
        held = self._held(wish.key)
        if held is not None:
            raise held
        try:
            return await self._fetched(wish, past_cache=True)
        except SecretError as error:
            self._hold_off(wish.key, error)
            self._heed(wish.key, error)
            raise

    async def _fetched(self, wish: Wish, *, past_cache: bool) -> ReadSecret:
        """Ask, and keep the answer unless it was invalidated meanwhile."""
        reading = Reading(
            organization=wish.organization, reference=wish.reference.text(), why=wish.why
        )
        task = asyncio.current_task()
        fetched = await self._fetching.fetch(wish.reference, reading)
        self._closed.pop(wish.key, None)
        self._held_off.pop(wish.key, None)
        now_s = self._monotonic_s()
        if self._asking.get((wish.key, past_cache)) is not task:
            self._cache.retire(fetched.value, now_s)
            return ReadSecret(value=fetched.value, version=fetched.version, changed_s=now_s)
        return self._cache.keep(
            wish.key, fetched, kind=wish.kind, now_s=now_s, draw=self._draw()
        ).given

    def _stale(self, wish: Wish, error: SecretError) -> ReadSecret:
        """Return an older value that may serve, or raise why there is none."""
        if self._heed(wish.key, error):
            raise error
        now_s = self._monotonic_s()
        kept = self._cache.usable(wish.key, now_s, kind=wish.kind)
        if kept is None:
            self._closed[wish.key] = now_s
            raise error
        kept.stale = True
        return kept.given

    def _heed(self, key: SecretKey, error: SecretError) -> bool:
        """Return whether an error says something of the secret; then no older value serves."""
        if type(error) not in ANSWERS:
            return False
        self._cache.drop(lambda kept: kept == key, now_s=self._monotonic_s())
        self._closed.pop(key, None)
        return True

    def _held(self, key: SecretKey) -> SecretError | None:
        """Return the error that is repeated for now."""
        held = self._held_off.get(key)
        return None if held is None or self._monotonic_s() >= held.until_s else held.error

    def _hold_off(self, key: SecretKey, error: SecretError) -> None:
        """Let an error be repeated for a while; the provider's own wish is its budget's."""
        after_s = HELD_OFF_S
        if isinstance(error, SecretThrottledError) and error.retry_after_s is not None:
            after_s = min(error.retry_after_s, HELD_OFF_S)
        self._held_off.pop(key, None)
        self._held_off[key] = _HeldOff(error, self._monotonic_s() + after_s)
        if len(self._held_off) > MOST_HELD_OFF:
            del self._held_off[next(iter(self._held_off))]

    def _renew_beside(self, wish: Wish, kept: Kept) -> None:
        """Let a lease last longer, or have a new value in time, while the old one serves."""
        if wish.key in self._renewing:
            return
        self._renewing.add(wish.key)
        task = asyncio.create_task(self._renewed(wish, kept))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _renewed(self, wish: Wish, kept: Kept) -> None:
        try:
            if not await self._lasts_longer(wish, kept):
                await self._single(wish, past_cache=True, ask=self._asked_again)
        except (SecretError, StorageUnavailableError):
            kept.renew_at_s = self._monotonic_s() + HELD_OFF_S
        finally:
            self._renewing.discard(wish.key)

    async def _lasts_longer(self, wish: Wish, kept: Kept) -> bool:
        """Renew; return whether it was for as long as before, so that its end is not near."""
        lease = kept.lease
        if lease is None or not lease.renewable:
            return False
        try:
            longer = await self._fetching.renew(wish.reference, lease)
        except SecretError as error:
            if type(error) in ANSWERS:
                return False
            raise
        renewed(kept, longer, now_s=self._monotonic_s())
        return longer.lasts_s >= lease.lasts_s * SHORTENED
