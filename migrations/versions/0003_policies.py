"""Each organization's own rules, which of them hold, and every decision that rules made."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import append_only, bounded, offer, secure, withhold

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = (
    # `scope` is a project's id, or 'organization' for rules that hold in all of its projects.
    """
    create table policy_versions (
      organization_id text collate "C" not null,
      scope text collate "C" not null,
      version bigint not null,
      project_id text collate "C",
      modules text not null,
      digest text not null,
      note text not null,
      created_at timestamptz not null,
      created_by text collate "C" not null,
      primary key (organization_id, scope, version),
      check (scope = coalesce(project_id, 'organization')),
      foreign key (organization_id) references organizations (id),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade
    )
    """,
    # The newest activation of a scope says which version holds; none: no rules of its own.
    """
    create table policy_activations (
      organization_id text collate "C" not null,
      number bigint not null,
      scope text collate "C" not null,
      project_id text collate "C",
      version bigint,
      reason text not null,
      activated_at timestamptz not null,
      activated_by text collate "C" not null,
      primary key (organization_id, number),
      check (scope = coalesce(project_id, 'organization')),
      foreign key (organization_id) references organizations (id),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade,
      foreign key (organization_id, scope, version)
        references policy_versions (organization_id, scope, version) on delete cascade
    )
    """,
    """
    create index policy_activations_scope
      on policy_activations (organization_id, scope, number desc)
    """,
    # All modules that were asked together, by their digest: what a decision is checked against.
    """
    create table policy_units (
      organization_id text collate "C" not null,
      revision text collate "C" not null,
      modules text not null,
      created_at timestamptz not null,
      primary key (organization_id, revision),
      foreign key (organization_id) references organizations (id)
    )
    """,
    # By the digest of rules and question: equal questions to equal rules are one row.
    """
    create table policy_decisions (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      revision text collate "C" not null,
      input text not null,
      answer text not null,
      created_at timestamptz not null,
      primary key (organization_id, id),
      foreign key (organization_id, revision)
        references policy_units (organization_id, revision)
    )
    """,
)
_GRANTS = ("policy_versions", "policy_activations", "policy_units", "policy_decisions")

# What belongs to a project goes with it, once its purge began; all else stays for ever.
_POLICIES_STAY = """
create function refuse_policy_change() returns trigger
language plpgsql as $$
begin
  if tg_op = 'DELETE' and old.project_id is not null and not exists (
    select from projects
    where organization_id = old.organization_id and id = old.project_id
      and purge_began_at is null
  ) then
    return old;
  end if;
  raise exception 'rows of % are only ever added', tg_table_name using errcode = 'PL006';
end $$
"""


def _definition(revision_of: str, function: str) -> str:
    path = Path(__file__).parent / f"{revision_of}_{function}.sql"
    return path.read_text(encoding="utf-8")


def _replace(revision_of: str) -> None:
    """Put the functions of a revision in the place of those that are there."""
    for function in ("commit_executions", "read_head"):
        op.execute(f"drop function {function}")
        op.execute(_definition(revision_of, function))
        offer(function)


def upgrade() -> None:
    """Make the tables of rules, and let executions say which of them decided."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    for table in _GRANTS:
        secure(table, grants=("select", "insert"))
    op.execute(_POLICIES_STAY)
    append_only("policy_versions", judge="refuse_policy_change")
    append_only("policy_activations", judge="refuse_policy_change")
    withhold("refuse_policy_change()")
    append_only("policy_units")
    append_only("policy_decisions")
    _replace("0003")


def downgrade() -> None:
    """Take all of it away, decisions included."""
    bounded()
    _replace("0002")
    for table in reversed(_GRANTS):
        op.execute(f"drop table {table}")
    op.execute("drop function refuse_policy_change()")
