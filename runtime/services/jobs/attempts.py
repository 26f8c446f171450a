"""Say how attempts end: what is kept of them, and when the next one is.

Pure but for the chance that spreads retries, which the caller brings.
"""

from __future__ import annotations

from typing import Final

import orjson

from runtime.domain.errors import DomainError
from runtime.domain.job import MOST_BYTES, AttemptEnd, BegunJob, EndCause, JobStatus
from runtime.domain.retry import RetryPolicy
from runtime.kit.json_value import JsonObject
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.services.jobs.bounded import OverdueError
from runtime.services.jobs.runner import Bounds

MOST_LETTERS: Final = 1_000
"""Of a reason."""
UNKNOWN_RETRIES: Final = RetryPolicy(errors=20, base_s=30.0, cap_s=1_800.0)
"""For what nobody here knows: about four hours, in which a newer release may come."""


def done(job: BegunJob, document: JsonObject) -> AttemptEnd:
    """End an attempt with what came of it; a result that can't be kept is not kept.

    The effect took place, so it is not tried again for what it says of itself.
    """
    reason = None
    try:
        result = orjson.dumps(document)
    except TypeError:
        result, reason = b"{}", "what came of it is no JSON and was not kept"
    if len(result) > MOST_BYTES:
        reason = (
            f"what came of it has {len(result)} bytes, more than the {MOST_BYTES} that are kept"
        )
        result = b"{}"
    return AttemptEnd(
        id=job.id,
        attempt=job.attempt,
        status=JobStatus.DONE,
        reason=reason,
        result=result.decode(),
    )


def failed(
    job: BegunJob,
    reason: str,
    retries: RetryPolicy,
    *,
    jitter: float,
    after_s: float | None = None,
    cause: EndCause = EndCause.ERROR,
) -> AttemptEnd:
    """End an attempt that failed: another one follows, or that was the last."""
    wait_s = retries.wait_s(job.errors + 1, jitter=jitter, after_s=after_s)
    if wait_s is None:
        return dead(job, f"failed {job.errors + 1} times, at last: {reason}", cause=cause)
    return AttemptEnd(
        id=job.id,
        attempt=job.attempt,
        status=JobStatus.WAITING,
        reason=shown(reason),
        cause=cause,
        wait_s=wait_s,
        failed=True,
    )


def raised(job: BegunJob, error: Exception, bounds: Bounds, *, jitter: float) -> AttemptEnd:
    """End an attempt by what it raised; the text of a strange error may hold anything."""
    cause, after_s = EndCause.ERROR, None
    match error:
        case PermanentError():
            return dead(job, error.reason)
        case RetryableError():
            reason, after_s = error.reason, error.after_s
        case OverdueError():
            reason, cause = f"not over within {bounds.start_to_close_s:g} s", EndCause.TIMEOUT
        case DomainError():
            reason = str(error)
        case _:
            reason = f"its handler raised {type(error).__name__}"
    return failed(job, reason, bounds.retries, jitter=jitter, after_s=after_s, cause=cause)


def unknown(job: BegunJob, reason: str, *, jitter: float) -> AttemptEnd:
    """End an attempt at what nobody here knows; a newer release may."""
    return failed(job, reason, UNKNOWN_RETRIES, jitter=jitter, cause=EndCause.UNKNOWN_EFFECT)


def expired(job: BegunJob, *, latest_s: float) -> AttemptEnd:
    """End a job that could have been started for longer than it may wait."""
    reason = f"it waited {job.waited_s:.1f} s for its start, and {latest_s:g} s were allowed"
    return dead(job, reason, cause=EndCause.EXPIRED)


def put_off(job: BegunJob, reason: str, *, wait_s: float) -> AttemptEnd:
    """End an attempt that could not be made; nothing is counted against the job."""
    return AttemptEnd(
        id=job.id,
        attempt=job.attempt,
        status=JobStatus.WAITING,
        reason=shown(reason),
        wait_s=wait_s,
    )


def dead(job: BegunJob, reason: str, *, cause: EndCause = EndCause.PERMANENT) -> AttemptEnd:
    """End a job that no further attempt would help."""
    return AttemptEnd(
        id=job.id,
        attempt=job.attempt,
        status=JobStatus.DEAD,
        reason=shown(reason),
        cause=cause,
        failed=True,
    )


def cancelled(job: BegunJob, reason: str, *, cause: EndCause = EndCause.CANCELLED) -> AttemptEnd:
    """End a job that somebody does not want any more, or may not have any more."""
    return AttemptEnd(
        id=job.id,
        attempt=job.attempt,
        status=JobStatus.CANCELLED,
        reason=shown(reason),
        cause=cause,
    )


def shown(reason: str) -> str:
    r"""Return a reason as it can be stored and shown: on one line, and not too long.

    >>> shown("no\x00 answer\nat all")
    'no  answer at all'
    """
    line = "".join(letter if letter.isprintable() else " " for letter in reason[:MOST_LETTERS])
    return line.strip() or "no reason was given"
