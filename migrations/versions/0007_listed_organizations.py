"""What tells servers that evaluate rules which organizations there are, and when rules change."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import app_role, bounded, offer, withhold

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLE = """
create table listed_organizations (
  id text collate "C" primary key,
  archived boolean not null
)
"""
# It runs with the rights of whoever makes, archives or restores an organization: no more is needed.
_LISTING = """
create function list_organization() returns trigger
language plpgsql as $$
begin
  insert into listed_organizations (id, archived) values (new.id, new.archived_at is not null)
    on conflict (id) do update set archived = excluded.archived;
  return null;
end $$
"""
_TRIGGER = """
create trigger organizations_listed after insert or update of archived_at on organizations
  for each row execute function list_organization()
"""
# Row security binds the owner too; it is lifted for this statement, under the lock of the change.
_THOSE_THERE = """
insert into listed_organizations (id, archived)
  select id, archived_at is not null from organizations
"""


def upgrade() -> None:
    """List what is there, and from now on what comes."""
    bounded()
    op.execute(_TABLE)
    op.execute(f"grant select, insert, update on listed_organizations to {app_role()}")
    op.execute(_LISTING)
    withhold("list_organization()")
    op.execute(_TRIGGER)
    op.execute("alter table organizations no force row level security")
    op.execute(_THOSE_THERE)
    op.execute("alter table organizations force row level security")
    op.execute((Path(__file__).parent / "0007_rules_stamp.sql").read_text(encoding="utf-8"))
    offer("rules_stamp(text)")


def downgrade() -> None:
    """List nothing any more."""
    bounded()
    op.execute("drop function rules_stamp(text)")
    op.execute("drop trigger organizations_listed on organizations")
    op.execute("drop function list_organization()")
    op.execute("drop table listed_organizations")
