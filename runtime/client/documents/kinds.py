"""Spell the documents of several kinds of operations, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

BudgetScope: TypeAlias = Literal["organization", "project", "principal", "action"]
"""Name whose budget a cost is charged to, from the widest to the narrowest."""

CredentialKind: TypeAlias = Literal["api", "session", "oidc", "operator", "hook", "job", "schedule"]
"""Name how the caller proved who they are."""

EndCause: TypeAlias = Literal[
    "error", "timeout", "expired", "denied", "unknown_effect", "crashed", "cancelled", "permanent"
]
"""Say why a job is not done, so that people know what to do about it."""

JobKind: TypeAlias = Literal["effect", "plan"]
"""Say what runs a job."""

JobStatus: TypeAlias = Literal["waiting", "running", "done", "dead", "cancelled", "quarantined"]
"""Say how a job stands."""

LimitMeasure: TypeAlias = Literal[
    "window",
    "per_minute",
    "per_hour",
    "actions_a_day",
    "units_a_day",
    "tokens_a_day",
    "money_a_day",
    "actions_a_month",
    "units_a_month",
    "tokens_a_month",
    "money_a_month",
]
"""Name what a limit counts; money is in millionths of the organization's currency."""

LimitStatus: TypeAlias = Literal["ok", "warning", "exhausted", "no_limit"]
"""Grade how near a limit is."""

MemberKind: TypeAlias = Literal["person", "service"]
"""Tell people, who may confirm, from services, which may not."""

Mode: TypeAlias = Literal["interactive", "assisted", "autonomous"]
"""Bound how much one plan may do; a property of the grant, never of a document."""

OrganizationRole: TypeAlias = Literal["owner", "member"]
"""Say what a member is in the organization; an owner has every right in each project."""

ProjectRole: TypeAlias = Literal["viewer", "operator", "admin"]
"""Say what a member is in a project."""

ReasonCode: TypeAlias = Literal[
    "project_archived",
    "plan_empty",
    "plan_too_long",
    "action_unknown",
    "plugin_disabled",
    "action_hidden",
    "effect_undeclared",
    "input_invalid",
    "role_missing",
    "risk_too_high",
    "policy_denied",
    "policy_unavailable",
    "policy_down",
    "policy_slow",
    "policy_undefined",
    "policy_malformed",
    "policy_failed",
    "policy_stale",
    "policy_rolled_back",
    "policy_not_loaded",
    "cost_capped",
    "outside_window",
    "precondition_unmet",
    "precondition_error",
    "rate_limited",
    "quota_exceeded",
    "budget_exceeded",
    "gate_required",
    "confirmation_required",
    "approval_required",
    "handler_refused",
    "handler_error",
    "undeclared_change",
    "state_invalid",
    "invariant_broken",
    "invariant_error",
]
"""Say why a step or plan did not run; values are part of the public contract."""

Scope: TypeAlias = Literal[
    "organization:read",
    "organization:manage",
    "projects:read",
    "projects:manage",
    "members:read",
    "members:manage",
    "tokens:read",
    "tokens:manage",
    "plans:simulate",
    "plans:execute",
    "plans:confirm",
    "plans:approve",
    "state:read",
    "state:revert",
    "outcomes:read",
    "policies:read",
    "policies:manage",
    "schedules:read",
    "schedules:manage",
    "jobs:read",
    "jobs:manage",
    "plugins:read",
    "plugins:manage",
    "audit:read",
    "models:read",
    "models:manage",
    "conversations:read",
    "conversations:manage",
    "evaluations:read",
    "evaluations:manage",
]
"""Name one thing that a token may be granted."""

StepStatus: TypeAlias = Literal["done", "refused", "failed", "not_reached", "rolled_back"]
"""Say how a step ended; of an atomic plan that stopped, what was done is rolled back."""
