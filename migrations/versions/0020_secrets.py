"""Tell all processes of rotated secrets."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import app_role, append_only, bounded, offer

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# Every process reads what was added since it looked last. It names secrets, and holds none.
_TABLE = """
create table secret_rotations (
  sequence bigint generated always as identity primary key,
  reference text collate "C" not null,
  request_key text collate "C" unique,
  body_digest text collate "C" not null,
  told_at timestamptz not null default now()
)
"""


def upgrade() -> None:
    """Make the table, and let the app's role add to it."""
    bounded()
    op.execute(_TABLE)
    op.execute(f"grant select, insert on secret_rotations to {app_role()}")
    append_only("secret_rotations")
    path = Path(__file__).parent / "0020_rotate_secret.sql"
    op.execute(path.read_text(encoding="utf-8"))
    offer("rotate_secret")


def downgrade() -> None:
    """Take it away, with what was told."""
    bounded()
    op.execute("drop function rotate_secret")
    op.execute("drop table secret_rotations")
