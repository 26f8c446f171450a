"""Name what handing over and running jobs tell of their work, for telemetry to count."""

from __future__ import annotations

from typing import Protocol


class JobMeasures(Protocol):
    """Take note of what happened; cheap, and never in the way."""

    def handed(self, jobs: int, *, messages: int) -> None:
        """Note jobs that a relay handed to the queue."""
        ...

    def failed(self, what: str, error: BaseException) -> None:
        """Note that a relay, a rescue, a beat or an end could not be done; it is tried again."""
        ...

    def begun(self, jobs: int, *, refused: int) -> None:
        """Note jobs that a worker began, and ids that it got and could not begin."""
        ...

    def waited(self, seconds: float) -> None:
        """Note how long a job could have been started before it was."""
        ...

    def ended(self, name: str, status: str) -> None:
        """Note an attempt that ended, by the job's name and what it became."""
        ...

    def lost(self, jobs: int) -> None:
        """Note attempts whose ends did not count, because the jobs were another's by then."""
        ...

    def rescued(self, jobs: int, *, quarantined: int) -> None:
        """Note jobs of workers that are gone: back in line, and put aside."""
        ...


class UnmeasuredJobs:
    """Take note of nothing."""

    def handed(self, jobs: int, *, messages: int) -> None:
        """Forget it."""

    def failed(self, what: str, error: BaseException) -> None:
        """Forget it."""

    def begun(self, jobs: int, *, refused: int) -> None:
        """Forget it."""

    def waited(self, seconds: float) -> None:
        """Forget it."""

    def ended(self, name: str, status: str) -> None:
        """Forget it."""

    def lost(self, jobs: int) -> None:
        """Forget it."""

    def rescued(self, jobs: int, *, quarantined: int) -> None:
        """Forget it."""
