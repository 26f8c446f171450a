"""Keep tokens: of each the keyed hash of its secret, what it may be used for, and until when.

Of a session also what an identity provider said of the person when they logged in, until it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Select,
    Text,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.caller import CredentialKind
from runtime.domain.issued_token import IssuedToken
from runtime.domain.scope import Scope
from runtime.store.base import Id, Instant, Row


class TokenRow(Row):
    """A token that was shown once; whoever reads this table can't use any."""

    __tablename__ = "tokens"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "member_id"], ["members.organization_id", "members.id"]
        ),
        CheckConstraint("kind in ('api', 'session')", name="kind_check"),
        CheckConstraint(
            "claims = '' or (kind = 'session' and octet_length(claims) <= 4096)",
            name="claims_check",
        ),
        Index("tokens_member", "organization_id", "member_id"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[Instant]
    created_by: Mapped[Id]
    expires_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]
    last_used_at: Mapped[Instant | None]
    claims: Mapped[str] = mapped_column(Text, server_default="")


async def add_token(
    connection: AsyncConnection, token: IssuedToken, *, secret_hash: bytes, claims: str = ""
) -> None:
    """Store a new token with the keyed hash of its secret, and a session with its claims."""
    await connection.execute(
        insert(TokenRow).values(
            organization_id=token.organization_id,
            id=token.id,
            member_id=token.member_id,
            kind=token.kind.value,
            name=token.name,
            hash=secret_hash,
            scopes=sorted(token.scopes),
            created_at=token.created_at,
            created_by=token.created_by,
            expires_at=token.expires_at,
            claims=claims,
        )
    )


async def tokens_after(
    connection: AsyncConnection, after: str | None, *, limit: int, member_id: str | None
) -> tuple[IssuedToken, ...]:
    """Return tokens in the order of their ids, of one member or, with None, of everybody."""
    asked = _tokens().order_by(TokenRow.id).limit(limit)
    if member_id is not None:
        asked = asked.where(TokenRow.member_id == member_id)
    if after is not None:
        asked = asked.where(TokenRow.id > after)
    return tuple(map(_token, await connection.execute(asked)))


async def find_token(connection: AsyncConnection, token_id: str) -> IssuedToken | None:
    """Return a token, ended or not."""
    asked = _tokens().where(TokenRow.id == token_id).limit(1)
    return _found((await connection.execute(asked)).first())


async def steady_token(connection: AsyncConnection, token_id: str) -> IssuedToken | None:
    """Return a token, which stays as it is until the transaction ends (`for share`)."""
    asked = _tokens().where(TokenRow.id == token_id).limit(1).with_for_update(read=True)
    return _found((await connection.execute(asked)).first())


async def held_tokens(
    connection: AsyncConnection, token_ids: Iterable[str]
) -> tuple[IssuedToken, ...]:
    """Return tokens that this transaction is about to change (`for no key update`).

    Locks them in the order of their ids.
    """
    wanted = sorted(set(token_ids))
    asked = (
        _tokens()
        .where(TokenRow.id.in_(wanted))
        .order_by(TokenRow.id)
        .limit(len(wanted))
        .with_for_update(key_share=True)
    )
    return tuple(map(_token, await connection.execute(asked)))


async def expire_token(connection: AsyncConnection, token_id: str, *, at: datetime) -> None:
    """Let a token end at an instant."""
    await connection.execute(update(TokenRow).where(TokenRow.id == token_id).values(expires_at=at))


async def revoke_token(connection: AsyncConnection, token_id: str, *, at: datetime) -> None:
    """Let a token open nothing any more; what was said of its bearer is forgotten."""
    await connection.execute(
        update(TokenRow).where(TokenRow.id == token_id).values(revoked_at=at, claims="")
    )


async def revoked_among(connection: AsyncConnection, ids: Iterable[str]) -> frozenset[str]:
    """Return which of these are API tokens that somebody revoked; one that is over by itself isn't.

    A session ends with a logout, which takes nothing back.
    """
    row = TokenRow
    asked = select(row.id).where(
        row.id.in_(tuple(ids)),
        row.kind == CredentialKind.API_TOKEN.value,
        row.revoked_at.is_not(None),
    )
    return frozenset((await connection.execute(asked)).scalars())


async def forget_claims_of(connection: AsyncConnection, member_id: str, *, at: datetime) -> None:
    """Forget what was said of a member at logins whose sessions have ended by an instant."""
    row = TokenRow
    ended = (row.member_id == member_id, row.claims != "", row.expires_at <= at)
    await connection.execute(update(row).where(*ended).values(claims=""))


async def note_uses(
    connection: AsyncConnection, token_ids: Sequence[str], *, at: datetime, before: datetime
) -> None:
    """Write when tokens were used, where the last use that was written is before an instant.

    A token that another transaction has locked is left out, so that nobody waits.
    """
    due = (
        select(TokenRow.id)
        .where(
            TokenRow.id.in_(token_ids),
            or_(TokenRow.last_used_at.is_(None), TokenRow.last_used_at < before),
        )
        .limit(len(token_ids))
        .with_for_update(key_share=True, skip_locked=True)
    )
    await connection.execute(update(TokenRow).where(TokenRow.id.in_(due)).values(last_used_at=at))


def known_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """Return scopes by name; one that a later version granted means nothing here."""
    return frozenset(scope for scope in Scope if scope.value in set(names))


def _tokens() -> Select[*tuple[Any, ...]]:
    row = TokenRow
    return select(
        row.organization_id,
        row.id,
        row.member_id,
        row.kind,
        row.name,
        row.scopes,
        row.created_at,
        row.created_by,
        row.expires_at,
        row.revoked_at,
        row.last_used_at,
    )


def _found(row: Found[*tuple[Any, ...]] | None) -> IssuedToken | None:
    return None if row is None else _token(row)


def _token(row: Found[*tuple[Any, ...]]) -> IssuedToken:
    return IssuedToken(
        id=row.id,
        organization_id=row.organization_id,
        member_id=row.member_id,
        kind=CredentialKind(row.kind),
        name=row.name,
        scopes=known_scopes(row.scopes),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
