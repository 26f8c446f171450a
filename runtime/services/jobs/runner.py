"""Name what runs the jobs of one kind, and for whom it may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from runtime.domain.caller import Caller
from runtime.domain.job import BegunJob
from runtime.domain.principal import Principal
from runtime.domain.retry import DEFAULT_RETRIES, RetryPolicy
from runtime.kit.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """Say for whom a job may run, as what they are now."""

    caller: Caller
    principal: Principal


class Bar(StrEnum):
    """Tell a no from an answer that is missing.

    `denied`: it may not run. `unknown`: nobody here knows what it asks for; a newer release may.
    `unasked`: who decides could not be asked.
    """

    DENIED = "denied"
    UNKNOWN = "unknown"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """Say why a job may not run."""

    reason: str
    bar: Bar = Bar.DENIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bound the attempts of a job.

    Attributes:
        start_to_close_s: how long one may take.
        schedule_to_start_s: how long it may wait for its first; None: as long as it takes.
        retries: how often, and how far apart.
    """

    start_to_close_s: float
    schedule_to_start_s: float | None = None
    retries: RetryPolicy = DEFAULT_RETRIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Say what came of an attempt.

    Attributes:
        document: what is kept of it.
        stored: it is kept already, with that the job is done: in the commit of what it wrote.
    """

    document: JsonObject
    stored: bool = False


def unheard() -> None:
    """Tell nobody."""


class Runner(Protocol):
    """Run jobs of one kind."""

    def bounds(self, job: BegunJob) -> Bounds | None:
        """Return what bounds a job's attempts; None: nobody here knows what it asks for."""
        ...

    def past(self, job: BegunJob) -> JsonObject | None:
        """Return what came of an earlier attempt that was not said to have ended; None: run it.

        Whoever may not have it run any more, or does not want it, can't undo what was done.
        """
        ...

    async def run(
        self, job: BegunJob, cleared: Cleared, *, committing: Callable[[], None] = unheard
    ) -> Ran:
        """Run a job once, and return what came of it.

        `committing` is called when what it wrote is about to be stored with the job's end, so that
        nobody takes the job's not running any more for another's work.

        Raises:
            LostAttemptError: the job is another's by now; nothing was written.
            RetryableError: it may succeed later.
            PermanentError: it never will.
            Exception: whatever else; it may succeed later.
        """
        ...
