"""Organizations, their members, projects and credentials, each row behind its tenant."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from alembic import op

from runtime.store.recipes import app_role, append_only, bounded, offer, secure, withhold

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_FUNCTIONS = (
    # A transaction without an organization is a fault of ours, never an empty answer.
    """
    create function current_organization() returns text
    language plpgsql stable parallel safe as $$
    declare
      named text := nullif(pg_catalog.current_setting('app.organization_id', true), '');
    begin
      if named is null then
        raise exception 'no organization is set in this transaction' using errcode = 'PL001';
      end if;
      return named;
    end $$
    """,
    """
    create function refuse_change() returns trigger
    language plpgsql as $$
    begin
      raise exception 'rows of % are only ever added', tg_table_name using errcode = 'PL006';
    end $$
    """,
    # A project takes its history with it: what can't be undone has to have begun as such.
    """
    create function refuse_hasty_deletion() returns trigger
    language plpgsql as $$
    begin
      if old.purge_began_at is null then
        raise exception 'a project is deleted at the end of its purge only'
          using errcode = 'PL006';
      end if;
      return old;
    end $$
    """,
)

_TABLES = (
    """
    create table organizations (
      id text collate "C" primary key,
      name text not null,
      created_at timestamptz not null,
      archived_at timestamptz
    )
    """,
    """
    create table members (
      organization_id text collate "C" not null references organizations (id),
      id text collate "C" not null,
      kind text not null check (kind in ('person', 'service')),
      display_name text not null,
      email text,
      issuer text,
      subject text,
      organization_role text not null check (organization_role in ('owner', 'member')),
      created_at timestamptz not null,
      removed_at timestamptz,
      primary key (organization_id, id),
      check ((issuer is null) = (subject is null))
    )
    """,
    """
    create unique index members_email on members (organization_id, email)
      where email is not null and removed_at is null
    """,
    """
    create unique index members_subject on members (organization_id, issuer, subject)
      where issuer is not null and removed_at is null
    """,
    """
    create table projects (
      organization_id text collate "C" not null references organizations (id),
      id text collate "C" not null,
      name text not null,
      environment text not null,
      limits text not null,
      created_at timestamptz not null,
      created_by text collate "C" not null,
      archived_at timestamptz,
      purge_began_at timestamptz,
      primary key (organization_id, id),
      constraint projects_name unique (organization_id, name),
      check (purge_began_at is null or archived_at is not null)
    )
    """,
    """
    create table memberships (
      organization_id text collate "C" not null,
      project_id text collate "C" not null,
      member_id text collate "C" not null,
      role text not null check (role in ('viewer', 'operator', 'admin')),
      extra_roles text[] not null default '{}',
      mode text not null check (mode in ('interactive', 'assisted', 'autonomous')),
      created_at timestamptz not null,
      primary key (organization_id, project_id, member_id),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade,
      foreign key (organization_id, member_id) references members (organization_id, id)
    )
    """,
    "create index memberships_member on memberships (organization_id, member_id)",
    """
    create table invitations (
      organization_id text collate "C" not null references organizations (id),
      id text collate "C" not null,
      email text not null,
      organization_role text not null check (organization_role in ('owner', 'member')),
      project_id text collate "C",
      role text check (role in ('viewer', 'operator', 'admin')),
      hash bytea not null,
      created_at timestamptz not null,
      created_by text collate "C" not null,
      expires_at timestamptz not null,
      accepted_at timestamptz,
      revoked_at timestamptz,
      primary key (organization_id, id),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade,
      check ((project_id is null) = (role is null))
    )
    """,
    """
    create table tokens (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      member_id text collate "C" not null,
      kind text not null check (kind in ('api', 'session')),
      name text not null,
      hash bytea not null,
      scopes text[] not null,
      created_at timestamptz not null,
      created_by text collate "C" not null,
      expires_at timestamptz,
      revoked_at timestamptz,
      last_used_at timestamptz,
      primary key (organization_id, id),
      foreign key (organization_id, member_id) references members (organization_id, id)
    )
    """,
    "create index tokens_member on tokens (organization_id, member_id)",
    """
    create table idempotency_keys (
      organization_id text collate "C" not null references organizations (id),
      principal_id text collate "C" not null,
      route text not null,
      key text not null,
      body_digest text not null,
      status smallint not null,
      answer text not null,
      created_at timestamptz not null,
      primary key (organization_id, principal_id, route, key)
    )
    """,
    "create index idempotency_keys_age on idempotency_keys (organization_id, created_at)",
    """
    create table events (
      organization_id text collate "C" not null references organizations (id),
      id text collate "C" not null,
      project_id text collate "C",
      type text not null,
      document text not null,
      created_at timestamptz not null,
      shipped_at timestamptz,
      primary key (organization_id, id)
    )
    """,
    "create index events_waiting on events (organization_id, id) where shipped_at is null",
    """
    create table audit_records (
      organization_id text collate "C" not null references organizations (id),
      id text collate "C" not null,
      project_id text collate "C",
      principal_id text collate "C" not null,
      kind text not null,
      document text not null,
      digest text not null,
      created_at timestamptz not null,
      primary key (organization_id, id)
    )
    """,
)

_GRANTS = {
    "members": ("select", "insert", "update"),
    "projects": ("select", "insert", "update", "delete"),
    "memberships": ("select", "insert", "update", "delete"),
    "invitations": ("select", "insert", "update"),
    "tokens": ("select", "insert", "update"),
    "idempotency_keys": ("select", "insert", "update", "delete"),
    "events": ("select", "insert", "update"),
    "audit_records": ("select", "insert"),
}
_DROPPED = (*reversed(_GRANTS), "organizations")


def upgrade() -> None:
    """Make the tables of tenancy and identity."""
    bounded()
    for statement in (*_FUNCTIONS, *_TABLES):
        op.execute(statement)
    secure("organizations", grants=("select", "insert", "update"), tenant="id")
    for table, grants in _GRANTS.items():
        secure(table, grants=grants)
    append_only("audit_records")
    offer("current_organization()")
    withhold("refuse_change()")
    op.execute(
        "create trigger projects_purged_only before delete on projects "
        "for each row execute function refuse_hasty_deletion()"
    )
    withhold("refuse_hasty_deletion()")
    op.execute(f"grant usage on schema public to {app_role()}")
    op.execute(f"grant select on alembic_version to {app_role()}")


def downgrade() -> None:
    """Take all of it away, rows included."""
    bounded()
    op.execute(f"revoke select on alembic_version from {app_role()}")  # noqa: S608  # no query
    op.execute(f"revoke usage on schema public from {app_role()}")
    for table in _DROPPED:
        op.execute(f"drop table {table}")
    op.execute("drop function refuse_hasty_deletion()")
    op.execute("drop function refuse_change()")
    op.execute("drop function current_organization()")
