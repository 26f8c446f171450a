"""Jobs that are given up are told of, and requests for approval whose time is over."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import app_role, bounded, withhold

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Who tells of it asks for all tenants; it refers to nothing: a reference would tell who has what.
_DEADLINES = (
    """
    create table approval_deadlines (
      tenant text collate "C" not null,
      approval_id text collate "C" not null,
      expires_at timestamptz not null,
      primary key (tenant, approval_id)
    )
    """,
    "create index approval_deadlines_passed on approval_deadlines (expires_at)",
    """
    create function note_deadline() returns trigger language plpgsql as $$
    begin
      insert into approval_deadlines (tenant, approval_id, expires_at)
      values (new.organization_id, new.id, new.expires_at) on conflict do nothing;
      return null;
    end
    $$
    """,
    """
    create trigger approvals_deadline after insert on approvals
      for each row execute function note_deadline()
    """,
    # Row security binds the owner too; it is lifted for this statement, under the change's lock.
    "alter table approvals no force row level security",
    """
    insert into approval_deadlines (tenant, approval_id, expires_at)
      select organization_id, id, expires_at from approvals
      where status in ('pending', 'granted') and expires_at > now()
    """,
    "alter table approvals force row level security",
)
_TRIGGER = """
create trigger jobs_given_up after update of status on jobs
  for each row
  when (new.status in ('dead', 'quarantined') and old.status is distinct from new.status)
  execute function tell_of_given_up()
"""


def upgrade() -> None:
    """Tell from now on."""
    bounded()
    path = Path(__file__).parent / "0016_tell_of_given_up.sql"
    op.execute(path.read_text(encoding="utf-8"))
    withhold("tell_of_given_up")
    op.execute(_TRIGGER)
    for statement in _DEADLINES:
        op.execute(statement)
    withhold("note_deadline")
    op.execute(f"grant select, insert, update, delete on approval_deadlines to {app_role()}")


def downgrade() -> None:
    """Tell no more; what was told stays."""
    bounded()
    op.execute("drop trigger approvals_deadline on approvals")
    op.execute("drop function note_deadline")
    op.execute("drop table approval_deadlines")
    op.execute("drop trigger jobs_given_up on jobs")
    op.execute("drop function tell_of_given_up")
