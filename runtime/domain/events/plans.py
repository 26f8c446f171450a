"""Describe events of plans and of the state that they change."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from runtime.domain.event_type import (
    DigestText,
    EventData,
    EventType,
    JobId,
    MemberId,
    OutcomeId,
    ProjectId,
    example_id,
)
from runtime.domain.history import Cause
from runtime.kit.json_value import JsonObject

_BY: Final[JsonObject] = {
    "outcome": example_id("out"),
    "principal": example_id("mem"),
    "project": example_id("prj"),
}
_DIGEST: Final = f"sha256:{'9f' * 32}"


class PlanExecuted(EventData):
    """Say that all steps of a plan were done."""

    status: Literal["done"]
    outcome: OutcomeId
    principal: MemberId
    project: ProjectId


class PlanRefused(EventData):
    """Say that a guard refused a step of a plan; the outcome says which and why."""

    status: Literal["refused"]
    outcome: OutcomeId
    principal: MemberId
    project: ProjectId


class PlanFailed(EventData):
    """Say that a step of a plan failed; the outcome says which and why."""

    status: Literal["failed"]
    outcome: OutcomeId
    principal: MemberId
    project: ProjectId


class PlanQueued(EventData):
    """Say that a plan waits to be executed."""

    job: JobId
    outcome: OutcomeId
    steps: Annotated[int, Field(description="How many steps it has.")]


class StateVersion(EventData):
    """Name one version of a state."""

    version: Annotated[int, Field(ge=0, description="Its number.")]
    digest: DigestText


class StateChanged(EventData):
    """Say that a project's state is another one; the outcome says what changed."""

    cause: Annotated[
        Literal[Cause.EXECUTED, Cause.REVERTED], Field(description="A plan, or a way back.")
    ]
    before: StateVersion
    after: StateVersion
    outcome: OutcomeId
    principal: MemberId
    project: ProjectId


class StateReverted(EventData):
    """Say that an earlier state was made the newest one."""

    reverted_to: Annotated[str, Field(description="The number of the earlier version, as text.")]
    outcome: OutcomeId
    principal: MemberId
    project: ProjectId


class ConfirmationRequested(EventData):
    """Say that a plan does nothing before who asked for it confirms it."""

    plan_digest: Annotated[str, Field(description="What a confirmation names: the plan's digest.")]
    step: Annotated[int, Field(ge=0, description="Which step asks for it first, from 0.")]
    action: Annotated[str, Field(description="Of that step.")]
    outcome: OutcomeId
    principal: MemberId
    project: ProjectId


TYPES: Final = (
    EventType(
        name="plan.executed",
        tells="A plan was executed: all of its steps are done.",
        data=PlanExecuted,
        example={"status": "done", **_BY},
    ),
    EventType(
        name="plan.refused",
        tells="A plan was refused at one of its steps; the outcome says by which guard.",
        data=PlanRefused,
        example={"status": "refused", **_BY},
    ),
    EventType(
        name="plan.failed",
        tells="A plan failed at one of its steps; the outcome says why.",
        data=PlanFailed,
        example={"status": "failed", **_BY},
    ),
    EventType(
        name="plan.queued",
        tells="A plan was put into the queue, to be executed later.",
        data=PlanQueued,
        example={"job": example_id("job"), "outcome": example_id("out"), "steps": 2},
    ),
    EventType(
        name="state.changed",
        tells="The state of a project changed: a plan moved it on, or it was set back.",
        data=StateChanged,
        example={
            "cause": "executed",
            "before": {"version": 41, "digest": f"sha256:{'3c' * 32}"},
            "after": {"version": 43, "digest": _DIGEST},
            **_BY,
        },
    ),
    EventType(
        name="state.reverted",
        tells="The state of a project was set back to an earlier version, as a new version.",
        data=StateReverted,
        example={"reverted_to": "41", **_BY, "outcome": example_id("rev")},
    ),
    EventType(
        name="confirmation.requested",
        tells="A plan waits for its requester to confirm it.",
        data=ConfirmationRequested,
        example={"plan_digest": _DIGEST, "step": 0, "action": "ticket.refund@2", **_BY},
    ),
)
