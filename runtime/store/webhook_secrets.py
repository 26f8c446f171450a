"""Keep what signs outbound webhooks, sealed under a key that is not in the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.webhook import EndpointSecret, SigningScheme
from runtime.store.base import Id, Instant, Row

MOST_SECRETS: Final = 10


class EndpointSecretRow(Row):
    """A secret of an endpoint; whoever reads this table can sign nothing."""

    __tablename__ = "webhook_secrets"
    __table_args__ = (
        CheckConstraint("scheme in ('v1', 'v1a')", name="scheme_check"),
        ForeignKeyConstraint(
            ["organization_id", "endpoint_id"],
            ["webhook_endpoints.organization_id", "webhook_endpoints.id"],
            ondelete="CASCADE",
        ),
        Index("webhook_secrets_endpoint", "organization_id", "endpoint_id"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    endpoint_id: Mapped[Id]
    scheme: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    public: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant]
    ends_at: Mapped[Instant | None]


async def add_secret(
    connection: AsyncConnection, secret: EndpointSecret, *, organization_id: str
) -> None:
    """Store a new secret of an endpoint."""
    await connection.execute(
        insert(EndpointSecretRow).values(
            organization_id=organization_id,
            id=secret.id,
            endpoint_id=secret.endpoint_id,
            scheme=secret.scheme.value,
            sealed=secret.sealed,
            public=secret.public,
            created_at=secret.created_at,
            ends_at=secret.ends_at,
        )
    )


async def secrets_of(connection: AsyncConnection, endpoint_id: str) -> tuple[EndpointSecret, ...]:
    """Return the secrets of an endpoint, the newest first; whether they live is theirs to say."""
    row = EndpointSecretRow
    asked = (
        select(*row.__table__.columns)
        .where(row.endpoint_id == endpoint_id)
        .order_by(row.created_at.desc(), row.id.desc())
        .limit(MOST_SECRETS)
    )
    return tuple(
        EndpointSecret(
            id=found.id,
            endpoint_id=found.endpoint_id,
            scheme=SigningScheme(found.scheme),
            sealed=found.sealed,
            public=found.public,
            created_at=found.created_at,
            ends_at=found.ends_at,
        )
        for found in await connection.execute(asked)
    )


async def end_secret(connection: AsyncConnection, secret_id: str, *, at: datetime) -> None:
    """Let a secret sign until an instant."""
    row = EndpointSecretRow
    await connection.execute(update(row).where(row.id == secret_id).values(ends_at=at))


async def forget_secrets_but(
    connection: AsyncConnection, endpoint_id: str, kept: Iterable[str]
) -> None:
    """Delete every secret of an endpoint but these."""
    row = EndpointSecretRow
    await connection.execute(
        delete(row).where(row.endpoint_id == endpoint_id, row.id.not_in(list(kept)))
    )
