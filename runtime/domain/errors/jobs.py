"""Jobs that can't be handed over or read."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class QueueUnavailableError(DomainError):
    """The queue can't take jobs now; they stay where they are and are offered again."""

    code = "queue_unavailable"

    def __init__(self, *, reason: str) -> None:
        """Say what the broker answered, or why it did not."""
        self.reason = reason
        super().__init__(f"the queue takes no jobs: {reason}; they are kept and offered again")


class JobMessageError(DomainError):
    """A message of the queue that names no jobs."""

    code = "job_message"

    def __init__(self, *, problem: str) -> None:
        """Say what is wrong with it; its content is not repeated."""
        self.problem = problem
        super().__init__(f"a message of the queue can't be read: {problem}; it is dropped")
