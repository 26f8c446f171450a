"""Keep inbound hooks, and their secrets, sealed under a key that is not in the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Select,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.errors import NameTakenError
from runtime.domain.hook import Hook, HookSecret
from runtime.domain.hook_mapping import HookMapping
from runtime.domain.hook_signature import HookStyle
from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.conflicts import broken_constraint

MOST_SECRETS: Final = 2
_NAME: Final = "hooks_name"


class HookRow(Row):
    """An address at which others deliver, and what their deliveries become."""

    __tablename__ = "hooks"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["organization_id", "service_id"], ["members.organization_id", "members.id"]
        ),
        CheckConstraint("style in ('standard-webhooks', 'github', 'stripe')", name="style_check"),
        CheckConstraint("octet_length(mapping) <= 16384", name="mapping_check"),
        Index(_NAME, "organization_id", "project_id", "name", unique=True),
        Index("hooks_service", "organization_id", "service_id"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    style: Mapped[str] = mapped_column(Text)
    service_id: Mapped[Id]
    mapping: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool]
    created_at: Mapped[Instant]
    created_by: Mapped[Id]
    updated_at: Mapped[Instant]


class HookSecretRow(Row):
    """A secret of a hook; whoever reads this table can sign nothing."""

    __tablename__ = "hook_secrets"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "hook_id"],
            ["hooks.organization_id", "hooks.id"],
            ondelete="CASCADE",
        ),
        Index("hook_secrets_hook", "organization_id", "hook_id"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    hook_id: Mapped[Id]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Instant]
    ends_at: Mapped[Instant | None]


async def add_hook(connection: AsyncConnection, hook: Hook) -> None:
    """Store a new hook.

    Raises:
        NameTakenError: the project has a hook of that name; the transaction is of no more use.
    """
    addition = insert(HookRow).values(
        organization_id=hook.organization_id,
        id=hook.id,
        project_id=hook.project_id,
        style=hook.style.value,
        service_id=hook.service_id,
        created_at=hook.created_at,
        created_by=hook.created_by,
        **_changeable(hook),
    )
    await _named_once(connection, addition, name=hook.name)


async def change_hook(connection: AsyncConnection, hook: Hook) -> None:
    """Store what may change of a hook.

    Raises:
        NameTakenError: another hook of the project has that name; the transaction is lost.
    """
    change = update(HookRow).where(HookRow.id == hook.id).values(**_changeable(hook))
    await _named_once(connection, change, name=hook.name)


async def remove_hook(connection: AsyncConnection, hook_id: str) -> None:
    """Forget a hook, its secrets and what was delivered to it."""
    await connection.execute(delete(HookRow).where(HookRow.id == hook_id))


async def find_hook(connection: AsyncConnection, hook_id: str) -> Hook | None:
    """Return a hook."""
    return _first(
        (await connection.execute(_hooks().where(HookRow.id == hook_id).limit(1))).first()
    )


async def held_hook(connection: AsyncConnection, hook_id: str) -> Hook | None:
    """Return a hook that this transaction is about to change (`for no key update`)."""
    asked = _hooks().where(HookRow.id == hook_id).limit(1).with_for_update(key_share=True)
    return _first((await connection.execute(asked)).first())


async def hook_stays(connection: AsyncConnection, hook_id: str) -> bool:
    """Return whether a hook is there, which it is until the transaction ends (`for key share`)."""
    asked = select(HookRow.id).where(HookRow.id == hook_id).limit(1)
    asked = asked.with_for_update(read=True, key_share=True)
    return (await connection.execute(asked)).first() is not None


async def hooks_after(
    connection: AsyncConnection, after: str | None, *, limit: int, project_id: str
) -> tuple[Hook, ...]:
    """Return the hooks of a project in the order of their ids."""
    asked = _hooks().where(HookRow.project_id == project_id).order_by(HookRow.id).limit(limit)
    if after is not None:
        asked = asked.where(HookRow.id > after)
    return tuple(map(_hook, await connection.execute(asked)))


async def hooks_in(connection: AsyncConnection, project_id: str) -> int:
    """Return how many hooks a project has."""
    asked = select(func.count()).select_from(HookRow).where(HookRow.project_id == project_id)
    return int((await connection.execute(asked)).scalar_one())


async def add_secret(
    connection: AsyncConnection, secret: HookSecret, *, organization_id: str
) -> None:
    """Store a new secret of a hook."""
    await connection.execute(
        insert(HookSecretRow).values(
            organization_id=organization_id,
            id=secret.id,
            hook_id=secret.hook_id,
            sealed=secret.sealed,
            created_at=secret.created_at,
            ends_at=secret.ends_at,
        )
    )


async def secrets_of(connection: AsyncConnection, hook_id: str) -> tuple[HookSecret, ...]:
    """Return the secrets of a hook, the newest first; whether they live is theirs to say."""
    row = HookSecretRow
    asked = (
        select(row.id, row.hook_id, row.sealed, row.created_at, row.ends_at)
        .where(row.hook_id == hook_id)
        .order_by(row.id.desc())
        .limit(MOST_SECRETS)
    )
    return tuple(
        HookSecret(
            id=found.id,
            hook_id=found.hook_id,
            sealed=found.sealed,
            created_at=found.created_at,
            ends_at=found.ends_at,
        )
        for found in await connection.execute(asked)
    )


async def end_secret(connection: AsyncConnection, secret_id: str, *, at: datetime) -> None:
    """Let a secret fit until an instant."""
    row = HookSecretRow
    await connection.execute(update(row).where(row.id == secret_id).values(ends_at=at))


async def forget_secrets_but(
    connection: AsyncConnection, hook_id: str, kept: Iterable[str]
) -> None:
    """Delete every secret of a hook but these."""
    row = HookSecretRow
    await connection.execute(delete(row).where(row.hook_id == hook_id, row.id.not_in(list(kept))))


async def _named_once(connection: AsyncConnection, statement: Any, *, name: str) -> None:  # noqa: ANN401  # an insert or an update
    try:
        await connection.execute(statement)
    except IntegrityError as error:
        if broken_constraint(error) != _NAME:
            raise
        raise NameTakenError(kind="hook", name=name) from None


def _changeable(hook: Hook) -> dict[str, Any]:
    return {
        "name": hook.name,
        "mapping": hook.mapping.text(),
        "enabled": hook.enabled,
        "updated_at": hook.updated_at,
    }


def _hooks() -> Select[*tuple[Any, ...]]:
    row = HookRow
    return select(
        row.organization_id,
        row.id,
        row.project_id,
        row.name,
        row.style,
        row.service_id,
        row.mapping,
        row.enabled,
        row.created_at,
        row.created_by,
        row.updated_at,
    )


def _first(row: Found[*tuple[Any, ...]] | None) -> Hook | None:
    return None if row is None else _hook(row)


def _hook(row: Found[*tuple[Any, ...]]) -> Hook:
    return Hook(
        id=row.id,
        organization_id=row.organization_id,
        project_id=row.project_id,
        name=row.name,
        style=HookStyle(row.style),
        service_id=row.service_id,
        mapping=HookMapping.model_validate_json(row.mapping),
        enabled=row.enabled,
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
    )
