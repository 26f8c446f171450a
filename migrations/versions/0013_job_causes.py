"""A job that is not done says why in one word of a closed set, beside the words for people."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import bounded, offer

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _make(function: str, revision_of: str) -> None:
    path = Path(__file__).parent / f"{revision_of}_{function}.sql"
    op.execute(path.read_text(encoding="utf-8"))
    offer(function)


def upgrade() -> None:
    """Let attempts end with a cause; what ended before has none."""
    bounded()
    op.execute("alter table jobs add column cause text")
    op.execute(
        "alter table jobs add constraint jobs_cause_check check (cause in ('error', 'timeout', "
        "'expired', 'denied', 'unknown_effect', 'crashed', 'cancelled', 'permanent')) not valid"
    )
    op.execute("alter table jobs validate constraint jobs_cause_check")
    op.execute("drop function finish_jobs")
    _make("finish_jobs", "0013")


def downgrade() -> None:
    """Forget the causes; the words for people stay."""
    bounded()
    op.execute("drop function finish_jobs")
    _make("finish_jobs", "0009")
    op.execute("alter table jobs drop column cause")
