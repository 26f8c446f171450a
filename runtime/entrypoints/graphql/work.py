"""Describe what waits, what runs and what comes due: approvals, jobs, schedules."""

from __future__ import annotations

import strawberry

from runtime.domain.job import Job as StoredJob
from runtime.domain.schedule import Firing as StoredFiring
from runtime.domain.schedule import Schedule as StoredSchedule
from runtime.entrypoints.graphql.call import Info
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.history import Outcome, outcome_of
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.nodes import Node
from runtime.entrypoints.graphql.people import Member, member_of
from runtime.entrypoints.graphql.scalars import Instant, Json, Whole
from runtime.kit.json_value import JsonObject
from runtime.services.approvals.approvals import Listed, Voted
from runtime.services.approvals.documents import listed_document, voted_document
from runtime.services.jobs.documents import job_document, job_summary
from runtime.services.schedules.documents import firing_document, schedule_document


@strawberry.type(description="As many people of a role; null for who administers the project.")
class Need:
    """Ask for people."""

    count: int
    role: str | None


@strawberry.type(description="What one person said to a plan.")
class Vote:
    """Hold a vote."""

    member: strawberry.ID
    kind: str
    reason: str
    cast_at: Instant


@strawberry.type(description="Who put the approval of others aside.")
class Override:
    """Hold a call of an emergency."""

    member: strawberry.ID
    reason: str
    cast_at: Instant


@strawberry.type(description="A request that others approve a plan.")
class Approval(Node):
    """Describe a request; votes are null in lists, counts are null where votes are told."""

    project: strawberry.ID
    status: str
    requester: strawberry.ID
    plan_digest: str
    plan: Json
    policy_revision: str
    state_version: Whole
    needs: list[Need]
    outcome: strawberry.ID
    created_at: Instant
    expires_at: Instant
    ended_at: Instant | None
    used_by: strawberry.ID | None
    grants: int | None
    overriders: int | None
    votes: list[Vote] | None
    overrides: list[Override] | None
    overridden_until: Instant | None

    @field(description="Who asks for it.")
    def member(self, info: Info) -> Member | None:
        """Return the requester, loaded with the others of the request."""
        return member_of(info, self.requester)

    @field(description="What was refused for lack of it.")
    def refused(self, info: Info) -> Outcome | None:
        """Return the outcome, loaded with the others of the request."""
        return outcome_of(info, self.outcome, project_id=self.within)


@strawberry.type(description="A unit of work in the queue.")
class Job(Node):
    """Say how a job stands; `result` is null in lists."""

    project: strawberry.ID
    kind: str
    name: str
    status: str
    principal: strawberry.ID
    outcome: strawberry.ID | None
    step: int | None
    priority: int
    serial_key: str | None
    attempts: int
    errors: int
    crashes: int
    cause: str | None
    reason: str | None
    created_at: Instant
    not_before: Instant
    started_at: Instant | None
    ended_at: Instant | None
    cancel_asked_at: Instant | None
    result: Json | None

    @field(description="As whom it runs.")
    def member(self, info: Info) -> Member | None:
        """Return the member, loaded with the others of the request."""
        return member_of(info, self.principal)


@strawberry.type(description="Which jobs are tried again, or would be.")
class Redriven:
    """Count jobs; `more` says that there are others."""

    found: int
    more: bool
    redriven: int
    jobs: list[strawberry.ID]


@strawberry.type(description="A plan that comes due by the clock.")
class Schedule(Node):
    """Describe a schedule."""

    project: strawberry.ID
    name: str
    cron: str
    zone: str
    jitter_s: int
    catch_up: str
    plan: Json
    atomic: bool
    principal: strawberry.ID
    created_at: Instant
    created_by: strawberry.ID
    paused_at: Instant | None
    next_at: Instant | None


@strawberry.type(description="One time at which a schedule came due.")
class Firing:
    """Describe a firing."""

    id: strawberry.ID
    schedule: strawberry.ID
    instant: Instant
    status: str
    tries: int
    outcome: strawberry.ID | None
    reason: str | None
    created_at: Instant
    ended_at: Instant | None


def approval_listed(found: Listed) -> Approval:
    """Return a request as one of many."""
    return approval_told(listed_document(found.approval, tally=found.tally, now=found.now))


def approval_shown(found: Voted) -> Approval:
    """Return a request with the votes on it."""
    return approval_told(
        voted_document(found.approval, found.votes, overrides=found.overrides, now=found.now)
    )


def approval_told(document: JsonObject) -> Approval:
    """Return the request that a document describes."""
    return made(
        Approval,
        document,
        within=document["project"],
        needs=[made(Need, item) for item in document["needs"]],
        votes=_each(Vote, document.get("votes")),
        overrides=_each(Override, document.get("overrides")),
    )


def job_listed(found: StoredJob) -> Job:
    """Return a job as one of many."""
    return job_told(job_summary(found))


def job_shown(found: StoredJob) -> Job:
    """Return a job with what came of it."""
    return job_told(job_document(found))


def job_told(document: JsonObject) -> Job:
    """Return the job that a document describes."""
    return made(Job, document, within=document["project"])


def schedule_shown(found: StoredSchedule) -> Schedule:
    """Return a schedule as it reads."""
    return schedule_told(schedule_document(found))


def schedule_told(document: JsonObject) -> Schedule:
    """Return the schedule that a document describes."""
    return made(Schedule, document, within=document["project"])


def firing_shown(found: StoredFiring) -> Firing:
    """Return a firing as it reads."""
    return made(Firing, firing_document(found))


def _each(kind: type, documents: list[JsonObject] | None) -> list[object] | None:
    return None if documents is None else [made(kind, item) for item in documents]
