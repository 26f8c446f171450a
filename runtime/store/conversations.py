"""Keep conversations, each of one member in one project, and which turn is being answered there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Select,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.conversation import Conversation
from runtime.store.base import Id, Instant, Row, of_project


class ConversationRow(Row):
    """What one member says to the agent of one project."""

    __tablename__ = "conversations"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["organization_id", "owner_id"], ["members.organization_id", "members.id"]
        ),
        CheckConstraint("char_length(title) <= 200", name="title_check"),
        CheckConstraint("(answering is null) = (free_at is null)", name="answering_check"),
        Index("conversations_owner", "organization_id", "owner_id", "project_id", "id"),
        Index("conversations_project", "organization_id", "project_id", "id"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id]
    owner_id: Mapped[Id]
    title: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    turns: Mapped[int] = mapped_column(BigInteger)
    answering: Mapped[Id | None]
    free_at: Mapped[Instant | None]


async def add_conversation(connection: AsyncConnection, conversation: Conversation) -> None:
    """Store a new conversation, in which nothing was said."""
    await connection.execute(
        insert(ConversationRow).values(
            organization_id=conversation.organization_id,
            id=conversation.id,
            project_id=conversation.project_id,
            owner_id=conversation.owner_id,
            title=conversation.title,
            created_at=conversation.created_at,
            turns=conversation.turns,
        )
    )


async def find_conversation(
    connection: AsyncConnection, conversation_id: str, *, project_id: str
) -> Conversation | None:
    """Return a conversation of a project, whoever's it is."""
    return _first((await connection.execute(_one(conversation_id, project_id))).first())


async def held_conversation(
    connection: AsyncConnection, conversation_id: str, *, project_id: str
) -> Conversation | None:
    """Return a conversation that this transaction is about to change (`for no key update`)."""
    asked = _one(conversation_id, project_id).with_for_update(key_share=True)
    return _first((await connection.execute(asked)).first())


async def conversations_before(
    connection: AsyncConnection,
    before: str | None,
    *,
    limit: int,
    project_id: str,
    owner_id: str | None,
) -> tuple[Conversation, ...]:
    """Return conversations of a project, the newest first; of one member, or of all."""
    row = ConversationRow
    asked = _conversations().where(row.project_id == project_id)
    if owner_id is not None:
        asked = asked.where(row.owner_id == owner_id)
    if before is not None:
        asked = asked.where(row.id < before)
    asked = asked.order_by(row.id.desc()).limit(limit)
    return tuple(map(_conversation, await connection.execute(asked)))


async def count_conversations(
    connection: AsyncConnection, *, project_id: str, owner_id: str
) -> int:
    """Return how many conversations a member has in a project."""
    row = ConversationRow
    asked = (
        select(func.count())
        .select_from(row)
        .where(row.project_id == project_id, row.owner_id == owner_id)
    )
    return int((await connection.execute(asked)).scalar_one())


async def begin_answering(
    connection: AsyncConnection, conversation_id: str, *, turn_id: str, number: int, until: datetime
) -> None:
    """Note that a new turn is being answered, until an instant at the latest."""
    row = ConversationRow
    await connection.execute(
        update(row)
        .where(row.id == conversation_id)
        .values(turns=number, answering=turn_id, free_at=until)
    )


async def end_answering(connection: AsyncConnection, conversation_id: str, *, turn_id: str) -> bool:
    """Free a conversation from a turn; return whether that one was still being answered there."""
    row = ConversationRow
    freed = await connection.execute(
        update(row)
        .where(row.id == conversation_id, row.answering == turn_id)
        .values(answering=None, free_at=None)
    )
    return freed.rowcount > 0


async def delete_conversation(connection: AsyncConnection, conversation_id: str) -> None:
    """Delete a conversation with all that was said in it."""
    row = ConversationRow
    await connection.execute(delete(row).where(row.id == conversation_id))


async def delete_conversations_of(
    connection: AsyncConnection, member_id: str, *, project_ids: Sequence[str] | None = None
) -> None:
    """Delete what a member said, in some projects or in all of them."""
    row = ConversationRow
    gone = delete(row).where(row.owner_id == member_id)
    if project_ids is not None:
        gone = gone.where(row.project_id.in_(project_ids))
    await connection.execute(gone)


def _conversations() -> Select[*tuple[Any, ...]]:
    row = ConversationRow
    return select(
        row.organization_id,
        row.id,
        row.project_id,
        row.owner_id,
        row.title,
        row.created_at,
        row.turns,
        row.answering,
        row.free_at,
    )


def _one(conversation_id: str, project_id: str) -> Select[*tuple[Any, ...]]:
    row = ConversationRow
    return _conversations().where(row.id == conversation_id, row.project_id == project_id).limit(1)


def _first(row: Found[*tuple[Any, ...]] | None) -> Conversation | None:
    return None if row is None else _conversation(row)


def _conversation(row: Found[*tuple[Any, ...]]) -> Conversation:
    return Conversation(
        id=row.id,
        organization_id=row.organization_id,
        project_id=row.project_id,
        owner_id=row.owner_id,
        title=row.title,
        created_at=row.created_at,
        turns=row.turns,
        answering=row.answering,
        free_at=row.free_at,
    )
