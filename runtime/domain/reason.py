"""List the stable codes that say why a step was refused or failed."""

from __future__ import annotations

from enum import StrEnum


class ReasonCode(StrEnum):
    """Say why a step or plan did not run; values are part of the public contract."""

    PROJECT_ARCHIVED = "project_archived"
    PLAN_EMPTY = "plan_empty"
    PLAN_TOO_LONG = "plan_too_long"
    ACTION_UNKNOWN = "action_unknown"
    ACTION_HIDDEN = "action_hidden"
    INPUT_INVALID = "input_invalid"
    ROLE_MISSING = "role_missing"
    RISK_TOO_HIGH = "risk_too_high"
    POLICY_DENIED = "policy_denied"
    POLICY_UNAVAILABLE = "policy_unavailable"
    POLICY_DOWN = "policy_down"
    POLICY_SLOW = "policy_slow"
    POLICY_UNDEFINED = "policy_undefined"
    POLICY_MALFORMED = "policy_malformed"
    POLICY_FAILED = "policy_failed"
    POLICY_STALE = "policy_stale"
    POLICY_ROLLED_BACK = "policy_rolled_back"
    POLICY_NOT_LOADED = "policy_not_loaded"
    COST_CAPPED = "cost_capped"
    OUTSIDE_WINDOW = "outside_window"
    PRECONDITION_UNMET = "precondition_unmet"
    PRECONDITION_ERROR = "precondition_error"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXCEEDED = "quota_exceeded"
    BUDGET_EXCEEDED = "budget_exceeded"
    CONFIRMATION_REQUIRED = "confirmation_required"
    APPROVAL_REQUIRED = "approval_required"
    HANDLER_REFUSED = "handler_refused"
    HANDLER_ERROR = "handler_error"
    UNDECLARED_CHANGE = "undeclared_change"
    STATE_INVALID = "state_invalid"
    INVARIANT_BROKEN = "invariant_broken"
    INVARIANT_ERROR = "invariant_error"
