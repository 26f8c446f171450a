"""Spell the documents of operations on policies, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from runtime.client.documents.kinds import ReasonCode

ObligationKind: TypeAlias = Literal["confirm", "approve", "redact", "cap_cost", "eval_gate"]
"""Name what an allowing decision still makes the engine do."""

PolicyLevel: TypeAlias = Literal["organization", "project"]
"""Say whose rules modules are; an organization's come before a project's."""


class DecisionOut(TypedDict):
    """Show a decision."""

    answer: Any
    id: str
    input: dict[str, Any]
    revision: str


class FlipOut(TypedDict):
    """Describe a question that would be answered otherwise."""

    action: str
    after: PolicyAnswerOut
    before: PolicyAnswerOut
    principal: str
    steps: list[StepRefOut]
    times: int


class Obligation(TypedDict):
    """Demand something of a step that is allowed."""

    count: NotRequired[int]
    kind: ObligationKind
    pointers: NotRequired[list[str]]
    role: NotRequired[str | None]
    units: NotRequired[int]


class PolicyActivationOut(TypedDict):
    """Say which version of a scope began to hold when; null for none any more."""

    activated_at: str
    activated_by: str
    number: int
    reason: str
    scope: str
    version: int | None


class PolicyActiveOut(TypedDict):
    """Say which rules hold in a scope beside the shipped ones; null if there never were any."""

    activation: PolicyActivationOut | None


class PolicyAnswerOut(TypedDict):
    """Say what rules answer."""

    allow: bool
    obligations: list[Obligation]
    reasons: list[PolicyReason]


class PolicyCheckOut(TypedDict):
    """Say what an upload would be told."""

    covered_share: float
    problems: list[str]
    tests: list[PolicyTestOut]
    uncovered: list[UncoveredOut]
    usable: bool


class PolicyIn(TypedDict):
    """Upload modules as the next version; they may hold from the same moment on."""

    activate: NotRequired[bool]
    modules: list[PolicyModuleIn]
    note: str


class PolicyModuleIn(TypedDict):
    """Hold one file of Rego."""

    path: str
    text: str


class PolicyModuleOut(TypedDict):
    """Show one file of Rego."""

    path: str
    text: str


class PolicyModulesIn(TypedDict):
    """Hold modules to be tried together with the rules that hold already."""

    modules: list[PolicyModuleIn]


class PolicyOut(TypedDict):
    """Show a version of rules with its modules."""

    created_at: str
    created_by: str
    digest: str
    modules: list[PolicyModuleOut]
    note: str
    scope: str
    version: int


class PolicyReason(TypedDict):
    """Say why policy denied: a stable code, what was expected, and what would mend it."""

    code: ReasonCode
    message: str
    remedy: str


class PolicyReasonIn(TypedDict):
    """Say why rules change; it is kept for ever."""

    reason: str


class PolicySimulationIn(TypedDict):
    """Hold rules to replay decisions under."""

    level: PolicyLevel
    limit: NotRequired[int]
    modules: list[PolicyModuleIn]


class PolicySimulationOut(TypedDict):
    """Say how recorded decisions would turn out."""

    changed: int
    decisions: int
    flips: list[FlipOut]
    left_off: int
    newly_allowed: int
    newly_denied: int
    questions: int


class PolicyTestOut(TypedDict):
    """Say what came of one test."""

    name: str
    passed: bool
    problem: str


class PolicyUploadedOut(TypedDict):
    """Describe a new version, and say what its trial showed."""

    activation: PolicyActivationOut | None
    covered_share: float
    created_at: str
    created_by: str
    digest: str
    note: str
    scope: str
    tests: int
    version: int


class PolicyVersionOut(TypedDict):
    """Describe a version of rules."""

    created_at: str
    created_by: str
    digest: str
    note: str
    scope: str
    version: int


class StepRefOut(TypedDict):
    """Name a step of an outcome."""

    index: int
    outcome: str


class UncoveredOut(TypedDict):
    """Name the lines of a module that no test reached."""

    lines: list[int]
    path: str


class VerificationIn(TypedDict):
    """Say how many of the newest decisions are asked again."""

    limit: NotRequired[int]


class VerificationOut(TypedDict):
    """Say whether decisions come out as they are recorded."""

    decisions: int
    unlike: list[str]
