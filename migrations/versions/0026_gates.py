"""Keep the verdicts of evaluations."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from alembic import op

from runtime.store.recipes import append_only, bounded, secure

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TABLES = (
    # What a report says of one model in one environment. The newest of a model, a prompt and a
    # registry holds, and one report says no two things of them.
    """
    create table gates (
      organization_id text collate "C" not null,
      id text collate "C" not null,
      run text collate "C" not null,
      model text collate "C" not null,
      identity text collate "C" not null,
      environment text collate "C" not null,
      prompt text collate "C" not null,
      registry_digest text collate "C" not null,
      verdict text collate "C" not null,
      digest text collate "C" not null,
      report text not null,
      judged_at timestamptz not null,
      created_at timestamptz not null,
      created_by text collate "C" not null,
      primary key (organization_id, id),
      constraint gates_verdict_check check (
        verdict in ('pass', 'regression', 'governance', 'inconclusive', 'infrastructure')
      ),
      constraint gates_report_check check (octet_length(report) <= 1000000),
      foreign key (organization_id) references organizations (id)
    )
    """,
    "create unique index gates_once on gates (organization_id, digest, model, environment)",
    """
    create index gates_newest on gates
      (organization_id, identity, registry_digest, judged_at desc)
    """,
)


def upgrade() -> None:
    """Make the table."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    secure("gates", grants=("select", "insert"))
    append_only("gates")


def downgrade() -> None:
    """Take it away."""
    bounded()
    op.execute("drop table gates")
