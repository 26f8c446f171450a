"""Keep conversations, their turns, and what is remembered of a person."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from runtime.store.recipes import bounded

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    bounded()


def downgrade() -> None:
    """Take them away."""
    bounded()
