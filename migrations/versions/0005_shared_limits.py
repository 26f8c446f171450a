"""Limits that an organization sets for all of its projects together, and what is used of them."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import append_only, bounded, offer, secure

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = (
    # The newest number holds; none: an organization without limits of its own.
    """
    create table organization_limits (
      organization_id text collate "C" not null,
      number bigint not null,
      document text not null,
      principal_id text collate "C" not null,
      created_at timestamptz not null,
      primary key (organization_id, number),
      foreign key (organization_id) references organizations (id)
    )
    """,
    # One row for what is counted in a day or a month. Every commit that is charged changes it, for
    # which its page has room. `told` is the highest percentage of `told_of` that was told of.
    """
    create table limit_counters (
      organization_id text collate "C" not null,
      key text collate "C" not null,
      period text collate "C" not null,
      used bigint not null,
      told bigint not null,
      told_of bigint not null,
      updated_at timestamptz not null,
      primary key (organization_id, key, period),
      check (used >= 0),
      foreign key (organization_id) references organizations (id)
    ) with (fillfactor = 50)
    """,
)
_BEFORE = {"commit_executions": "0004", "read_head": "0003"}
_AFTER = {"commit_executions": "0005", "read_head": "0005"}


def _make(function: str, revision_of: str) -> None:
    path = Path(__file__).parent / f"{revision_of}_{function}.sql"
    op.execute(path.read_text(encoding="utf-8"))
    offer(function)


def _replace(revisions: dict[str, str]) -> None:
    """Put each function, as a revision made it, in the place of the one that is there."""
    for function, revision_of in revisions.items():
        op.execute(f"drop function {function}")
        _make(function, revision_of)


def upgrade() -> None:
    """Make the tables, and let a commit of executions charge what projects share."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    secure("organization_limits", grants=("select", "insert"))
    append_only("organization_limits")
    secure("limit_counters", grants=("select", "insert", "update", "delete"))
    _replace(_AFTER)
    _make("read_counters", "0005")


def downgrade() -> None:
    """Take all of it away, counters included."""
    bounded()
    op.execute("drop function read_counters")
    _replace(_BEFORE)
    op.execute("drop table limit_counters")
    op.execute("drop table organization_limits")
