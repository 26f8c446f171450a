"""Requests that others approve a plan, with the votes on them; executions ask for and use them."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import append_only, bounded, offer, secure, withhold

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = (
    """
    create table approvals (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      project_id text collate "C" not null,
      requester text collate "C" not null,
      credential_id text collate "C" not null,
      plan_digest text not null,
      plan text not null,
      policy_revision text not null,
      state_version bigint not null,
      needs text not null,
      outcome_id text collate "C" not null,
      status text not null,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      ended_at timestamptz,
      used_by text collate "C",
      primary key (organization_id, id),
      check (status in ('pending', 'granted', 'denied', 'withdrawn', 'used')),
      check ((status = 'used') = (used_by is not null)),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    )
    """,
    "create index approvals_project on approvals (organization_id, project_id, id)",
    "create index approvals_plan on approvals (organization_id, project_id, plan_digest)",
    # One person, one vote: the key says so.
    """
    create table approval_votes (
      organization_id text collate "C" not null,
      approval_id text collate "C" not null,
      member_id text collate "C" not null,
      project_id text collate "C" not null,
      kind text not null,
      reason text not null,
      cast_at timestamptz not null,
      primary key (organization_id, approval_id, member_id),
      check (kind in ('grant', 'deny')),
      foreign key (organization_id, approval_id) references approvals (organization_id, id)
        on delete cascade,
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade,
      foreign key (organization_id, member_id) references members (organization_id, id)
    )
    """,
    # Calls of two people to put the approval of others aside for a moment; each may call again.
    """
    create table approval_overrides (
      organization_id text collate "C" not null,
      approval_id text collate "C" not null,
      member_id text collate "C" not null,
      cast_at timestamptz not null,
      project_id text collate "C" not null,
      reason text not null,
      primary key (organization_id, approval_id, member_id, cast_at),
      foreign key (organization_id, approval_id) references approvals (organization_id, id)
        on delete cascade,
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade,
      foreign key (organization_id, member_id) references members (organization_id, id)
    )
    """,
)

# What was asked for stays as it was asked; what ended stays ended, and how.
_REQUESTS_STAY = """
create function refuse_approval_change() returns trigger
language plpgsql as $$
declare
  kept approvals := new;
begin
  if old.status in ('pending', 'granted') then
    kept.status := old.status;
    kept.ended_at := old.ended_at;
    kept.used_by := old.used_by;
    kept.organization_id := old.organization_id;  -- row security refuses that
    if kept is not distinct from old then
      return new;
    end if;
  end if;
  raise exception 'approvals can be ended once, and not changed' using errcode = 'PL006';
end $$
"""
_REQUESTS_JUDGED = """
create trigger approvals_stay before update on approvals
  for each row execute function refuse_approval_change()
"""


def _replace(revision_of: str) -> None:
    """Put the function of a revision in the place of the one that is there."""
    path = Path(__file__).parent / f"{revision_of}_commit_executions.sql"
    op.execute("drop function commit_executions")
    op.execute(path.read_text(encoding="utf-8"))
    offer("commit_executions")


def upgrade() -> None:
    """Make the tables, and let a commit of executions ask for approvals and use them."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    secure("approvals", grants=("select", "insert", "update"))
    secure("approval_votes", grants=("select", "insert"))
    secure("approval_overrides", grants=("select", "insert"))
    op.execute(_REQUESTS_STAY)
    op.execute(_REQUESTS_JUDGED)
    withhold("refuse_approval_change()")
    append_only("approval_votes", judge="refuse_policy_change")
    append_only("approval_overrides", judge="refuse_policy_change")
    _replace("0004")


def downgrade() -> None:
    """Take all of it away, votes included."""
    bounded()
    _replace("0003")
    op.execute("drop table approval_overrides")
    op.execute("drop table approval_votes")
    op.execute("drop table approvals")
    op.execute("drop function refuse_approval_change()")
