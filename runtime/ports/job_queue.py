"""The role of a queue: carry ids of jobs from relays to workers, at least once, in any order.

Implemented by `adapters.celery`. A message names jobs and says nothing else of them: whoever gets
it asks the database, which alone decides who runs what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import orjson

from runtime.domain.errors import JobMessageError
from runtime.domain.job import HIGHEST_PRIORITY, USUAL_PRIORITY
from runtime.kit.ids import IdError, parse_id

MOST_IDS: Final = 100
VERSION: Final = 1
_MOST_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMessage:
    """Name jobs of one organization.

    Attributes:
        job_ids: 1 to `MOST_IDS` of them.
        priority: 0 to 9; the largest first.
        alone: a process died with the job; nothing else is to be under way in the next one.
    """

    organization_id: str
    job_ids: tuple[str, ...]
    priority: int = USUAL_PRIORITY
    alone: bool = False

    def spelled(self) -> str:
        """Return the message as JSON text."""
        return orjson.dumps(
            {
                "v": VERSION,
                "organization": self.organization_id,
                "jobs": self.job_ids,
                "priority": self.priority,
                **({"alone": True} if self.alone else {}),
            }
        ).decode()

    @classmethod
    def read(cls, text: str | bytes) -> JobMessage:
        """Return the message that a text spells; members that this version does not know are left.

        Raises:
            JobMessageError: it spells none.
        """
        if len(text) > _MOST_BYTES:
            raise JobMessageError(problem=f"it has {len(text)} bytes, expected {_MOST_BYTES}")
        try:
            document = orjson.loads(text)
            version, jobs = document["v"], tuple(document["jobs"])
            organization, priority = document["organization"], document["priority"]
            alone = document.get("alone") is True
            parse_id(organization, "org")
            for job_id in jobs:
                parse_id(job_id, "job")
        except (ValueError, KeyError, TypeError, AttributeError, IdError) as error:
            problem = "it is not the JSON that relays write"
            raise JobMessageError(problem=problem) from error
        if version != VERSION:
            raise JobMessageError(problem=f"its version is not {VERSION}")
        if not 0 < len(jobs) <= MOST_IDS:
            raise JobMessageError(problem=f"it names {len(jobs)} jobs, expected 1 to {MOST_IDS}")
        if type(priority) is not int or not 0 <= priority <= HIGHEST_PRIORITY:
            raise JobMessageError(problem="its priority is not 0 to 9")
        return cls(organization_id=organization, job_ids=jobs, priority=priority, alone=alone)


class JobQueue(Protocol):
    """Carry messages; safe to use from many tasks of one event loop."""

    async def put(self, messages: Sequence[JobMessage]) -> None:
        """Return once the queue has all of them, so that its own restart does not lose them.

        Raises:
            QueueUnavailableError: it may have some of them, or none.
        """
        ...

    async def ready(self) -> None:
        """Return when messages could be put now.

        Raises:
            QueueUnavailableError: they could not.
        """
        ...

    async def close(self) -> None:
        """Release connections; further calls are an error."""
        ...
