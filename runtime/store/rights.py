"""Say what the app's role may do, and what must hold of every table: the doctor compares with it.

Revisions grant it, each what it made; a test holds the sum of them equal to this.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TENANT_COLUMN: Final = "organization_id"
TENANTS: Final = "organizations"
"""The table of tenants itself, whose `id` is the tenant."""

TENANTLESS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "alembic_version": "says which revision the schema is at, and nothing of anybody",
        "approval_deadlines": "says when requests end, and nothing of them, for who serves all",
        "audit_key_epochs": "says with which keys logs are signed",
        "audit_listings": "says how far objects of each sink were read, for who serves all",
        "audit_outbox": "says that records wait, and nothing of them, for who serves all",
        "audit_reconciliations": "says how far logs were compared with copies, for who serves all",
        "audit_shipments": "says how much of each log a sink has, for who serves all",
        "audit_shippers": "says which process ships to a sink",
        "audit_turns": "says how long each log is and when it is to be signed, for who serves all",
        "event_outbox": "says that there are new events, and nothing of them, for who serves all",
        "job_leases": "says until when workers are alive, for whoever rescues of all tenants",
        "listed_organizations": "says which tenants there are, and nothing of them",
        "outbox": "says that jobs wait, and nothing of them, for relays that serve all tenants",
        "schedule_alarms": "says when schedules come due, and nothing of them, for who serves all",
        "secret_rotations": "names secrets of the operator that were rotated, for every process",
        "webhook_lanes": "says when endpoints are to be sent to, and by whom, for who serves all",
    }
)
"""Tables without a tenant, each with its reason."""

GRANTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "alembic_version": frozenset({"select"}),
        "approval_deadlines": frozenset({"select", "insert", "update", "delete"}),
        "approval_overrides": frozenset({"select", "insert"}),
        "approval_votes": frozenset({"select", "insert"}),
        "approvals": frozenset({"select", "insert", "update"}),
        "audit_anchors": frozenset({"select", "insert"}),
        "audit_copies": frozenset({"select", "insert"}),
        "audit_heads": frozenset({"select", "insert"}),
        "audit_holds": frozenset({"select", "insert", "update"}),
        "audit_key_epochs": frozenset({"select", "insert"}),
        "audit_leaves": frozenset({"select", "insert"}),
        "audit_listings": frozenset({"select", "insert", "update"}),
        "audit_orphans": frozenset({"select", "insert"}),
        "audit_outbox": frozenset({"select", "insert", "update", "delete"}),
        "audit_payload_keys": frozenset({"select", "insert", "update"}),
        "audit_reconciliations": frozenset({"select", "insert", "update"}),
        "audit_records": frozenset({"select", "insert", "delete"}),
        "audit_settings": frozenset({"select", "insert", "update"}),
        "audit_shipments": frozenset({"select", "insert", "update", "delete"}),
        "audit_shippers": frozenset({"select", "insert", "update", "delete"}),
        "audit_tiles": frozenset({"select", "insert"}),
        "audit_trees": frozenset({"select", "insert", "update"}),
        "audit_turns": frozenset({"select", "insert", "update", "delete"}),
        "conversations": frozenset({"select", "insert", "update", "delete"}),
        "event_outbox": frozenset({"select", "insert", "update", "delete"}),
        "events": frozenset({"select", "insert", "delete"}),
        "facts": frozenset({"select", "insert", "update", "delete"}),
        "firings": frozenset({"select", "insert", "update", "delete"}),
        "gates": frozenset({"select", "insert", "delete"}),
        "heads": frozenset({"select", "insert", "update"}),
        "hook_deliveries": frozenset({"select", "insert", "update", "delete"}),
        "hook_secrets": frozenset({"select", "insert", "update", "delete"}),
        "hooks": frozenset({"select", "insert", "update", "delete"}),
        "idempotency_keys": frozenset({"select", "insert", "update", "delete"}),
        "invitations": frozenset({"select", "insert", "update"}),
        "job_leases": frozenset({"select", "insert", "update", "delete"}),
        "job_queues": frozenset({"select", "insert", "update"}),
        "jobs": frozenset({"select", "insert", "update", "delete"}),
        "limit_counters": frozenset({"select", "insert", "update", "delete"}),
        "listed_organizations": frozenset({"select", "insert", "update"}),
        "members": frozenset({"select", "insert", "update"}),
        "memberships": frozenset({"select", "insert", "update", "delete"}),
        "model_spends": frozenset({"select", "insert", "update", "delete"}),
        "model_tallies": frozenset({"select", "insert", "update", "delete"}),
        "model_uses": frozenset({"select", "insert"}),
        "organization_limits": frozenset({"select", "insert"}),
        "organizations": frozenset({"select", "insert", "update"}),
        "outbox": frozenset({"select", "insert", "update", "delete"}),
        "outcomes": frozenset({"select", "insert", "delete"}),
        "plugin_switches": frozenset({"select", "insert", "delete"}),
        "policy_activations": frozenset({"select", "insert"}),
        "policy_decisions": frozenset({"select", "insert"}),
        "policy_units": frozenset({"select", "insert"}),
        "policy_versions": frozenset({"select", "insert"}),
        "projects": frozenset({"select", "insert", "update", "delete"}),
        "schedule_alarms": frozenset({"select", "insert", "update", "delete"}),
        "schedules": frozenset({"select", "insert", "update", "delete"}),
        "secret_rotations": frozenset({"select", "insert"}),
        "snapshots": frozenset({"select", "insert", "delete"}),
        "tokens": frozenset({"select", "insert", "update"}),
        "turns": frozenset({"select", "insert", "update", "delete"}),
        "versions": frozenset({"select", "insert", "delete"}),
        "webhook_attempts": frozenset({"select", "insert", "delete"}),
        "webhook_deliveries": frozenset({"select", "insert", "update", "delete"}),
        "webhook_endpoints": frozenset({"select", "insert", "update", "delete"}),
        "webhook_lanes": frozenset({"select", "insert", "update", "delete"}),
        "webhook_secrets": frozenset({"select", "insert", "update", "delete"}),
    }
)
"""What the app's role may do with each table; a table that is not here is none of its business."""

CALLABLE: Final = frozenset(
    {
        "advance_serial",
        "append_audit_leaves",
        "audit_waiting",
        "beat_jobs",
        "begin_jobs",
        "begin_many",
        "cancel_jobs",
        "claim_of_tenant",
        "claim_outbox",
        "commit_executions",
        "current_organization",
        "destroy_audit_keys",
        "finish_jobs",
        "finish_many",
        "give_back_jobs",
        "put_jobs",
        "read_counters",
        "read_head",
        "read_job_standings",
        "read_standing",
        "reopen_jobs",
        "rescue_jobs",
        "rooms_of_tenant",
        "rotate_secret",
        "rules_stamp",
        "settle_jobs",
        "spend_tokens",
        "tokens_left",
    }
)
"""Functions that the app's role may call."""

APPEND_ONLY: Final = frozenset(
    {
        "approval_overrides",
        "approval_votes",
        "audit_anchors",
        "audit_copies",
        "audit_heads",
        "audit_key_epochs",
        "audit_leaves",
        "audit_orphans",
        "audit_records",
        "audit_tiles",
        "gates",
        "organization_limits",
        "outcomes",
        "policy_activations",
        "policy_decisions",
        "policy_units",
        "policy_versions",
        "secret_rotations",
        "snapshots",
        "versions",
    }
)
"""Tables whose rows are only ever added; triggers refuse all else, and grants too, but for one.

Rows of history are deleted with their project, once its purge began, audit records when the log has
them, and gates when they hold nothing any more; that triggers alone judge.
"""

DEFINERS: Final = frozenset[str]()
"""Functions that run with their owner's rights: none, for they would step over row security."""
