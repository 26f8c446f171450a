"""Keep how models are asked, and what they may cost."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from alembic import op

from runtime.store.recipes import bounded, secure

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_TABLES = (
    # Every version of what an organization, or one of its projects, says; the newest holds.
    """
    create table model_uses (
      organization_id text collate "C" not null,
      scope text collate "C" not null,
      number bigint not null,
      project_id text collate "C",
      document text not null,
      principal_id text collate "C" not null,
      created_at timestamptz not null,
      primary key (organization_id, scope, number),
      constraint model_uses_scope_check check (scope = coalesce(project_id, organization_id)),
      constraint model_uses_document_check check (octet_length(document) <= 16384),
      foreign key (organization_id) references organizations (id),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    )
    """,
    "create index model_uses_project on model_uses (organization_id, project_id)",
    # What a subject used on one day. All of an organization's answers change one of them twice,
    # for which its page has room.
    """
    create table model_tallies (
      organization_id text collate "C" not null,
      subject text collate "C" not null,
      day text collate "C" not null,
      project_id text collate "C",
      tokens bigint not null,
      cost_micros bigint not null,
      reserved_tokens bigint not null,
      reserved_micros bigint not null,
      updated_at timestamptz not null,
      primary key (organization_id, subject, day),
      constraint model_tallies_used_check check (tokens >= 0 and cost_micros >= 0),
      constraint model_tallies_reserved_check
        check (reserved_tokens >= 0 and reserved_micros >= 0),
      foreign key (organization_id) references organizations (id),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    ) with (fillfactor = 50)
    """,
    "create index model_tallies_project on model_tallies (organization_id, project_id)",
    "create index model_tallies_age on model_tallies (organization_id, day)",
    # One attempt of a turn at one model: reserved before it is asked, settled after.
    """
    create table model_spends (
      organization_id text collate "C" not null,
      turn_id text collate "C" not null,
      attempt bigint not null,
      project_id text collate "C" not null,
      member_id text collate "C" not null,
      model text not null,
      price text,
      day text collate "C" not null,
      status text not null,
      reserved_tokens bigint not null,
      reserved_micros bigint,
      tokens bigint not null,
      cost_micros bigint,
      created_at timestamptz not null,
      ends_at timestamptz not null,
      ended_at timestamptz,
      primary key (organization_id, turn_id, attempt),
      constraint model_spends_status_check check (status in ('open', 'settled', 'lapsed')),
      constraint model_spends_end_check check ((status = 'open') = (ended_at is null)),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    )
    """,
    "create index model_spends_project on model_spends (organization_id, project_id)",
    "create index model_spends_age on model_spends (organization_id, created_at)",
    """
    create index model_spends_open on model_spends (organization_id, ends_at)
      where status = 'open'
    """,
)


def upgrade() -> None:
    """Make the tables."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    secure("model_uses", grants=("select", "insert"))
    secure("model_tallies", grants=("select", "insert", "update", "delete"))
    secure("model_spends", grants=("select", "insert", "update", "delete"))


def downgrade() -> None:
    """Take them away."""
    bounded()
    for table in ("model_spends", "model_tallies", "model_uses"):
        op.execute(f"drop table {table}")
