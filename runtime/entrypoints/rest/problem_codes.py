"""Name what can go wrong, once each, with the status and the headers that it is answered with."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Final


class ProblemCode(StrEnum):
    """Name what went wrong; stable across releases. Those of a `DomainError` are its `code`."""

    BODY_UNREADABLE = "body_unreadable"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  # a code
    IDENTITY_REFUSED = "identity_refused"
    DELIVERY_REFUSED = "delivery_refused"
    DELIVERY_STALE = "delivery_stale"
    DELIVERY_UNCERTAIN = "delivery_uncertain"
    DELIVERY_UNFIT = "delivery_unfit"
    EVALUATION_CLOSED = "evaluation_closed"
    METRICS_CLOSED = "metrics_closed"
    NOT_ALLOWED = "not_allowed"
    ORIGIN_REFUSED = "origin_refused"
    NOT_FOUND = "not_found"
    ENVIRONMENT_UNKNOWN = "environment_unknown"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_SLOW = "body_too_slow"
    NAME_TAKEN = "name_taken"
    CONVERSATION_BUSY = "conversation_busy"
    WRONG_TIME = "wrong_time"
    PROJECT_ARCHIVED = "project_archived"
    PLUGIN_DISABLED = "plugin_disabled"
    KEY_REUSED = "idempotency_key_reused"
    STALE_FENCE = "stale_fence"
    STALE_HEAD = "stale_head"
    LIMIT_PASSED = "limit_passed"
    POLICY_MOVED = "policy_moved"
    APPROVAL_MISMATCH = "approval_mismatch"
    VERSION_MISMATCH = "version_mismatch"
    BODY_TOO_LARGE = "body_too_large"
    JOB_TOO_LARGE = "job_too_large"
    BODY_TYPE_UNSUPPORTED = "body_type_unsupported"
    REQUEST_INVALID = "request_invalid"
    CURSOR_INVALID = "cursor_invalid"
    CURSOR_EXPIRED = "cursor_expired"
    ACTION_UNKNOWN = "action_unknown"
    ACTIONS_UNKNOWN = "actions_unknown"
    ENVIRONMENT_NOT_INSTALLED = "environment_not_installed"
    NOT_CONFIRMED = "not_confirmed"
    ROLE_RESERVED = "role_reserved"
    STATE_INVALID = "state_invalid"
    POLICY_REFUSED = "policy_refused"
    WEBHOOK_REFUSED = "webhook_refused"
    GATE_REPORT_REFUSED = "gate_report_refused"
    DECLARATION_INVALID = "declaration_invalid"
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105  # a code
    ATTACHMENT_INVALID = "attachment_invalid"
    MODEL_REFUSED_REQUEST = "model_refused_request"
    MODEL_USE_REFUSED = "model_use_refused"
    MODEL_PRICE_UNKNOWN = "model_price_unknown"
    GATE_REQUIRED = "gate_required"
    MODEL_BUDGET_SPENT = "model_budget_spent"
    LEASE_BUSY = "lease_busy"
    RATE_LIMITED = "rate_limited"
    EXPORTS_BUSY = "exports_busy"
    STREAMS_BUSY = "streams_busy"
    TURNS_BUSY = "turns_busy"
    MODEL_RATE_LIMITED = "model_rate_limited"
    INTERNAL = "internal"
    TENANT_CONTEXT_MISSING = "tenant_context_missing"
    STATE_TAMPERED = "state_tampered"
    REPLAY_DIVERGED = "replay_diverged"
    MODEL_FAILED = "model_failed"
    MODEL_MISSING = "model_missing"
    MODEL_UNAVAILABLE = "model_unavailable"
    CREDENTIAL_UNVERIFIABLE = "credential_unverifiable"
    AUTHENTICATION_BUSY = "authentication_busy"
    AUDIT_KEY_BROKEN = "audit_key_broken"
    AUDIT_LOG_BROKEN = "audit_log_broken"
    AUDIT_UNAVAILABLE = "audit_unavailable"
    LEASE_LOST = "lease_lost"
    LEASE_UNAVAILABLE = "lease_unavailable"
    RATES_UNAVAILABLE = "rates_unavailable"
    POLICY_UNCHECKABLE = "policy_uncheckable"
    STORAGE_REFUSED = "storage_refused"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    SCHEMA_MISMATCH = "schema_mismatch"
    LOGIN_CLOSED = "login_closed"
    MODEL_TOO_SLOW = "model_too_slow"
    DEADLINE_PASSED = "deadline_passed"


_CODES: Final[Mapping[HTTPStatus, tuple[ProblemCode, ...]]] = {
    HTTPStatus.BAD_REQUEST: (ProblemCode.BODY_UNREADABLE,),
    HTTPStatus.UNAUTHORIZED: (
        ProblemCode.TOKEN_REFUSED,
        ProblemCode.IDENTITY_REFUSED,
        ProblemCode.DELIVERY_REFUSED,
    ),
    HTTPStatus.FORBIDDEN: (
        ProblemCode.DELIVERY_STALE,
        ProblemCode.EVALUATION_CLOSED,
        ProblemCode.METRICS_CLOSED,
        ProblemCode.NOT_ALLOWED,
        ProblemCode.ORIGIN_REFUSED,
    ),
    HTTPStatus.NOT_FOUND: (ProblemCode.NOT_FOUND, ProblemCode.ENVIRONMENT_UNKNOWN),
    HTTPStatus.METHOD_NOT_ALLOWED: (ProblemCode.METHOD_NOT_ALLOWED,),
    HTTPStatus.REQUEST_TIMEOUT: (ProblemCode.BODY_TOO_SLOW,),
    HTTPStatus.CONFLICT: (
        ProblemCode.NAME_TAKEN,
        ProblemCode.CONVERSATION_BUSY,
        ProblemCode.WRONG_TIME,
        ProblemCode.PROJECT_ARCHIVED,
        ProblemCode.PLUGIN_DISABLED,
        ProblemCode.KEY_REUSED,
        ProblemCode.DELIVERY_UNCERTAIN,
        ProblemCode.STALE_FENCE,
        ProblemCode.STALE_HEAD,
        ProblemCode.LIMIT_PASSED,
        ProblemCode.POLICY_MOVED,
        ProblemCode.APPROVAL_MISMATCH,
        ProblemCode.MODEL_PRICE_UNKNOWN,
        ProblemCode.GATE_REQUIRED,
    ),
    HTTPStatus.GONE: (ProblemCode.CURSOR_EXPIRED,),
    HTTPStatus.PRECONDITION_FAILED: (ProblemCode.VERSION_MISMATCH,),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        ProblemCode.BODY_TOO_LARGE,
        ProblemCode.JOB_TOO_LARGE,
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (ProblemCode.BODY_TYPE_UNSUPPORTED,),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        ProblemCode.REQUEST_INVALID,
        ProblemCode.CURSOR_INVALID,
        ProblemCode.DELIVERY_UNFIT,
        ProblemCode.ACTION_UNKNOWN,
        ProblemCode.ACTIONS_UNKNOWN,
        ProblemCode.ENVIRONMENT_NOT_INSTALLED,
        ProblemCode.NOT_CONFIRMED,
        ProblemCode.ROLE_RESERVED,
        ProblemCode.STATE_INVALID,
        ProblemCode.POLICY_REFUSED,
        ProblemCode.WEBHOOK_REFUSED,
        ProblemCode.GATE_REPORT_REFUSED,
        ProblemCode.DECLARATION_INVALID,
        ProblemCode.TOKEN_MALFORMED,
        ProblemCode.ATTACHMENT_INVALID,
        ProblemCode.MODEL_REFUSED_REQUEST,
        ProblemCode.MODEL_USE_REFUSED,
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        ProblemCode.LEASE_BUSY,
        ProblemCode.RATE_LIMITED,
        ProblemCode.EXPORTS_BUSY,
        ProblemCode.STREAMS_BUSY,
        ProblemCode.TURNS_BUSY,
        ProblemCode.MODEL_RATE_LIMITED,
        ProblemCode.MODEL_BUDGET_SPENT,
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        ProblemCode.INTERNAL,
        ProblemCode.AUDIT_KEY_BROKEN,
        ProblemCode.AUDIT_LOG_BROKEN,
        ProblemCode.STORAGE_REFUSED,
        ProblemCode.TENANT_CONTEXT_MISSING,
        ProblemCode.STATE_TAMPERED,
        ProblemCode.REPLAY_DIVERGED,
    ),
    HTTPStatus.BAD_GATEWAY: (ProblemCode.MODEL_FAILED,),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        ProblemCode.MODEL_MISSING,
        ProblemCode.MODEL_UNAVAILABLE,
        ProblemCode.CREDENTIAL_UNVERIFIABLE,
        ProblemCode.AUTHENTICATION_BUSY,
        ProblemCode.AUDIT_UNAVAILABLE,
        ProblemCode.LEASE_LOST,
        ProblemCode.LEASE_UNAVAILABLE,
        ProblemCode.RATES_UNAVAILABLE,
        ProblemCode.POLICY_UNCHECKABLE,
        ProblemCode.STORAGE_UNAVAILABLE,
        ProblemCode.SCHEMA_MISMATCH,
        ProblemCode.LOGIN_CLOSED,
    ),
    HTTPStatus.GATEWAY_TIMEOUT: (ProblemCode.MODEL_TOO_SLOW, ProblemCode.DEADLINE_PASSED),
}
STATUSES: Final[Mapping[ProblemCode, HTTPStatus]] = MappingProxyType(
    {code: status for status, codes in _CODES.items() for code in codes}
)

CHALLENGE: Final = MappingProxyType({"WWW-Authenticate": 'Bearer realm="plangate"'})
_SOON: Final = MappingProxyType({"Retry-After": "1"})
_LATER: Final = MappingProxyType({"Retry-After": "30"})
HEADERS: Final[Mapping[ProblemCode, Mapping[str, str]]] = MappingProxyType(
    {
        ProblemCode.TOKEN_REFUSED: CHALLENGE,
        ProblemCode.IDENTITY_REFUSED: CHALLENGE,
        ProblemCode.LEASE_BUSY: _SOON,
        ProblemCode.LEASE_LOST: _SOON,
        ProblemCode.LEASE_UNAVAILABLE: _SOON,
        ProblemCode.RATES_UNAVAILABLE: _SOON,
        ProblemCode.STORAGE_UNAVAILABLE: _SOON,
        ProblemCode.CREDENTIAL_UNVERIFIABLE: _SOON,
        ProblemCode.AUTHENTICATION_BUSY: _SOON,
        ProblemCode.AUDIT_UNAVAILABLE: _SOON,
        ProblemCode.EXPORTS_BUSY: _LATER,
        ProblemCode.STREAMS_BUSY: _LATER,
        ProblemCode.TURNS_BUSY: _SOON,
        ProblemCode.CONVERSATION_BUSY: _SOON,
    }
)
