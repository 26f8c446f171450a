"""Spell the documents of several kinds of operations, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from runtime.client.documents.kinds import (
    BudgetScope,
    EndCause,
    JobKind,
    JobStatus,
    LimitMeasure,
    LimitStatus,
    MemberKind,
    OrganizationRole,
    ReasonCode,
    StepStatus,
)


class Clarification(TypedDict):
    """Ask the person for what is missing."""

    asks_for: NotRequired[list[str]]
    choices: NotRequired[list[str]]
    kind: NotRequired[Literal["clarification"]]
    question: str


class ComparabilityOut(TypedDict):
    """Repeat what decides which runs may be compared."""

    plugin: str
    policy: str
    prompt: str
    registry: str


class Decline(TypedDict):
    """Say that no action here fits, or that the request is not permitted."""

    kind: NotRequired[Literal["decline"]]
    reason: str


class ExecutionWindow(TypedDict):
    """Allow executions on some weekdays between two times of day, by the clocks of a zone."""

    days: NotRequired[list[int]]
    end: str
    start: str
    zone: NotRequired[str]


class JobOut(TypedDict):
    """Say how a job stands, and what came of it."""

    attempts: int
    cancel_asked_at: str | None
    cause: EndCause | None
    crashes: int
    created_at: str
    ended_at: str | None
    errors: int
    id: str
    kind: JobKind
    name: str
    not_before: str
    outcome: str | None
    principal: str
    priority: int
    project: str
    reason: str | None
    result: dict[str, Any] | None
    serial_key: str | None
    started_at: str | None
    status: JobStatus
    step: int | None


class LimitRefusal(TypedDict):
    """Say which limit refused, how much of it is used, and when it would let this pass."""

    limit: NotRequired[int | None]
    measure: LimitMeasure
    resets_at: str | None
    scope: BudgetScope
    subject: NotRequired[str | None]
    used: NotRequired[int | None]
    wanted: NotRequired[int | None]


class LimitUseOut(TypedDict):
    """Describe the use of one limit."""

    burn_rate_per_hour: float | None
    exhausted_at: str | None
    left: int | None
    limit: int | None
    measure: LimitMeasure
    resets_at: str
    scope: BudgetScope
    status: LimitStatus
    subject: str | None
    used: int


class Limits(TypedDict):
    """State what a project allows; `None` means no limit of that kind."""

    budgets: NotRequired[dict[str, int]]
    day_zone: NotRequired[str]
    per_hour: NotRequired[int | None]
    per_minute: NotRequired[int | None]
    quotas: NotRequired[dict[str, int]]
    windows: NotRequired[list[ExecutionWindow]]


class MembersMemberOut(TypedDict):
    """Describe a member; `logs_in` says whether an identity provider vouches for them yet."""

    created_at: str
    display_name: str
    email: str | None
    id: str
    kind: MemberKind
    logs_in: bool
    organization_role: OrganizationRole
    removed_at: str | None


class OutcomeOut(TypedDict):
    """Say what came of a plan: of each step, and of the plan as a whole."""

    after: VersionRef
    approval: NotRequired[str | None]
    before: VersionRef
    cost: int
    created_at: str
    id: str
    plan_digest: str
    principal: str
    project: str
    refusal: Refusal | None
    status: Literal["done", "refused", "failed"]
    steps: list[StepOutcome]


class Plan(TypedDict):
    """Order steps; what it may do is decided by the engine, not by the document."""

    steps: list[Step]


class PlanIn(TypedDict):
    """Order steps; how many a caller may take is their mode's, how many can be sent is this."""

    steps: list[Step]


class PlanProposal(TypedDict):
    """Propose steps."""

    kind: NotRequired[Literal["plan"]]
    message: NotRequired[str]
    plan: Plan


class Refusal(TypedDict):
    """Explain a step that did not run, so that a person knows what would make it pass."""

    code: ReasonCode
    expected: str
    found: NotRequired[Any]
    guard: str
    limit: NotRequired[LimitRefusal | None]
    remedy: str


class Step(TypedDict):
    """Call one action with inputs, kept as their own canonical copy."""

    action: str
    inputs: NotRequired[dict[str, Any]]


class StepOutcome(TypedDict):
    """Record one step: what ran, what it changed, what it cost, or why it did not run."""

    action: str
    consents: NotRequired[list[str]]
    cost: NotRequired[int]
    decision_id: NotRequired[str]
    diff: NotRequired[list[dict[str, Any]]]
    index: int
    inputs: dict[str, Any]
    refusal: NotRequired[Refusal | None]
    side_effects: NotRequired[list[str]]
    state_digest: str
    state_version: int
    status: StepStatus


class UsageOut(TypedDict):
    """Count tokens as the provider did."""

    cached: int
    completion: int
    prompt: int


class VersionRef(TypedDict):
    """Name a version of the state by number and hash."""

    digest: str
    version: int
