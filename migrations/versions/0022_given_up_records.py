"""Jobs that are given up are records of the audit as well."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import bounded, withhold

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_MADE = "create function"


def upgrade() -> None:
    """Record them from now on."""
    bounded()
    op.execute(_text("0022"))
    withhold("tell_of_given_up")


def downgrade() -> None:
    """Only tell of them again; what was recorded stays."""
    bounded()
    op.execute(_text("0016").replace(_MADE, "create or replace function", 1))
    withhold("tell_of_given_up")


def _text(revision_of: str) -> str:
    path = Path(__file__).parent / f"{revision_of}_tell_of_given_up.sql"
    return path.read_text(encoding="utf-8")
