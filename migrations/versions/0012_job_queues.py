"""What organizations and projects say of their jobs: paused, how many at once and a minute."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import app_role, bounded, offer, secure

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES = (
    # One row for the tenant, and one for each project that says something of its own. What is left
    # of a rate changes with every look of a relay, for which its page has room.
    """
    create table job_queues (
      organization_id text collate "C" not null,
      scope text collate "C" not null,
      project_id text collate "C",
      paused_at timestamptz,
      paused_by text collate "C",
      why text,
      at_once bigint,
      per_minute bigint,
      tokens double precision not null,
      filled_at timestamptz not null,
      changed_at timestamptz not null,
      changed_by text collate "C" not null,
      primary key (organization_id, scope),
      constraint job_queues_scope_check check (scope = coalesce(project_id, organization_id)),
      constraint job_queues_pause_check check (
        (paused_at is null) = (paused_by is null) and (paused_at is null) = (why is null)),
      constraint job_queues_at_once_check check (at_once between 1 and 10000),
      constraint job_queues_per_minute_check check (per_minute between 1 and 600000),
      foreign key (organization_id) references organizations (id),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    ) with (fillfactor = 50)
    """,
)
_INDEXES = (
    "drop index outbox_due",
    "create index outbox_due on outbox (tenant, project_id, priority, not_before, job_id)",
    "create index outbox_handed on outbox (tenant, project_id) where handed > 0",
    """
    create index jobs_given_up on jobs (organization_id, id)
      where status in ('dead', 'cancelled', 'quarantined')
    """,
)
_INDEXES_BEFORE = (
    "drop index jobs_given_up",
    "drop index outbox_handed",
    "drop index outbox_due",
    "create index outbox_due on outbox (tenant, priority, not_before, job_id)",
)
_NEW = (
    "tokens_left",
    "rooms_of_tenant",
    "spend_tokens",
    "claim_of_tenant",
    "begin_many",
    "finish_many",
)
_REPLACED = ("claim_outbox", "begin_jobs", "put_jobs")


def _make(function: str, revision_of: str) -> None:
    path = Path(__file__).parent / f"{revision_of}_{function}.sql"
    op.execute(path.read_text(encoding="utf-8"))
    offer(function)


def upgrade() -> None:
    """Make the table, and let relays and workers ask it; let jobs go that ended long ago."""
    bounded()
    for statement in (*_TABLES, *_INDEXES):
        op.execute(statement)
    secure("job_queues", grants=("select", "insert", "update"))
    op.execute(
        "create policy jobs_kept on jobs as restrictive for delete "
        "using (ended_at < now() - interval '1 day')"
    )
    op.execute(f"grant delete on jobs to {app_role()}")
    for function in _NEW:
        _make(function, "0012")
    for function in _REPLACED:
        op.execute(f"drop function {function}")
        _make(function, "0012")


def downgrade() -> None:
    """Take all of it away; what was paused flows."""
    bounded()
    for function in _REPLACED:
        op.execute(f"drop function {function}")
        _make(function, "0009")
    for function in reversed(_NEW):
        op.execute(f"drop function {function}")
    op.execute(f"revoke delete on jobs from {app_role()}")
    op.execute("drop policy jobs_kept on jobs")
    for statement in _INDEXES_BEFORE:
        op.execute(statement)
    op.execute("drop table job_queues")
