"""Keep the keys of subjects, and holds."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import bounded, offer, secure, withhold

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TABLES = (
    # `wrapped` opens only under a key of the server, which is not in the database. Once it is
    # destroyed, nothing that was sealed under it can be read any more, wherever it is.
    """
    create table audit_payload_keys (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      subject text collate "C" not null,
      period text collate "C" not null,
      wrapped bytea,
      created_at timestamptz not null,
      destroyed_at timestamptz,
      destroyed_why text,
      primary key (organization_id, id),
      constraint audit_payload_keys_period_check check (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
      constraint audit_payload_keys_why_check check (destroyed_why in ('erased', 'expired')),
      constraint audit_payload_keys_destroyed_check check (
        (wrapped is null) = (destroyed_at is not null)
        and (wrapped is null) = (destroyed_why is not null)),
      foreign key (organization_id) references organizations (id)
    )
    """,
    """
    create unique index audit_payload_keys_live
      on audit_payload_keys (organization_id, subject, period) where destroyed_at is null
    """,
    "create index audit_payload_keys_subject on audit_payload_keys (organization_id, subject)",
    # Without a subject it holds the whole organization.
    """
    create table audit_holds (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      name text not null,
      reason text not null,
      subject text collate "C",
      held_by text collate "C" not null,
      created_at timestamptz not null,
      released_at timestamptz,
      released_by text collate "C",
      primary key (organization_id, id),
      constraint audit_holds_length_check
        check (char_length(name) between 1 and 200 and char_length(reason) <= 2000),
      constraint audit_holds_released_check
        check ((released_at is null) = (released_by is null)),
      foreign key (organization_id) references organizations (id)
    )
    """,
    """
    create unique index audit_holds_name
      on audit_holds (organization_id, name, subject) nulls not distinct
      where released_at is null
    """,
)
_TRIGGERS = (
    """
    create trigger audit_payload_keys_guarded before update or delete on audit_payload_keys
      for each row execute function guard_audit_keys()
    """,
    """
    create trigger audit_payload_keys_no_truncate before truncate on audit_payload_keys
      for each statement execute function refuse_change()
    """,
    """
    create trigger audit_holds_guarded before insert or update or delete on audit_holds
      for each row execute function guard_audit_holds()
    """,
    """
    create trigger audit_holds_no_truncate before truncate on audit_holds
      for each statement execute function refuse_change()
    """,
)
_DESTROY = "destroy_audit_keys(text, text, text, text, timestamptz, bigint)"


def upgrade() -> None:
    """Make the tables; keys are destroyed under no hold, by whichever way."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    for table in ("audit_payload_keys", "audit_holds"):
        secure(table, grants=("select", "insert", "update"))
    folder = Path(__file__).parent
    op.execute((folder / "0019_guard_audit_keys.sql").read_text(encoding="utf-8"))
    op.execute((folder / "0019_guard_audit_holds.sql").read_text(encoding="utf-8"))
    for guard in ("guard_audit_keys", "guard_audit_holds"):
        withhold(f"{guard}()")
    for statement in _TRIGGERS:
        op.execute(statement)
    op.execute((folder / "0019_destroy_audit_keys.sql").read_text(encoding="utf-8"))
    offer(_DESTROY)


def downgrade() -> None:
    """Take the keys away: what is sealed under them is never read again."""
    bounded()
    op.execute(f"drop function {_DESTROY}")
    for table in ("audit_holds", "audit_payload_keys"):
        op.execute(f"drop table {table}")
    for guard in ("guard_audit_holds", "guard_audit_keys"):
        op.execute(f"drop function {guard}()")
