"""Keep the people and services of each organization; who was removed stays, for the history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    Text,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.errors import NameTakenError
from runtime.domain.member import Member, MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.store.base import Id, Instant, Row
from runtime.store.conflicts import broken_constraint
from runtime.store.tokens import TokenRow

_EMAIL = "members_email"
_SUBJECT = "members_subject"


class MemberRow(Row):
    """A person or a service."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("kind in ('person', 'service')", name="kind_check"),
        CheckConstraint("organization_role in ('owner', 'member')", name="organization_role_check"),
        CheckConstraint("(issuer is null) = (subject is null)", name="check"),
        Index(
            _EMAIL,
            "organization_id",
            "email",
            unique=True,
            postgresql_where=text("email is not null and removed_at is null"),
        ),
        Index(
            _SUBJECT,
            "organization_id",
            "issuer",
            "subject",
            unique=True,
            postgresql_where=text("issuer is not null and removed_at is null"),
        ),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    issuer: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    organization_role: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    removed_at: Mapped[Instant | None]


async def add_member(connection: AsyncConnection, member: Member) -> None:
    """Store a new member.

    Raises:
        NameTakenError: somebody of the organization has that address, or logs in as the same
            person; the transaction is of no more use.
    """
    addition = insert(MemberRow).values(
        organization_id=member.organization_id,
        id=member.id,
        kind=member.kind.value,
        display_name=member.display_name,
        email=member.email,
        issuer=member.issuer,
        subject=member.subject,
        organization_role=member.organization_role.value,
        created_at=member.created_at,
        removed_at=member.removed_at,
    )
    try:
        await connection.execute(addition)
    except IntegrityError as error:
        if broken_constraint(error) not in {_EMAIL, _SUBJECT}:
            raise
        raise NameTakenError(kind="member", name=member.email or member.display_name) from None


async def find_member(connection: AsyncConnection, member_id: str) -> Member | None:
    """Return a member, removed or not."""
    asked = _members().where(MemberRow.id == member_id).limit(1)
    return _found((await connection.execute(asked)).first())


async def members_named(connection: AsyncConnection, ids: Sequence[str]) -> tuple[Member, ...]:
    """Return those members that exist, removed or not."""
    asked = _members().where(MemberRow.id.in_(ids)).limit(len(ids))
    return tuple(map(_member, await connection.execute(asked)))


async def steady_members(
    connection: AsyncConnection, member_ids: Iterable[str]
) -> tuple[Member, ...]:
    """Return current members, who stay as they are until the transaction ends (`for share`).

    Locks them in the order of their ids.
    """
    wanted = sorted(set(member_ids))
    asked = (
        _current()
        .where(MemberRow.id.in_(wanted))
        .order_by(MemberRow.id)
        .limit(len(wanted))
        .with_for_update(read=True)
    )
    return tuple(map(_member, await connection.execute(asked)))


async def held_member_of_identity(
    connection: AsyncConnection, *, issuer: str, subject: str
) -> Member | None:
    """Return the current member that an issuer vouches for (`for no key update`)."""
    asked = _current().where(MemberRow.issuer == issuer, MemberRow.subject == subject).limit(1)
    return _found((await connection.execute(asked.with_for_update(key_share=True))).first())


async def held_member_with_email(connection: AsyncConnection, email: str) -> Member | None:
    """Return the current member with an address (`for no key update`)."""
    asked = _current().where(MemberRow.email == email).limit(1).with_for_update(key_share=True)
    return _found((await connection.execute(asked)).first())


async def member_with_email(connection: AsyncConnection, email: str) -> Member | None:
    """Return the current member with an address."""
    asked = _current().where(MemberRow.email == email).limit(1)
    return _found((await connection.execute(asked)).first())


async def members_after(
    connection: AsyncConnection, after: str | None, *, limit: int
) -> tuple[Member, ...]:
    """Return current members in the order of their ids."""
    asked = _current().order_by(MemberRow.id).limit(limit)
    if after is not None:
        asked = asked.where(MemberRow.id > after)
    return tuple(map(_member, await connection.execute(asked)))


async def held_owners_and(
    connection: AsyncConnection, member_ids: Iterable[str]
) -> tuple[Member, ...]:
    """Return the current owners and the current members named, for this transaction to change.

    Locks them in the order of their ids (`for no key update`): two transactions that take owners
    away wait for each other, and the second one sees what the first one left.
    """
    owner = MemberRow.organization_role == OrganizationRole.OWNER.value
    asked = (
        _current()
        .where(or_(owner, MemberRow.id.in_(sorted(set(member_ids)))))
        .order_by(MemberRow.id)
        .with_for_update(key_share=True)
    )
    return tuple(map(_member, await connection.execute(asked)))


async def change_role(
    connection: AsyncConnection, member_id: str, *, role: OrganizationRole
) -> None:
    """Give a member another role in the organization."""
    await connection.execute(
        update(MemberRow).where(MemberRow.id == member_id).values(organization_role=role.value)
    )


async def link_identity(
    connection: AsyncConnection, member_id: str, *, issuer: str, subject: str
) -> None:
    """Say who vouches for a member from now on."""
    await connection.execute(
        update(MemberRow).where(MemberRow.id == member_id).values(issuer=issuer, subject=subject)
    )


async def remove_member(connection: AsyncConnection, member_id: str, *, at: datetime) -> None:
    """Let somebody be no member any more."""
    await connection.execute(
        update(MemberRow).where(MemberRow.id == member_id).values(removed_at=at)
    )


async def revoke_tokens_of(connection: AsyncConnection, member_id: str, *, at: datetime) -> int:
    """Let a member's tokens and sessions open nothing any more, and return how many did.

    What an identity provider said of them is forgotten.
    """
    ended = await connection.execute(
        update(TokenRow)
        .where(TokenRow.member_id == member_id, TokenRow.revoked_at.is_(None))
        .values(revoked_at=at, claims="")
    )
    return ended.rowcount


def _members() -> Select[*tuple[Any, ...]]:
    row = MemberRow
    return select(
        row.organization_id,
        row.id,
        row.kind,
        row.display_name,
        row.email,
        row.issuer,
        row.subject,
        row.organization_role,
        row.created_at,
        row.removed_at,
    )


def _current() -> Select[*tuple[Any, ...]]:
    return _members().where(MemberRow.removed_at.is_(None))


def _found(row: Found[*tuple[Any, ...]] | None) -> Member | None:
    return None if row is None else _member(row)


def _member(row: Found[*tuple[Any, ...]]) -> Member:
    return Member(
        id=row.id,
        organization_id=row.organization_id,
        kind=MemberKind(row.kind),
        display_name=row.display_name,
        organization_role=OrganizationRole(row.organization_role),
        created_at=row.created_at,
        email=row.email,
        issuer=row.issuer,
        subject=row.subject,
        removed_at=row.removed_at,
    )
