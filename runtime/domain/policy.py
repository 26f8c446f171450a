"""Hold the question put to policy, its answer, and the shipped role and risk rules.

The platform asks Rego (`runtime/policies`, and what an organization adds to it); the rule table
here answers the same for simulations without a platform, and a test holds both equal.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from runtime.domain.action import Action, Risk
from runtime.domain.principal import Principal
from runtime.domain.reason import ReasonCode
from runtime.kit.canonical_json import digest
from runtime.kit.json_pointer import parse as tokens

RULES_REVISION = "rules-1"

RISK_CEILING: dict[str, Risk] = {
    "operator": Risk.MEDIUM,
    "admin": Risk.HIGH,
    "owner": Risk.HIGH,
}
"""The highest risk that each role may take; a role that is not listed (viewer) may take none.

A role that an action names as required may take that action's risk, whatever its ceiling.
"""

_RISK_RANK = {Risk.LOW: 1, Risk.MEDIUM: 2, Risk.HIGH: 3}


def _readable(pointer: str) -> str:
    tokens(pointer)
    return pointer


class ObligationKind(StrEnum):
    """Name what an allowing decision still makes the engine do."""

    CONFIRM = "confirm"
    APPROVE = "approve"
    REDACT = "redact"
    CAP_COST = "cap_cost"
    EVAL_GATE = "eval_gate"


class Obligation(BaseModel):
    """Demand something of a step that is allowed.

    Attributes:
        kind: what is demanded.
        count: for `approve`, how many people.
        role: for `approve`, the role that they need; None for any that may approve.
        pointers: for `redact`, JSON Pointers into the inputs that the record does not show.
        units: for `cap_cost`, the most that the step may cost.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ObligationKind
    count: int = Field(default=1, ge=1, le=100)
    role: str | None = Field(default=None, min_length=1, max_length=64)
    pointers: tuple[Annotated[str, Field(max_length=500), AfterValidator(_readable)], ...] = Field(
        default=(), max_length=50
    )
    units: int = Field(default=0, ge=0)


class PolicyReason(BaseModel):
    """Say why policy denied: a stable code, what was expected, and what would mend it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: ReasonCode
    message: str
    remedy: str


class PolicyDecision(BaseModel):
    """Answer a policy question; silence is never an answer that allows.

    Attributes:
        allow: whether the step may run, once the obligations are met.
        obligations: what it takes besides.
        reasons: why not.
        roles: the principal's roles, with those that rules derived.
        revision: which rules were asked.
        decision_id: the digest of rules and question, so that equal questions have equal names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: bool
    obligations: tuple[Obligation, ...] = ()
    reasons: tuple[PolicyReason, ...] = ()
    roles: tuple[str, ...] = ()
    revision: str
    decision_id: str


def decide_by_rules(action: Action, principal: Principal) -> PolicyDecision:
    """Apply the shipped table: required roles, risk ceiling, then obligations.

    The answer depends on the action and the principal alone, so callers may keep it.
    """
    reasons = _role_reasons(action, principal) + _risk_reasons(action, principal)
    return PolicyDecision(
        allow=not reasons,
        obligations=() if reasons else _obligations(action),
        reasons=reasons,
        revision=RULES_REVISION,
        decision_id=digest(
            {
                "action": action.id,
                "principal": principal.model_dump(mode="json"),
                "revision": RULES_REVISION,
            }
        ),
    )


def _role_reasons(action: Action, principal: Principal) -> tuple[PolicyReason, ...]:
    required = action.permission.roles
    if not required or set(required) & set(principal.roles):
        return ()
    return (
        PolicyReason(
            code=ReasonCode.ROLE_MISSING,
            message=f"one of the roles {', '.join(required)}; "
            f"the principal has {', '.join(principal.roles) or 'none'}",
            remedy=f"ask somebody with the role {' or '.join(required)}",
        ),
    )


def _risk_reasons(action: Action, principal: Principal) -> tuple[PolicyReason, ...]:
    if set(action.permission.roles) & set(principal.roles):
        return ()
    ceilings = [_RISK_RANK[RISK_CEILING[role]] for role in principal.roles if role in RISK_CEILING]
    risk = action.permission.risk
    if max(ceilings, default=0) >= _RISK_RANK[risk]:
        return ()
    able = sorted(role for role, top in RISK_CEILING.items() if _RISK_RANK[top] >= _RISK_RANK[risk])
    return (
        PolicyReason(
            code=ReasonCode.RISK_TOO_HIGH,
            message=f"a role that may take {risk} risk; "
            f"the principal has {', '.join(principal.roles) or 'none'}",
            remedy=f"ask somebody with the role {' or '.join(able)}",
        ),
    )


def _obligations(action: Action) -> tuple[Obligation, ...]:
    permission = action.permission
    obligations: list[Obligation] = []
    if permission.confirmation or permission.risk is Risk.HIGH:
        obligations.append(Obligation(kind=ObligationKind.CONFIRM))
    if permission.approvals:
        obligations.append(Obligation(kind=ObligationKind.APPROVE, count=permission.approvals))
    return tuple(obligations)
