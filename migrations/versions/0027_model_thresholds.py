"""Remember which thresholds of models' budgets were told of, and let old verdicts of gates go."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path

from alembic import op

from runtime.store.recipes import app_role, append_only, bounded, withhold

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_TOLD = ("told_tokens", "told_tokens_of", "told_micros", "told_micros_of")


def upgrade() -> None:
    """Add what was told of to tallies, and judge deletions of gates one by one."""
    bounded()
    for column in _TOLD:
        op.execute(f"alter table model_tallies add column {column} bigint not null default 0")
    folder = Path(__file__).parent
    op.execute((folder / "0027_refuse_gate_change.sql").read_text(encoding="utf-8"))
    withhold("refuse_gate_change()")
    _judged_by("refuse_gate_change")
    op.execute(f"grant delete on gates to {app_role()}")


def downgrade() -> None:
    """Take it away; verdicts are kept for good again."""
    bounded()
    op.execute(f"revoke delete on gates from {app_role()}")
    _judged_by("refuse_change")
    op.execute("drop function refuse_gate_change()")
    for column in reversed(_TOLD):
        op.execute(f"alter table model_tallies drop column {column}")


def _judged_by(judge: str) -> None:
    """Let another function judge changes of gates."""
    op.execute("drop trigger gates_append_only on gates")
    op.execute("drop trigger gates_no_truncate on gates")
    append_only("gates", judge=judge)
