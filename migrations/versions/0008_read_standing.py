"""What a member is in a project is asked of each of them every few seconds: one call answers."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import bounded, offer

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the function."""
    bounded()
    path = Path(__file__).parent / "0008_read_standing.sql"
    op.execute(path.read_text(encoding="utf-8"))
    offer("read_standing")


def downgrade() -> None:
    """Drop it."""
    bounded()
    op.execute("drop function read_standing")
