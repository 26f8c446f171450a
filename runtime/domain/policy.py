"""Hold the question put to policy, its answer, and the shipped role and risk rules.

The rule table answers in-process; a policy engine answers the same question with the same type.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.action import Action, Risk
from runtime.domain.principal import Principal
from runtime.domain.reason import ReasonCode
from runtime.kit.canonical_json import digest
from runtime.kit.json_value import JsonObject

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


class ObligationKind(StrEnum):
    """Name what an allowing decision still makes the engine do."""

    CONFIRM = "confirm"
    APPROVE = "approve"


class Obligation(BaseModel):
    """Demand something before the step may run; `count` is the number of approvals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ObligationKind
    count: int = Field(default=1, ge=1)


class PolicyReason(BaseModel):
    """Say why policy denied: a stable code, what was expected, and what would mend it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: ReasonCode
    message: str
    remedy: str


class PolicyInput(BaseModel):
    """Ask whether a principal may call an action; the same document for every evaluator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    principal: Principal
    project: str
    action: JsonObject
    inputs: JsonObject


class PolicyDecision(BaseModel):
    """Answer a policy question; silence is never an answer that allows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: bool
    obligations: tuple[Obligation, ...] = ()
    reasons: tuple[PolicyReason, ...] = ()
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
