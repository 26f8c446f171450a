"""Each project's state and history, and the one function that commits executions under a fence."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import append_only, bounded, offer, secure, withhold

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    # One row a project: what every commit compares and replaces, and nothing that is indexed.
    """
    create table heads (
      organization_id text collate "C" not null,
      project_id text collate "C" not null,
      version bigint not null,
      digest text not null,
      state text not null,
      usage text not null,
      settings bigint not null,
      outcomes bigint not null,
      fence bigint not null,
      updated_at timestamptz not null,
      primary key (organization_id, project_id),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    ) with (fillfactor = 40)
    """,
    """
    create table outcomes (
      organization_id text collate "C" not null,
      project_id text collate "C" not null,
      number bigint not null,
      id text collate "C" not null,
      principal_id text collate "C" not null,
      credential_id text collate "C" not null,
      status text not null check (status in ('done', 'refused', 'failed')),
      refusal_code text,
      plan_digest text not null,
      before_version bigint not null,
      after_version bigint not null,
      cost bigint not null,
      document text not null,
      fence bigint not null,
      created_at timestamptz not null,
      primary key (organization_id, project_id, number),
      constraint outcomes_id unique (organization_id, project_id, id),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    )
    """,
    """
    create table versions (
      organization_id text collate "C" not null,
      project_id text collate "C" not null,
      version bigint not null,
      digest text not null,
      diff text not null,
      cause text not null check (cause in ('created', 'executed', 'reverted')),
      outcome_id text collate "C",
      principal_id text collate "C" not null,
      created_at timestamptz not null,
      primary key (organization_id, project_id, version),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    )
    """,
    """
    create index versions_instant on versions (organization_id, project_id, created_at, version)
    """,
    """
    create table snapshots (
      organization_id text collate "C" not null,
      project_id text collate "C" not null,
      version bigint not null,
      digest text not null,
      state text not null,
      created_at timestamptz not null,
      primary key (organization_id, project_id, version),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    )
    """,
)
_GRANTS = {
    "heads": ("select", "insert", "update"),
    "outcomes": ("select", "insert", "delete"),
    "versions": ("select", "insert", "delete"),
    "snapshots": ("select", "insert", "delete"),
}
_HISTORY = ("outcomes", "versions", "snapshots")

# A project that is gone had been marked: another trigger lets no other go.
_HISTORY_STAYS = """
create function refuse_rewriting() returns trigger
language plpgsql as $$
begin
  if tg_op = 'DELETE' and not exists (
    select from projects
    where organization_id = old.organization_id and id = old.project_id
      and purge_began_at is null
  ) then
    return old;
  end if;
  raise exception 'history of a project is only ever added to; purge the project as a whole'
    using errcode = 'PL006';
end $$
"""


_FUNCTIONS = ("commit_executions", "read_head")


def _definition(function: str) -> str:
    return (Path(__file__).parent / f"0002_{function}.sql").read_text(encoding="utf-8")


def upgrade() -> None:
    """Make the tables of execution and the function that writes them."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    for table, grants in _GRANTS.items():
        secure(table, grants=grants)
    op.execute(_HISTORY_STAYS)
    for table in _HISTORY:
        append_only(table, judge="refuse_rewriting")
    withhold("refuse_rewriting()")
    for function in _FUNCTIONS:
        op.execute(_definition(function))
        offer(function)


def downgrade() -> None:
    """Take all of it away, histories included."""
    bounded()
    for function in _FUNCTIONS:
        op.execute(f"drop function {function}")
    for table in reversed(_GRANTS):
        op.execute(f"drop table {table}")
    op.execute("drop function refuse_rewriting()")
