"""Keep which plugins an organization has turned off."""
# ruff: noqa: INP001  # a folder of files, which Alembic loads by path

from __future__ import annotations

from alembic import op

from runtime.store.recipes import bounded, secure

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TABLES = (
    # A plugin without a row is on.
    """
    create table plugin_switches (
      organization_id text collate "C" not null,
      plugin text collate "C" not null,
      disabled_at timestamptz not null,
      disabled_by text collate "C" not null,
      primary key (organization_id, plugin),
      constraint plugin_switches_plugin_check check (octet_length(plugin) <= 128),
      foreign key (organization_id) references organizations (id),
      foreign key (organization_id, disabled_by) references members (organization_id, id)
    )
    """,
    "create index plugin_switches_member on plugin_switches (organization_id, disabled_by)",
)


def upgrade() -> None:
    """Make the table."""
    bounded()
    for statement in _TABLES:
        op.execute(statement)
    secure("plugin_switches", grants=("select", "insert", "delete"))


def downgrade() -> None:
    """Take it away; every plugin is on again."""
    bounded()
    op.execute("drop table plugin_switches")
