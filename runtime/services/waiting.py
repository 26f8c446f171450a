"""Hold a change that stands in a project's line, and bring its answer to whoever asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from runtime.domain.errors import DomainError, StorageUnavailableError
from runtime.services.execution import Change, Executed

GRACE_S: Final = 2.0
"""How long past its patience a change is waited for that is being committed."""


class Waiting:
    """Pair a change with its answer; belongs to the running event loop."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.answered: asyncio.Future[Executed] = asyncio.get_running_loop().create_future()

    def answer(self, answer: Executed | DomainError) -> None:
        """Tell the caller, if they still listen."""
        if self.answered.done():
            return
        if isinstance(answer, Executed):
            self.answered.set_result(answer)
        else:
            self.answered.set_exception(answer)

    async def last_word(self) -> Executed:
        """Return the answer to a change that is being committed, if it comes in a moment.

        Raises:
            StorageUnavailableError: it does not; who repeats with the same key learns.
            DomainError: it was not committed.
        """
        try:
            async with asyncio.timeout(GRACE_S):
                return await asyncio.shield(self.answered)
        except TimeoutError:
            raise StorageUnavailableError(reason="no answer in time") from None


def answer_all(group: Iterable[Waiting], error: DomainError) -> None:
    """Tell all who wait the same."""
    for waiting in group:
        waiting.answer(error)
