"""What a job writes and that it is done are one commit."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import bounded, offer

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _make(revision_of: str) -> None:
    path = Path(__file__).parent / f"{revision_of}_commit_executions.sql"
    op.execute("drop function commit_executions")
    op.execute(path.read_text(encoding="utf-8"))
    offer("commit_executions")


def upgrade() -> None:
    """Let executions end the jobs that they are made for."""
    bounded()
    _make("0015")


def downgrade() -> None:
    """Let jobs end by themselves alone; what ended stays so."""
    bounded()
    _make("0009")
