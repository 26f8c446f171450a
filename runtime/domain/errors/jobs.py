"""Jobs that can't be asked for, handed over or read."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class QueueUnavailableError(DomainError):
    """The queue can't take jobs now; they stay where they are and are offered again."""

    code = "queue_unavailable"

    def __init__(self, *, reason: str) -> None:
        """Say what the broker answered, or why it did not."""
        self.reason = reason
        super().__init__(f"the queue takes no jobs: {reason}; they are kept and offered again")


class LostAttemptError(DomainError):
    """Attempts at jobs that are not their worker's any more: what they wrote does not count."""

    code = "attempt_lost"

    def __init__(self, *, jobs: frozenset[str]) -> None:
        """Name the jobs."""
        self.jobs = jobs
        super().__init__(
            f"the attempt at {', '.join(sorted(jobs))} is over, so nothing was written; "
            "whoever has the job now does it"
        )


class JobMessageError(DomainError):
    """A message of the queue that names no jobs."""

    code = "job_message"

    def __init__(self, *, problem: str) -> None:
        """Say what is wrong with it; its content is not repeated."""
        self.problem = problem
        super().__init__(f"a message of the queue can't be read: {problem}; it is dropped")


class JobTooLargeError(DomainError):
    """A job that carries more than is kept of one."""

    code = "job_too_large"

    def __init__(self, *, size_bytes: int, most_bytes: int) -> None:
        """Say how much it carries, and how much it may."""
        self.size_bytes = size_bytes
        self.most_bytes = most_bytes
        super().__init__(
            f"the plan takes {size_bytes} bytes in the queue, expected {most_bytes} at most; "
            "send less in the inputs of its steps, or execute it without mode=queued"
        )


class BrokerUrlError(DomainError):
    """An address of a broker that nothing here can use."""

    code = "broker_url"

    def __init__(self, *, problem: str) -> None:
        """Say what is wrong with it; the address may hold a password, and is not repeated."""
        self.problem = problem
        super().__init__(
            f"the address of the broker can't be used: {problem}; set PLANGATE_BROKER_URL, as in "
            "redis://:PASSWORD@HOST:6379/1"
        )
