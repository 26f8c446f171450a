"""Inbound hooks: addresses at which others deliver, their secrets, and what was delivered."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from alembic import op

from runtime.store.recipes import bounded, secure

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLES = (
    """
    create table hooks (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      project_id text collate "C" not null,
      name text not null,
      style text not null,
      service_id text collate "C" not null,
      mapping text not null,
      enabled boolean not null,
      created_at timestamptz not null,
      created_by text collate "C" not null,
      updated_at timestamptz not null,
      primary key (organization_id, id),
      constraint hooks_style_check check (style in ('standard-webhooks', 'github', 'stripe')),
      constraint hooks_mapping_check check (octet_length(mapping) <= 16384),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade,
      foreign key (organization_id, service_id) references members (organization_id, id)
    )
    """,
    "create unique index hooks_name on hooks (organization_id, project_id, name)",
    "create index hooks_service on hooks (organization_id, service_id)",
    # `sealed` opens only under a key of the server, which is not in the database.
    """
    create table hook_secrets (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      hook_id text collate "C" not null,
      sealed bytea not null,
      created_at timestamptz not null,
      ends_at timestamptz,
      primary key (organization_id, id),
      foreign key (organization_id, hook_id) references hooks (organization_id, id)
        on delete cascade
    )
    """,
    "create index hook_secrets_hook on hook_secrets (organization_id, hook_id)",
    # `named` is what the sender signed as its id, or the digest of the body: it acts once.
    """
    create table hook_deliveries (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      hook_id text collate "C" not null,
      named text not null,
      body_digest text not null,
      status text not null,
      reason text,
      outcome_id text collate "C",
      tries bigint not null,
      open_tries bigint not null,
      claimed_at timestamptz not null,
      received_at timestamptz not null,
      ended_at timestamptz,
      primary key (organization_id, id),
      constraint hook_deliveries_status_check
        check (status in ('received', 'executed', 'skipped', 'failed')),
      constraint hook_deliveries_open_tries_check check (open_tries >= 0),
      foreign key (organization_id, hook_id) references hooks (organization_id, id)
        on delete cascade
    )
    """,
    """
    create unique index hook_deliveries_named
      on hook_deliveries (organization_id, hook_id, named)
    """,
    """
    create index hook_deliveries_age
      on hook_deliveries (organization_id, hook_id, received_at)
    """,
)


def upgrade() -> None:
    """Make the tables."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    for table in ("hooks", "hook_secrets", "hook_deliveries"):
        secure(table, grants=("select", "insert", "update", "delete"))


def downgrade() -> None:
    """Take all of it away: what is known of deliveries, too."""
    bounded()
    for table in ("hook_deliveries", "hook_secrets", "hooks"):
        op.execute(f"drop table {table}")
