"""Make a valid row of every table for an organization, as SQL sees it, parents first.

Whoever adds a table adds its row: tests of migrations and of tenancy walk over all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tests.audit_rows import audit_rows
from tests.conversation_rows import conversation_rows
from tests.database import Connection
from tests.gate_rows import gate_rows
from tests.hook_rows import hook_rows
from tests.limit_rows import shared_limit_rows
from tests.model_rows import model_rows
from tests.plugin_rows import plugin_rows
from tests.row_ids import INSTANT, an_id

__all__ = ["INSTANT", "Values", "an_id", "inserted", "organization", "rows_of", "seed"]
from tests.schedule_rows import schedule_rows
from tests.webhook_rows import webhook_rows

Values = Mapping[str, Any]


ONE_EACH: Final = ("organizations", "audit_settings", "audit_trees")
"""Tables of which an organization has one row."""


def organization(number: int) -> str:
    """Return the id of an organization."""
    return an_id("org", number)


def rows_of(organization_id: str, *, number: int = 1) -> dict[str, Values]:
    """Return a row of every table, in an order in which they can be inserted.

    Args:
        organization_id: whose rows.
        number: tells rows of one organization apart; those of a number refer to each other.
    """
    project, member = an_id("prj", number), an_id("mem", number)
    tenant = {"organization_id": organization_id}
    created = {"created_at": INSTANT, "created_by": member}
    return {
        "organizations": {"id": organization_id, "name": "Kiln & Sons", "created_at": INSTANT},
        "members": {
            **tenant,
            "id": member,
            "kind": "person",
            "display_name": "Ada",
            "email": f"ada{number}@example.org",
            "issuer": "https://login.example.org",
            "subject": f"ada-{number}",
            "organization_role": "owner",
            "created_at": INSTANT,
        },
        "projects": {
            **tenant,
            **created,
            "id": project,
            "name": f"Furnace {number}",
            "environment": "facility",
            "limits": "{}",
        },
        "memberships": {
            **tenant,
            "project_id": project,
            "member_id": member,
            "role": "operator",
            "mode": "assisted",
            "created_at": INSTANT,
        },
        "invitations": {
            **tenant,
            **created,
            "id": an_id("inv", number),
            "email": f"bob{number}@example.org",
            "organization_role": "member",
            "project_id": project,
            "role": "viewer",
            "hash": b"\x01",
            "expires_at": INSTANT,
        },
        "tokens": {
            **tenant,
            **created,
            "id": an_id("tok", number),
            "member_id": member,
            "kind": "api",
            "name": "laptop",
            "hash": b"\x02",
            "scopes": ["plans:execute"],
        },
        "idempotency_keys": {
            **tenant,
            "principal_id": member,
            "route": "POST /v1/projects",
            "key": f"key-{number}",
            "body_digest": "d",
            "status": 200,
            "answer": "{}",
            "created_at": INSTANT,
        },
        "events": {
            **tenant,
            "id": an_id("evt", number),
            "project_id": project,
            "type": "project.created",
            "document": "{}",
            "created_at": INSTANT,
        },
        "audit_records": {
            **tenant,
            "id": an_id("aud", number),
            "project_id": project,
            "principal_id": member,
            "kind": "project.created",
            "document": "{}",
            "digest": "d",
            "created_at": INSTANT,
        },
        **_history(tenant, project=project, member=member, number=number),
        **_policies(tenant, member=member, number=number),
        **_approvals(tenant, project=project, member=member, number=number),
        **shared_limit_rows(tenant, member=member, number=number),
        **model_rows(tenant, project=project, member=member, number=number),
        **gate_rows(tenant, member=member, number=number),
        **plugin_rows(tenant, member=member, number=number),
        **hook_rows(tenant, project=project, member=member, number=number),
        **conversation_rows(tenant, project=project, member=member, number=number),
        **_jobs(tenant, project=project, member=member, number=number),
        **schedule_rows(tenant, project=project, member=member, number=number),
        **webhook_rows(tenant, project=project, member=member, number=number),
    }


def _jobs(tenant: Values, *, project: str, member: str, number: int) -> dict[str, Values]:
    return {
        "jobs": {
            **tenant,
            "id": an_id("job", number),
            "project_id": project,
            "kind": "effect",
            "name": "mail.send",
            "principal_id": member,
            "credential_id": "c",
            "claims": "",
            "outcome_id": an_id("out", number),
            "step": 0,
            "payload": "{}",
            "status": "done",
            "offered": True,
            "priority": 4,
            "attempt": 0,
            "errors": 0,
            "crashes": 0,
            "not_before": INSTANT,
            "created_at": INSTANT,
            "ended_at": INSTANT,
        },
        "job_queues": {
            **tenant,
            "scope": project,
            "project_id": project,
            "at_once": 5,
            "tokens": 1.0,
            "filled_at": INSTANT,
            "changed_at": INSTANT,
            "changed_by": member,
        },
    }


def _policies(tenant: Values, *, member: str, number: int) -> dict[str, Values]:
    scope = {**tenant, "scope": "organization"}
    return {
        "policy_versions": {
            **scope,
            "version": 1_000_000 + number,
            "modules": "[]",
            "digest": "d",
            "note": "",
            "created_at": INSTANT,
            "created_by": member,
        },
        "policy_activations": {
            **scope,
            "number": number,
            "version": 1_000_000 + number,
            "reason": "",
            "activated_at": INSTANT,
            "activated_by": member,
        },
        "policy_units": {
            **tenant,
            "revision": f"sha256:{number}",
            "modules": "[]",
            "created_at": INSTANT,
        },
        "policy_decisions": {
            **tenant,
            "id": f"sha256:{number}",
            "revision": f"sha256:{number}",
            "input": "{}",
            "answer": "{}",
            "created_at": INSTANT,
        },
    }


def _approvals(tenant: Values, *, project: str, member: str, number: int) -> dict[str, Values]:
    of_project = {**tenant, "project_id": project}
    return {
        "approvals": {
            **of_project,
            "id": an_id("apr", number),
            "requester": member,
            "credential_id": "c",
            "plan_digest": "d",
            "plan": "{}",
            "policy_revision": "r",
            "state_version": 1,
            "needs": "[]",
            "outcome_id": an_id("out", number),
            "status": "pending",
            "created_at": INSTANT,
            "expires_at": INSTANT,
        },
        "approval_votes": {
            **of_project,
            "approval_id": an_id("apr", number),
            "member_id": member,
            "kind": "grant",
            "reason": "",
            "cast_at": INSTANT,
        },
        "approval_overrides": {
            **of_project,
            "approval_id": an_id("apr", number),
            "member_id": member,
            "reason": "",
            "cast_at": INSTANT,
        },
    }


def _history(tenant: Values, *, project: str, member: str, number: int) -> dict[str, Values]:
    history = {**tenant, "project_id": project}
    return {
        "heads": {
            **history,
            "version": 1,
            "digest": "d",
            "state": "{}",
            "usage": "{}",
            "settings": 1,
            "outcomes": 1,
            "fence": 1,
            "updated_at": INSTANT,
        },
        "outcomes": {
            **history,
            "number": number,
            "id": an_id("out", number),
            "principal_id": member,
            "credential_id": "c",
            "status": "done",
            "plan_digest": "d",
            "before_version": 0,
            "after_version": 1,
            "cost": 0,
            "document": "{}",
            "fence": 1,
            "created_at": INSTANT,
        },
        "versions": {
            **history,
            "version": number,
            "digest": "d",
            "diff": "[]",
            "cause": "executed",
            "outcome_id": an_id("out", number),
            "principal_id": member,
            "created_at": INSTANT,
        },
        "snapshots": {
            **history,
            "version": number,
            "digest": "d",
            "state": "{}",
            "created_at": INSTANT,
        },
        **audit_rows(tenant, project=project, member=member, number=number),
    }


def inserted(table: str, columns: Iterable[str]) -> str:
    """Return the statement that inserts a row of these columns."""
    named = tuple(columns)
    places = ", ".join(f"${place}" for place in range(1, len(named) + 1))
    return f"insert into {table} ({', '.join(named)}) values ({places})"  # noqa: S608  # our names


async def seed(
    connection: Connection,
    rows: Mapping[str, Values],
    *,
    skip: Sequence[str] = (),
) -> None:
    """Insert rows, each under its organization; tables that are not there yet are left out."""
    for table, values in rows.items():
        if table in skip or await connection.fetchval("select to_regclass($1)", table) is None:
            continue
        tenant = values.get("organization_id", values.get("id"))
        async with connection.transaction():
            await connection.execute("select set_config('app.organization_id', $1, true)", tenant)
            await connection.execute(inserted(table, values), *values.values())
