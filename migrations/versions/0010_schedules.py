"""Plans that come due by the clock, each instant of them once, and an alarm for whoever is free."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from alembic import op

from runtime.store.recipes import app_role, bounded, secure

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = (
    """
    create table schedules (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      project_id text collate "C" not null,
      name text not null,
      cron text not null,
      zone text not null,
      jitter_s bigint not null,
      catch_up text not null,
      plan text not null,
      atomic boolean not null,
      principal_id text collate "C" not null,
      created_at timestamptz not null,
      created_by text collate "C" not null,
      paused_at timestamptz,
      seen_until timestamptz not null,
      next_at timestamptz not null,
      primary key (organization_id, id),
      constraint schedules_name unique (organization_id, project_id, name),
      check (jitter_s between 0 and 3600),
      check (catch_up in ('none', 'last', 'all')),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade,
      foreign key (organization_id, principal_id) references members (organization_id, id)
    )
    """,
    "create index schedules_project on schedules (organization_id, project_id, id)",
    # One instant of a schedule, one row: whoever comes second finds it there.
    """
    create table firings (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      schedule_id text collate "C" not null,
      project_id text collate "C" not null,
      instant timestamptz not null,
      status text not null,
      created_at timestamptz not null,
      tries bigint not null,
      first_tried_at timestamptz,
      next_try_at timestamptz not null,
      ended_at timestamptz,
      outcome_id text collate "C",
      reason text,
      primary key (organization_id, id),
      constraint firings_instant unique (organization_id, schedule_id, instant),
      check (status in ('waiting', 'done', 'refused', 'failed', 'abandoned')),
      check ((outcome_id is not null) = (status in ('done', 'refused', 'failed'))),
      check ((ended_at is not null) = (status <> 'waiting')),
      foreign key (organization_id, schedule_id) references schedules (organization_id, id)
        on delete cascade,
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    )
    """,
    """
    create index firings_waiting on firings (organization_id, schedule_id, next_try_at)
      where status = 'waiting'
    """,
    # Each process of the platform asks it which schedule of whichever tenant is to be looked at. It
    # refers to nothing: a reference would tell who has what. An alarm of nothing ends as it rings.
    """
    create table schedule_alarms (
      tenant text collate "C" not null,
      schedule_id text collate "C" not null,
      rings_at timestamptz not null,
      primary key (tenant, schedule_id)
    )
    """,
    "create index schedule_alarms_rings on schedule_alarms (rings_at)",
)


def upgrade() -> None:
    """Make the tables."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    secure("schedules", grants=("select", "insert", "update", "delete"))
    secure("firings", grants=("select", "insert", "update", "delete"))
    op.execute(f"grant select, insert, update, delete on schedule_alarms to {app_role()}")


def downgrade() -> None:
    """Take all of it away, with what is scheduled."""
    bounded()
    op.execute("drop table schedule_alarms")
    op.execute("drop table firings")
    op.execute("drop table schedules")
