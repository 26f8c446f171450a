"""Keep conversations, their turns, and what is remembered of a person."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from alembic import op

from runtime.store.recipes import bounded, secure

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ALL = ("select", "insert", "update", "delete")
_TABLES = (
    """
    create table conversations (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      project_id text collate "C" not null,
      owner_id text collate "C" not null,
      title text not null,
      created_at timestamptz not null,
      turns bigint not null,
      answering text collate "C",
      free_at timestamptz,
      primary key (organization_id, id),
      constraint conversations_title_check check (char_length(title) <= 200),
      constraint conversations_answering_check check ((answering is null) = (free_at is null)),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade,
      foreign key (organization_id, owner_id) references members (organization_id, id)
    )
    """,
    """
    create index conversations_owner on conversations
      (organization_id, owner_id, project_id, id)
    """,
    "create index conversations_project on conversations (organization_id, project_id, id)",
    # What people and models wrote stands in columns of its own, all of which are emptied together.
    """
    create table turns (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      conversation_id text collate "C" not null,
      number bigint not null,
      status text not null,
      mode text,
      created_at timestamptz not null,
      answered_at timestamptz,
      message text,
      attachments text,
      proposal text,
      plan text,
      problems text,
      dropped text,
      reason text,
      comparability text,
      state_version bigint,
      prompt_tokens bigint not null,
      completion_tokens bigint not null,
      cached_tokens bigint not null,
      cost_micros bigint,
      latency_ms bigint not null,
      tries bigint not null,
      trying text collate "C",
      tried_at timestamptz,
      outcome_id text collate "C",
      refusal text,
      keeps text not null,
      erase_at timestamptz,
      erased_at timestamptz,
      primary key (organization_id, id),
      constraint turns_number unique (organization_id, conversation_id, number),
      constraint turns_status_check check (
        status in ('asking', 'proposed', 'failed', 'executed', 'rejected', 'refused')
      ),
      constraint turns_keeps_check check (keeps in ('everything', 'redacted', 'nothing')),
      constraint turns_trying_check check ((trying is null) = (tried_at is null)),
      constraint turns_message_check check (char_length(message) <= 20000),
      foreign key (organization_id, conversation_id)
        references conversations (organization_id, id) on delete cascade
    )
    """,
    """
    create index turns_erase on turns (organization_id, erase_at)
      where erase_at is not null and erased_at is null
    """,
    """
    create table facts (
      organization_id text collate "C" not null,
      project_id text collate "C" not null,
      member_id text collate "C" not null,
      key text collate "C" not null,
      value text not null,
      source text not null,
      turn_id text collate "C",
      set_at timestamptz not null,
      expires_at timestamptz,
      primary key (organization_id, project_id, member_id, key),
      constraint facts_value_check check (octet_length(value) <= 2000),
      constraint facts_source_check check (source in ('person', 'turn', 'import')),
      foreign key (organization_id, project_id) references projects (organization_id, id)
        on delete cascade,
      foreign key (organization_id, member_id) references members (organization_id, id)
    )
    """,
    "create index facts_member on facts (organization_id, member_id)",
    """
    create index facts_expired on facts (organization_id, expires_at)
      where expires_at is not null
    """,
)


def upgrade() -> None:
    """Make the tables."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    for table in ("conversations", "turns", "facts"):
        secure(table, grants=_ALL)


def downgrade() -> None:
    """Take them away, with what was said."""
    bounded()
    for table in ("facts", "turns", "conversations"):
        op.execute(f"drop table {table}")
