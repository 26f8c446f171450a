"""What is known by its id is found by it: work on jobs costs the same however many there were."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import op

from runtime.store.recipes import bounded, offer

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_BEFORE: Final = {
    "begin_jobs": "0012",
    "claim_of_tenant": "0012",
    "finish_jobs": "0013",
    "rescue_jobs": "0009",
}
"""The functions, each with the revision that wrote it last."""


def _make(function: str, revision_of: str) -> None:
    path = Path(__file__).parent / f"{revision_of}_{function}.sql"
    op.execute(f"drop function {function}")
    op.execute(path.read_text(encoding="utf-8"))
    offer(function)


def upgrade() -> None:
    """Write the functions anew, and keep ids beside what the index of due jobs is sorted by."""
    bounded()
    op.execute("drop index outbox_due")
    op.execute(
        "create index outbox_due on outbox (tenant, project_id, priority, not_before) "
        "include (job_id)"
    )
    for function in _BEFORE:
        _make(function, revision)


def downgrade() -> None:
    """Write them as they were."""
    bounded()
    op.execute("drop index outbox_due")
    op.execute(
        "create index outbox_due on outbox (tenant, project_id, priority, not_before, job_id)"
    )
    for function, revision_of in _BEFORE.items():
        _make(function, revision_of)
