"""Keep which plugins an organization turned off; a plugin without a row is on."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Id, Instant, Row

MOST_SWITCHES: Final = 10_000


class PluginSwitchRow(Row):
    """A plugin that an organization turned off."""

    __tablename__ = "plugin_switches"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "disabled_by"], ["members.organization_id", "members.id"]
        ),
        CheckConstraint("octet_length(plugin) <= 128", name="plugin_check"),
        Index("plugin_switches_member", "organization_id", "disabled_by"),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    plugin: Mapped[Id] = mapped_column(primary_key=True)
    disabled_at: Mapped[Instant]
    disabled_by: Mapped[Id]


async def disabled_plugins(connection: AsyncConnection) -> tuple[str, ...]:
    """Return the ids of the plugins that the transaction's organization turned off."""
    asked = select(PluginSwitchRow.plugin).order_by(PluginSwitchRow.plugin).limit(MOST_SWITCHES)
    return tuple((await connection.execute(asked)).scalars())


async def switch_off(
    connection: AsyncConnection,
    plugin: str,
    *,
    organization_id: str,
    principal_id: str,
    now: datetime,
) -> None:
    """Turn a plugin off; one that is off stays as it is."""
    await connection.execute(
        insert(PluginSwitchRow)
        .values(
            organization_id=organization_id,
            plugin=plugin,
            disabled_at=now,
            disabled_by=principal_id,
        )
        .on_conflict_do_nothing()
    )


async def switch_on(connection: AsyncConnection, plugin: str) -> None:
    """Turn a plugin of the transaction's organization on again."""
    await connection.execute(delete(PluginSwitchRow).where(PluginSwitchRow.plugin == plugin))
