"""Pack small messages together: to carry one costs the broker and Celery more than to run its job.

A parcel is what the broker sees: the texts of some messages of one priority. It is acknowledged
when all they ask for is over, so few jobs share one, and none that runs alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from runtime.domain.errors import JobMessageError
from runtime.ports.job_queue import JobMessage

MOST_JOBS: Final = 10
"""Of a parcel of several messages; a larger message travels by itself."""

Parcel: TypeAlias = tuple[JobMessage, ...]


def parcels_of(messages: Sequence[JobMessage]) -> Iterator[Parcel]:
    """Pack messages in their order; what runs alone, and what is large, by itself."""
    packed: list[JobMessage] = []
    for message in messages:
        if packed and not _fits(packed, message):
            yield tuple(packed)
            packed = []
        packed.append(message)
    if packed:
        yield tuple(packed)


def _fits(packed: Sequence[JobMessage], message: JobMessage) -> bool:
    together = (*packed, message)
    return (
        not any(item.alone for item in together)
        and packed[0].priority == message.priority
        and sum(len(item.job_ids) for item in together) <= MOST_JOBS
    )


def spelled(parcel: Parcel) -> tuple[str, ...]:
    """Return the arguments of Celery's task."""
    return tuple(message.spelled() for message in parcel)


def read_parcel(payload: Any) -> Parcel:  # noqa: ANN401  # what a stranger sent
    """Return the messages that a message of Celery's carries.

    Raises:
        JobMessageError: it is none that relays send.
    """
    strange = JobMessageError(problem="it is not what relays send")
    try:
        texts, *_ = payload
    except (TypeError, ValueError) as error:
        raise strange from error
    if not isinstance(texts, list | tuple) or not 0 < len(texts) <= MOST_JOBS:
        raise strange
    if not all(isinstance(text, str) for text in texts):
        raise strange
    return tuple(JobMessage.read(text) for text in texts)
