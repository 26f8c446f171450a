"""Count what the servers of a quorum answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from runtime.adapters.redis_leases.grantor import Grantor
from runtime.domain.errors import LeaseUnavailableError

_LONGEST_REASON: Final = 300

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Votes(Generic[T]):
    """Hold the answers to one question.

    Attributes:
        voters: how many were asked.
        says_yes: which answers count as a yes.
        answers: what each server said, in the order in which the answers came.
        failures: why others said nothing.
        pending: who has not answered yet, in the order in which they were asked.
        yes: how many answers are a yes.
    """

    voters: int
    says_yes: Callable[[T], bool]
    answers: dict[Grantor, T] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    pending: dict[asyncio.Task[T], Grantor] = field(default_factory=dict)
    yes: int = 0

    @property
    def majority(self) -> int:
        """Return how many it takes, so that any two majorities share a server."""
        return self.voters // 2 + 1

    @property
    def won(self) -> bool:
        """Say whether a majority said yes."""
        return self.yes >= self.majority

    @property
    def decided(self) -> bool:
        """Say whether the answers that are missing can't change whether it is won."""
        return self.won or self.yes + len(self.pending) < self.majority

    @property
    def denied(self) -> bool:
        """Say whether so many said no that those who failed could not have changed it."""
        return len(self.answers) - self.yes > self.voters - self.majority

    def require_majority(self) -> None:
        """Refuse to conclude anything from too few answers.

        Raises:
            LeaseUnavailableError: So many servers failed that no majority is left.
        """
        if len(self.failures) > self.voters - self.majority:
            reasons = "; ".join(self.failures)[:_LONGEST_REASON]
            raise LeaseUnavailableError(
                reason=f"{self.majority} of {self.voters} redis servers have to answer: {reasons}"
            )

    async def more(self) -> None:
        """Wait for the next answer, or failure to give one, and count it."""
        done, _ = await asyncio.wait(self.pending, return_when=asyncio.FIRST_COMPLETED)
        self._count(done)

    async def rest(self, longest_s: float) -> None:
        """Wait for all answers that come in time, and count them."""
        done, _ = await asyncio.wait(self.pending, timeout=longest_s)
        self._count(done)

    def _count(self, done: set[asyncio.Task[T]]) -> None:
        for task in done:
            voter = self.pending.pop(task)
            try:
                answer = task.result()
            except LeaseUnavailableError as error:
                self.failures.append(error.reason)
            else:
                self.answers[voter] = answer
                self.yes += self.says_yes(answer)
