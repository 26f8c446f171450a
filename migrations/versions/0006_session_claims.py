"""What an identity provider says of a person, kept with the session that their login began."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from alembic import op

from runtime.store.recipes import bounded

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make a place for claims, of sessions alone and as many as a bearer token may carry."""
    bounded()
    op.execute("alter table tokens add column claims text not null default ''")
    # To validate reads the table once, while nobody else can: 0.2 s for a million tokens.
    op.execute(
        "alter table tokens add constraint tokens_claims_check check "
        "(claims = '' or (kind = 'session' and octet_length(claims) <= 4096)) not valid"
    )
    op.execute("alter table tokens validate constraint tokens_claims_check")


def downgrade() -> None:
    """Take the claims away; sessions go on without them."""
    bounded()
    op.execute("alter table tokens drop column claims")
