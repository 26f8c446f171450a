"""Hold the one document that rules see of a step, and the one that they answer with.

Whoever evaluates, the same document goes in: rules can't reach anything else. What they answer is
read strictly; anything that is not such an answer denies.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool

from runtime.domain.action import Action
from runtime.domain.plan import Plan
from runtime.domain.policy import Obligation
from runtime.domain.principal import Mode, Principal
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject, JsonValue


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PolicyPrincipal(_Document):
    """Say who acts.

    Attributes:
        roles: those of the membership; rules may derive more.
        grant: how freely plans may be long.
        claims: what the identity provider says of the person; empty for API tokens.
    """

    id: str
    organization: str
    roles: tuple[str, ...]
    grant: Mode
    claims: JsonObject


class PolicyProject(_Document):
    """Say where."""

    id: str
    environment: str


class PolicyPermission(_Document):
    """Repeat what the action's declaration asks of its caller."""

    risk: str
    confirmation: bool
    approvals: int
    roles: tuple[str, ...]
    visibility: str
    urgent: bool


class PolicyAction(_Document):
    """Describe what is called, by its declaration."""

    id: str
    name: str
    version: int
    targets: tuple[str, ...]
    may_change: tuple[str, ...]
    permission: PolicyPermission
    cost: int
    side_effects: tuple[str, ...]


class PolicyPlan(_Document):
    """Show the plan around the step.

    Attributes:
        index: the step's place, from 0.
        actions: the ids of all steps, in order.
    """

    index: int
    actions: tuple[str, ...]


class PolicyTime(_Document):
    """Say when, in UTC, so that rules need no clock: to the minute.

    Attributes:
        weekday: 0 is Monday.
    """

    date: str
    weekday: int
    hour: int
    minute: int


class PolicyInput(_Document):
    """Ask whether a principal may take a step; the same document for every evaluator."""

    principal: PolicyPrincipal
    project: PolicyProject
    action: PolicyAction
    inputs: JsonObject
    plan: PolicyPlan
    time: PolicyTime


class PolicyDenial(_Document):
    """Say why rules deny.

    Attributes:
        code: of the shipped rules; `policy_denied` for those of an organization.
        message: what was expected.
        remedy: what would mend it.
    """

    code: Annotated[str, Field(max_length=64)]
    message: Annotated[str, Field(max_length=1_000)]
    remedy: Annotated[str, Field(max_length=1_000)]


class PolicyVerdict(_Document):
    """Hold what `data.plangate.decision` has to be."""

    allow: StrictBool
    denials: Annotated[tuple[PolicyDenial, ...], Field(max_length=100)]
    obligations: Annotated[tuple[Obligation, ...], Field(max_length=100)]
    roles: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=100)]


def policy_input(
    plan: Plan,
    index: int,
    *,
    action: Action,
    principal: Principal,
    project: PolicyProject,
    now: datetime,
) -> PolicyInput:
    """Return the question about one step of a prepared plan."""
    claims: JsonValue = parse(principal.claims) if principal.claims else {}
    return PolicyInput(
        principal=PolicyPrincipal(
            id=principal.id,
            organization=principal.organization,
            roles=principal.roles,
            grant=principal.grant,
            claims=claims,
        ),
        project=project,
        action=_action(action),
        inputs=plan.steps[index].inputs,
        plan=PolicyPlan(index=index, actions=tuple(step.action for step in plan.steps)),
        time=policy_time(now),
    )


def policy_time(now: AwareDatetime) -> PolicyTime:
    """Return an instant as rules see it.

    >>> policy_time(datetime(2026, 1, 5, 23, 59, 30, tzinfo=UTC)).weekday
    0
    """
    utc = now.astimezone(UTC)
    return PolicyTime(
        date=utc.date().isoformat(), weekday=utc.weekday(), hour=utc.hour, minute=utc.minute
    )


def _action(action: Action) -> PolicyAction:
    permission = action.permission
    return PolicyAction(
        id=action.id,
        name=action.name,
        version=action.version,
        targets=action.targets,
        may_change=action.may_change,
        permission=PolicyPermission(
            risk=permission.risk.value,
            confirmation=permission.confirmation,
            approvals=permission.approvals,
            roles=permission.roles,
            visibility=permission.visibility.value,
            urgent=permission.urgent,
        ),
        cost=action.cost,
        side_effects=tuple(effect.job for effect in action.side_effects),
    )
