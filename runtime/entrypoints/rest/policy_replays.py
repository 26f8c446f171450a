"""Ask anew, over HTTP, what rules decided in a project."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.policy import Obligation, PolicyReason
from runtime.domain.policy_modules import PolicyLevel
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing
from runtime.entrypoints.rest.policy_documents import PolicyModulesIn
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.kit.json_value import JsonObject, JsonValue

router = APIRouter(
    prefix="/v1/projects/{project_id}",
    tags=["policies"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)

MOST_DECISIONS: Final = 100_000
USUAL_DECISIONS: Final = 1_000

Limit = Annotated[int, Field(ge=1, le=MOST_DECISIONS)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PolicySimulationIn(PolicyModulesIn):
    """Hold rules to replay decisions under.

    Attributes:
        level: whose rules they would take the place of.
        limit: how many of the newest decisions are replayed.
    """

    level: PolicyLevel
    limit: Limit = USUAL_DECISIONS


class PolicyAnswerOut(_Wire):
    """Say what rules answer."""

    allow: bool
    obligations: tuple[Obligation, ...]
    reasons: tuple[PolicyReason, ...]


class StepRefOut(_Wire):
    """Name a step of an outcome."""

    outcome: str
    index: int


class FlipOut(_Wire):
    """Describe a question that would be answered otherwise.

    Attributes:
        times: how often it was asked.
        steps: where; the newest ones.
    """

    action: str
    principal: str
    before: PolicyAnswerOut
    after: PolicyAnswerOut
    times: int
    steps: tuple[StepRefOut, ...]


class PolicySimulationOut(_Wire):
    """Say how recorded decisions would turn out.

    Attributes:
        decisions: how many were replayed.
        questions: how many different ones they are.
        newly_allowed: decisions that would allow and did not.
        newly_denied: the other way round.
        changed: decisions that allow as before, at other conditions.
        flips: what would be otherwise, a question each.
        left_off: questions that would be answered otherwise as well and are not listed.
    """

    decisions: int
    questions: int
    newly_allowed: int
    newly_denied: int
    changed: int
    flips: tuple[FlipOut, ...]
    left_off: int


class VerificationIn(_Wire):
    """Say how many of the newest decisions are asked again."""

    limit: Limit = USUAL_DECISIONS


class VerificationOut(_Wire):
    """Say whether decisions come out as they are recorded.

    Attributes:
        decisions: how many different ones were asked again.
        unlike: those that came out otherwise: none, unless storage was tampered with.
    """

    decisions: int
    unlike: tuple[str, ...]


class DecisionOut(_Wire):
    """Show a decision.

    Attributes:
        id: the digest of rules and question.
        revision: the digest of the rules.
        input: what they could read of the question.
        answer: what they answered.
    """

    id: str
    revision: str
    input: JsonObject
    answer: JsonValue


@router.post("/policies:simulate")
async def simulate_policy(
    project_id: str, body: PolicySimulationIn, context: Writing, services: ServicesOf
) -> PolicySimulationOut:
    """Replay a project's newest decisions under other rules, and list what would be otherwise.

    Nothing is kept; a key changes nothing about that.
    """
    found = await services.policy_replays.simulate(
        context, project_id, level=body.level, modules=body.held, limit=body.limit
    )
    return PolicySimulationOut.model_validate(found)


@router.post("/decisions:verify")
async def verify_decisions(
    project_id: str, body: VerificationIn, context: Writing, services: ServicesOf
) -> VerificationOut:
    """Ask a project's newest decisions again under the rules that made them.

    Nothing is kept; a key changes nothing about that.
    """
    found = await services.policy_replays.verify(context, project_id, limit=body.limit)
    return VerificationOut.model_validate(found)


@router.get("/decisions/{decision_id}")
async def read_decision(
    project_id: str, decision_id: str, context: Reading, services: ServicesOf
) -> DecisionOut:
    """Return a decision: which rules were asked what, and what they answered."""
    found = await services.policy_replays.decision(context, project_id, decision_id=decision_id)
    return DecisionOut.model_validate(found)
