"""Describe work that follows a commit: what is asked, how it stands, and how an attempt ends."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.plan import Plan
from runtime.kit.ids import ENTROPY_BYTES, new_id, parse_id
from runtime.kit.json_value import JsonObject

MOST_BYTES: Final = 65_536
"""Of a payload, and of a result."""
MOST_CRASHES: Final = 3
"""Processes that may die while they run a job, before it is put aside."""
USUAL_PRIORITY: Final = 4
HIGHEST_PRIORITY: Final = 9
_SHARED_BYTES: Final = 8
_MOST_PLACES: Final = 256


class JobKind(StrEnum):
    """Say what runs a job."""

    EFFECT = "effect"
    PLAN = "plan"


class JobStatus(StrEnum):
    """Say how a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"

    @property
    def ended(self) -> bool:
        """Say whether nothing happens to the job any more by itself."""
        return self not in _OPEN

    @property
    def given_up(self) -> bool:
        """Say whether it ended without being done, so that people may have it tried again."""
        return self.ended and self is not JobStatus.DONE


_OPEN: Final = frozenset({JobStatus.WAITING, JobStatus.RUNNING})
GIVEN_UP: Final = frozenset(status for status in JobStatus if status.given_up)
"""Of these, people may have a job tried again."""


class EndCause(StrEnum):
    """Say why a job is not done, so that people know what to do about it.

    `error`: its attempts failed, one after the other. `timeout`: the last of them was not over in
    time. `expired`: it waited for its start longer than it may. `denied`: its principal may not do
    it any more. `unknown_effect`: nobody here knows what it asks for. `crashed`: processes died
    while they ran it. `cancelled`: somebody did not want it any more. `permanent`: what runs it
    said that no further attempt would help.
    """

    ERROR = "error"
    TIMEOUT = "timeout"
    EXPIRED = "expired"
    DENIED = "denied"
    UNKNOWN_EFFECT = "unknown_effect"
    CRASHED = "crashed"
    CANCELLED = "cancelled"
    PERMANENT = "permanent"


class EffectOrder(BaseModel):
    """Say, in the payload of a job, which effect of which action is asked for.

    What the step was called with and what it changed stand in its outcome.

    Attributes:
        action: the action that declares the effect, `name@version`.
        parameters: what the declaration gives to the effect.
        result_action: the action that writes the result back; empty for the effect's own, if any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str
    parameters: JsonObject = Field(default_factory=dict)
    result_action: str = ""


class PlanOrder(BaseModel):
    """Say, in the payload of a job, which plan is to be executed, and what its caller said of it.

    Attributes:
        confirms: the digest of the plan that its caller confirmed, if they did.
        approval: the id of the request that others granted, if they did.
        gate: the id of the gate by which the plan passed, as its caller said.
        expects: the version that the state must have; None for any.
        atomic: all steps or none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: Plan
    confirms: str | None = None
    approval: str | None = None
    gate: str | None = None
    expects: int | None = None
    atomic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Ask for a job; the names are those of `put_jobs` in the database.

    Attributes:
        name: of the effect, or of whatever else runs it.
        principal_id: for whom.
        credential_id: by which credential it was asked for, for the record.
        claims: what the identity provider said of the principal then.
        outcome_id: of the execution that it follows, or of the one that it is to make.
        step: which step of it.
        payload: JSON text, of at most `MOST_BYTES`; references to secrets, never values.
        wait_s: how long from the commit until it may start.
        unique_key: of jobs of one name in a project, only one that has not ended has it.
        serial_key: of an organization's jobs with it one runs at a time, in the order of their
            commits; one that waits to be tried again holds the others up.
        schedule_to_start_s: how long it may wait for its first start; None: as its kind says.
        start_to_close_s: how long one attempt may take; None: as its kind says.
    """

    id: str
    kind: JobKind
    name: str
    principal_id: str
    credential_id: str
    payload: str
    claims: str = field(default="", repr=False)
    outcome_id: str | None = None
    step: int | None = None
    priority: int = USUAL_PRIORITY
    wait_s: float = 0.0
    unique_key: str | None = None
    serial_key: str | None = None
    schedule_to_start_s: float | None = None
    start_to_close_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunJob:
    """Hold a job that a worker has leased.

    Attributes:
        worker: who leased it.
        attempt: the fence: who began a later attempt alone may end the job.
        waited_s: how long it could have been started before it was.
        asked_to_cancel: it is not to be run any more.
        document: its outcome, as JSON text; None where there is none.
    """

    organization_id: str
    id: str
    project_id: str
    kind: JobKind
    name: str
    principal_id: str
    credential_id: str
    payload: str = field(repr=False)
    claims: str = field(default="", repr=False)
    outcome_id: str | None = None
    step: int | None = None
    worker: str
    attempt: int
    errors: int
    crashes: int
    schedule_to_start_s: float | None = None
    start_to_close_s: float | None = None
    waited_s: float = 0.0
    asked_to_cancel: bool = False
    document: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnd:
    """Say how an attempt ended; the names are those of `finish_jobs` in the database.

    Attributes:
        attempt: the fence that it ran under.
        status: done, dead or cancelled, or waiting for the next attempt.
        reason: why it is not done, for people.
        cause: the same in one word, for programs.
        result: what came of it, JSON text of at most `MOST_BYTES`.
        wait_s: how long until the next attempt.
        failed: whether it counts as an error.
    """

    id: str
    attempt: int
    status: JobStatus
    reason: str | None = None
    cause: EndCause | None = None
    result: str | None = field(default=None, repr=False)
    wait_s: float = 0.0
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Describe a job as people see it.

    Attributes:
        attempt: how often it was begun.
        errors: how many of its attempts failed since it was last asked for.
        crashes: how many processes died while they ran it.
        outcome_id: of the execution that it follows, or of the one that it makes.
        cause: why it is not done, or why its last attempt failed.
        reason: the same in words.
        result: what came of it; None where it was not asked for, too.
    """

    id: str
    project_id: str
    kind: JobKind
    name: str
    principal_id: str
    status: JobStatus
    priority: int
    attempt: int
    errors: int
    crashes: int
    not_before: datetime
    created_at: datetime
    outcome_id: str | None = None
    step: int | None = None
    serial_key: str | None = None
    cause: EndCause | None = None
    reason: str | None = None
    result: str | None = field(default=None, repr=False)
    cancel_asked_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


def effect_job_id(outcome_id: str, *, step: int, place: int) -> str:
    """Return the id of the job for one effect of one step.

    Equal parts give equal ids, so that a commit that is tried again makes no second job; ids of one
    outcome sort as its steps do.

    Args:
        outcome_id: `out_` and 26 letters.
        step: from 0 on.
        place: which of the step's effects, from 0 on.

    Raises:
        ValueError: a number is out of range, or the outcome's id is none.

    >>> effect_job_id("out_01KDVDNA000000000000000000", step=1, place=2)
    'job_01KDVDNA000000000000000082'
    """
    if not (0 <= step < _MOST_PLACES and 0 <= place < _MOST_PLACES):
        raise ValueError(f"step is {step} and place is {place}, expected 0 to {_MOST_PLACES - 1}")
    outcome = parse_id(outcome_id, "out")
    return new_id(
        "job",
        now_ms=outcome.created_ms,
        entropy=outcome.entropy[:_SHARED_BYTES] + bytes((step, place)),
    )


def plan_outcome_id(job_id: str) -> str:
    """Return the id of the outcome that a job makes which executes a plan.

    However often it runs, and whatever is forgotten meanwhile, storage keeps one outcome of an id.
    It is no id from which `effect_job_id` makes that of the job itself.

    Args:
        job_id: `job_` and 26 letters.

    Raises:
        ValueError: it is none.

    >>> plan_outcome_id("job_01KDVDNA000000000000000000")
    'out_01KDVDNA005BQPDRQSKJQGPP1A'
    """
    job = parse_id(job_id, "job")
    entropy = hashlib.sha256(job_id.encode()).digest()[:ENTROPY_BYTES]
    return new_id("out", now_ms=job.created_ms, entropy=entropy)


def job_ids_of(outcome_id: str) -> tuple[str, str]:
    """Return the first and the last id that a job of an outcome may have.

    Args:
        outcome_id: `out_` and 26 letters.

    Raises:
        ValueError: it is none.

    >>> job_ids_of("out_01KDVDNA000000000000000000")
    ('job_01KDVDNA000000000000000000', 'job_01KDVDNA00ZZZZZZZZZZZZZZZZ')
    """
    at = parse_id(outcome_id, "out").created_ms
    first, last = (
        new_id("job", now_ms=at, entropy=bytes([filling]) * ENTROPY_BYTES) for filling in (0, 255)
    )
    return first, last
