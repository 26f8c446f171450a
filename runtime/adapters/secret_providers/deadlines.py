"""Bound each call to a provider: in time always, and in threads where its client blocks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from runtime.domain.errors import SecretUnavailableError

T = TypeVar("T")

MOST_THREADS: Final = 8


@asynccontextmanager
async def in_time(reference: str, *, deadline_s: float) -> AsyncIterator[None]:
    """End what is done inside after a time.

    Raises:
        SecretUnavailableError: it took longer.
    """
    late = False
    try:
        async with asyncio.timeout(deadline_s):
            yield
    except TimeoutError:
        late = True
    if late:
        raise SecretUnavailableError(
            reference=reference,
            problem=f"its provider gave no answer within {deadline_s:g} s",
            advice="see whether it runs and can be reached from here",
        )


class Threads:
    """Run calls that block in few threads of their own, so that none waits for a slow provider."""

    def __init__(self, provider: str) -> None:
        """Name the threads after the provider; they start with the first calls."""
        self._provider = provider
        self._pool = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix=f"secrets-{provider}")
        self._closed = False

    async def run(self, call: Callable[[], T]) -> T:
        """Return what a call returns; a caller that leaves does not wait for it.

        Raises:
            SecretUnavailableError: the threads were closed.
        """
        if self._closed:
            raise closed(self._provider)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Take no more calls; those that were taken end by their own deadline."""
        self._closed = True
        self._pool.shutdown(wait=False)


def closed(provider: str) -> SecretUnavailableError:
    """Return the error of a provider that was closed."""
    return SecretUnavailableError(
        reference=f"{provider}://", problem="this process is ending", advice="ask another one"
    )
