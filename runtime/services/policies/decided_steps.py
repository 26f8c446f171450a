"""Read what rules answered; whatever is no such answer denies, with a code that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import ValidationError

from runtime.domain.plan import Plan
from runtime.domain.policy import PolicyDecision, PolicyReason
from runtime.domain.policy_input import PolicyDenial, PolicyVerdict
from runtime.domain.reason import ReasonCode
from runtime.kit.canonical_json import canonical_bytes, digest_bytes
from runtime.kit.json_value import JsonValue
from runtime.ports.policy import PolicyFault, PolicyFaultError
from runtime.store.policy_decisions import NewDecision

OUR_CODES: Final = {
    code.value: code
    for code in (ReasonCode.ROLE_MISSING, ReasonCode.RISK_TOO_HIGH, ReasonCode.POLICY_DENIED)
}
"""What rules may give as a reason; anything else is a denial by the organization's own rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedStep:
    """Pair a decision with its record; it has none where nothing was decided, or it is stored."""

    decision: PolicyDecision
    record: NewDecision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedPlan:
    """Hold a plan with versions and defaults filled in, and what rules say of each of its steps.

    Attributes:
        steps: by position; None for an action that is not known.
    """

    plan: Plan
    steps: tuple[DecidedStep | None, ...]


DecidedPlans: TypeAlias = Mapping[str, DecidedPlan]
"""What rules say of executions, by the id of the outcome."""


def decided(
    answer: JsonValue | PolicyFaultError, *, revision: str, decision_id: str
) -> PolicyDecision:
    """Read an answer; one that is none denies, with a code that says why."""
    if isinstance(answer, PolicyFaultError):
        return _denied_by(answer, revision=revision)
    try:
        verdict = PolicyVerdict.model_validate_json(canonical_bytes(answer))
    except (ValidationError, ValueError):
        fault = PolicyFaultError(PolicyFault.MALFORMED, "not the document that rules have to give")
        return _denied_by(fault, revision=revision)
    if verdict.allow is bool(verdict.denials):
        fault = PolicyFaultError(PolicyFault.MALFORMED, "allowed and denied at once, or neither")
        return _denied_by(fault, revision=revision)
    return PolicyDecision(
        allow=verdict.allow,
        obligations=verdict.obligations if verdict.allow else (),
        reasons=tuple(map(_reason, verdict.denials)),
        roles=verdict.roles,
        revision=revision,
        decision_id=decision_id,
    )


def decision_id_of(revision: str, spelled_input: bytes) -> str:
    """Return the digest of rules and question."""
    return digest_bytes(revision.encode() + b"\n" + spelled_input)


def _reason(denial: PolicyDenial) -> PolicyReason:
    return PolicyReason(
        code=OUR_CODES.get(denial.code, ReasonCode.POLICY_DENIED),
        message=denial.message,
        remedy=denial.remedy,
    )


def _denied_by(fault: PolicyFaultError, *, revision: str) -> PolicyDecision:
    return PolicyDecision(
        allow=False,
        reasons=(
            PolicyReason(
                code=ReasonCode(fault.fault.value),
                message="an answer of the policy engine",
                remedy="try again; if it stays so, tell who runs the platform",
            ),
        ),
        revision=revision,
        decision_id="",
    )
