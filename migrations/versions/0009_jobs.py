"""Jobs that follow a commit, the outbox that hands them to the queue, and who works on them."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import app_role, bounded, offer, secure

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLES = (
    # `attempt` is the fence: it grows with every start, and only who started last may end it.
    # `offered`: the job is in the outbox while it waits; false while it waits for those before it
    # that have its serial key.
    """
    create table jobs (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      project_id text collate "C" not null,
      kind text not null,
      name text not null,
      principal_id text collate "C" not null,
      credential_id text collate "C" not null,
      claims text not null,
      outcome_id text collate "C",
      step bigint,
      payload text not null,
      status text not null,
      offered boolean not null,
      priority bigint not null,
      attempt bigint not null,
      errors bigint not null,
      crashes bigint not null,
      leased_by text collate "C",
      leased_until timestamptz,
      not_before timestamptz not null,
      unique_key text collate "C",
      serial_key text collate "C",
      schedule_to_start_s double precision,
      start_to_close_s double precision,
      reason text,
      result text,
      cancel_asked_at timestamptz,
      created_at timestamptz not null,
      started_at timestamptz,
      ended_at timestamptz,
      primary key (organization_id, id),
      constraint jobs_kind_check check (kind in ('effect', 'plan')),
      constraint jobs_status_check check (
        status in ('waiting', 'running', 'done', 'dead', 'cancelled', 'quarantined')),
      constraint jobs_priority_check check (priority between 0 and 9),
      constraint jobs_payload_check check (octet_length(payload) <= 65536),
      constraint jobs_result_check check (octet_length(result) <= 65536),
      constraint jobs_lease_check check (
        (status = 'running') = (leased_by is not null)
        and (leased_by is null) = (leased_until is null)),
      constraint jobs_end_check check ((status in ('waiting', 'running')) = (ended_at is null)),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    )
    """,
    "create index jobs_project on jobs (organization_id, project_id, id)",
    """
    create unique index jobs_unique on jobs (organization_id, project_id, name, unique_key)
      where unique_key is not null and status in ('waiting', 'running')
    """,
    """
    create index jobs_serial on jobs (organization_id, serial_key, offered, created_at, id)
      where serial_key is not null and status in ('waiting', 'running')
    """,
    """
    create index jobs_leased on jobs (organization_id, leased_by, id) where status = 'running'
    """,
    # One row a job that waits and may go: when it is to be handed to the queue, and, once it was,
    # when to hand it over again in case the queue lost it. It says nothing of anybody but that.
    """
    create table outbox (
      tenant text collate "C" not null,
      job_id text collate "C" not null,
      project_id text collate "C" not null,
      priority bigint not null,
      not_before timestamptz not null,
      alone boolean not null,
      handed bigint not null,
      primary key (tenant, job_id)
    ) with (
      fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0
    )
    """,
    """
    create index outbox_due on outbox (tenant, priority, not_before, job_id)
    """,
    # Until when a worker is believed to be alive; one row for each tenant that it works for.
    """
    create table job_leases (
      tenant text collate "C" not null,
      worker text collate "C" not null,
      until timestamptz not null,
      primary key (tenant, worker)
    ) with (fillfactor = 50)
    """,
)
_FUNCTIONS = (
    "advance_serial",
    "settle_jobs",
    "put_jobs",
    "claim_outbox",
    "begin_jobs",
    "finish_jobs",
    "beat_jobs",
    "give_back_jobs",
    "rescue_jobs",
    "cancel_jobs",
    "reopen_jobs",
    "read_job_standings",
)


def _make(function: str, revision_of: str) -> None:
    path = Path(__file__).parent / f"{revision_of}_{function}.sql"
    op.execute(path.read_text(encoding="utf-8"))
    offer(function)


def upgrade() -> None:
    """Make the tables and their functions, and let a commit of executions put jobs."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    secure("jobs", grants=("select", "insert", "update"))
    for table in ("outbox", "job_leases"):
        op.execute(f"grant select, insert, update, delete on {table} to {app_role()}")
    for function in _FUNCTIONS:
        _make(function, "0009")
    op.execute("drop function commit_executions")
    _make("commit_executions", "0009")


def downgrade() -> None:
    """Take all of it away; what waits is never done."""
    bounded()
    op.execute("drop function commit_executions")
    _make("commit_executions", "0005")
    for function in reversed(_FUNCTIONS):
        op.execute(f"drop function {function}")
    for table in ("job_leases", "outbox", "jobs"):
        op.execute(f"drop table {table}")
