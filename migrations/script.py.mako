"""${message}."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from alembic import op

from runtime.store.recipes import bounded

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say here what a user gains."""
    bounded()


def downgrade() -> None:
    """Take back all of it."""
    bounded()
