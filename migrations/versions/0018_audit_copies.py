"""Keep what immutable copies there are, and commit nothing without one where that is demanded."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import op

from runtime.store.recipes import app_role, append_only, bounded, offer, secure

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABLES: Final = (
    """
    create table audit_settings (
      organization_id text collate "C" primary key references organizations (id),
      strict boolean not null,
      strict_since timestamptz,
      keep_days bigint,
      changed_by text collate "C" not null,
      changed_at timestamptz not null,
      constraint audit_settings_since_check check (strict = (strict_since is not null)),
      constraint audit_settings_keep_check check (keep_days between 1 and 36500)
    )
    """,
    """
    create table audit_copies (
      organization_id text collate "C" not null references organizations (id),
      record_id text collate "C" not null,
      name text not null,
      sink text not null,
      version text not null,
      digest text not null,
      leaf text not null,
      at timestamptz not null,
      primary key (organization_id, record_id, name)
    )
    """,
    # Which lines of objects no record was committed for, so that each is told of once.
    """
    create table audit_orphans (
      organization_id text collate "C" not null references organizations (id),
      record_id text collate "C" not null,
      name text not null,
      line bigint not null,
      sink text not null,
      marked_at timestamptz not null,
      primary key (organization_id, record_id, name, line)
    )
    """,
    # How far the leaves of each organization that was ever strict were compared with their copies.
    # Who does that asks for all; it refers to nothing: a reference would tell who has what.
    """
    create table audit_reconciliations (
      tenant text collate "C" primary key,
      sequence bigint not null,
      taken_at timestamptz not null
    )
    """,
    # How far the objects of each sink were read; they hold copies of many organizations.
    """
    create table audit_listings (
      sink text collate "C" primary key,
      name text not null,
      taken_at timestamptz not null
    )
    """,
)


def _make(revision_of: str) -> None:
    path = Path(__file__).parent / f"{revision_of}_commit_executions.sql"
    op.execute("drop function commit_executions")
    op.execute(path.read_text(encoding="utf-8"))
    offer("commit_executions")


def upgrade() -> None:
    """Keep copies, and let an organization demand them."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    secure("audit_settings", grants=("select", "insert", "update"))
    secure("audit_copies", grants=("select", "insert"))
    append_only("audit_copies")
    secure("audit_orphans", grants=("select", "insert"))
    append_only("audit_orphans")
    for table in ("audit_reconciliations", "audit_listings"):
        op.execute(f"grant select, insert, update on {table} to {app_role()}")
    _make("0018")


def downgrade() -> None:
    """Demand no copies any more, and forget which there are; the copies themselves stay."""
    bounded()
    _make("0015")
    for table in (
        "audit_listings",
        "audit_reconciliations",
        "audit_orphans",
        "audit_copies",
        "audit_settings",
    ):
        op.execute(f"drop table {table}")
