"""Keep turns; what people and models wrote of them is emptied when its time has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Select,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    insert,
    select,
    text,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.model_use import Keeps
from runtime.domain.plan import Plan
from runtime.domain.principal import Mode
from runtime.domain.proposal import Proposal
from runtime.domain.turn import (
    AttachmentNote,
    Comparability,
    Spent,
    Turn,
    TurnProblem,
    TurnStatus,
)
from runtime.kit.canonical_json import canonical_text, parse
from runtime.kit.json_value import JsonValue
from runtime.store.base import Id, Instant, Row
from runtime.store.conversations import ConversationRow

_PROPOSAL: Final[TypeAdapter[Proposal]] = TypeAdapter(Proposal)
_TEXTS: Final = ("message", "attachments", "proposal", "plan", "problems", "dropped", "reason")
"""Columns that hold what somebody wrote."""


class TurnRow(Row):
    """A message to the agent, what was proposed, and what became of it."""

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("organization_id", "conversation_id", "number", name="turns_number"),
        ForeignKeyConstraint(
            ["organization_id", "conversation_id"],
            ["conversations.organization_id", "conversations.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint(
            "status in ('asking', 'proposed', 'failed', 'executed', 'rejected', 'refused')",
            name="status_check",
        ),
        CheckConstraint("keeps in ('everything', 'redacted', 'nothing')", name="keeps_check"),
        CheckConstraint("(trying is null) = (tried_at is null)", name="trying_check"),
        CheckConstraint("char_length(message) <= 20000", name="message_check"),
        Index(
            "turns_erase",
            "organization_id",
            "erase_at",
            postgresql_where=text("erase_at is not null and erased_at is null"),
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    conversation_id: Mapped[Id]
    number: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    mode: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant]
    answered_at: Mapped[Instant | None]
    message: Mapped[str | None] = mapped_column(Text)
    attachments: Mapped[str | None] = mapped_column(Text)
    proposal: Mapped[str | None] = mapped_column(Text)
    plan: Mapped[str | None] = mapped_column(Text)
    problems: Mapped[str | None] = mapped_column(Text)
    dropped: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    comparability: Mapped[str | None] = mapped_column(Text)
    state_version: Mapped[int | None] = mapped_column(BigInteger)
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    cached_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)
    latency_ms: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(BigInteger)
    trying: Mapped[Id | None]
    tried_at: Mapped[Instant | None]
    outcome_id: Mapped[Id | None]
    refusal: Mapped[str | None] = mapped_column(Text)
    keeps: Mapped[str] = mapped_column(Text)
    erase_at: Mapped[Instant | None]
    erased_at: Mapped[Instant | None]


# Statements of so many columns take longer to be put together than to be sent.
_TABLE: Final = Table("turns", TurnRow.metadata)
_ADD: Final = insert(_TABLE)
_CHANGE: Final = update(_TABLE).where(_TABLE.c.id == bindparam("turn"))


async def add_turn(connection: AsyncConnection, turn: Turn, *, organization_id: str) -> None:
    """Store a new turn."""
    fixed = {
        "organization_id": organization_id,
        "id": turn.id,
        "conversation_id": turn.conversation_id,
        "number": turn.number,
        "mode": None if turn.mode is None else turn.mode.value,
        "created_at": turn.created_at,
    }
    await connection.execute(_ADD, {**fixed, **_changeable(turn)})


async def change_turn(connection: AsyncConnection, turn: Turn) -> None:
    """Store what may change of a turn."""
    await connection.execute(_CHANGE, {"turn": turn.id, **_changeable(turn)})


async def find_turn(
    connection: AsyncConnection, turn_id: str, *, conversation_id: str
) -> Turn | None:
    """Return a turn of a conversation."""
    return _first((await connection.execute(_one(turn_id, conversation_id))).first())


async def held_turn(
    connection: AsyncConnection, turn_id: str, *, conversation_id: str
) -> Turn | None:
    """Return a turn that this transaction is about to change (`for no key update`)."""
    asked = _one(turn_id, conversation_id).with_for_update(key_share=True)
    return _first((await connection.execute(asked)).first())


async def turns_after(
    connection: AsyncConnection, after: int | None, *, limit: int, conversation_id: str
) -> tuple[Turn, ...]:
    """Return the turns of a conversation in their order, behind a number if one is given."""
    asked = _turns().where(TurnRow.conversation_id == conversation_id)
    if after is not None:
        asked = asked.where(TurnRow.number > after)
    asked = asked.order_by(TurnRow.number).limit(limit)
    return tuple(map(_turn, await connection.execute(asked)))


async def newest_turns(
    connection: AsyncConnection, conversation_id: str, *, limit: int, below: int | None = None
) -> tuple[Turn, ...]:
    """Return the last turns of a conversation, the newest first; those below a number if given."""
    asked = _turns().where(TurnRow.conversation_id == conversation_id)
    if below is not None:
        asked = asked.where(TurnRow.number < below)
    asked = asked.order_by(TurnRow.number.desc()).limit(limit)
    return tuple(map(_turn, await connection.execute(asked)))


async def owner_of_turn(
    connection: AsyncConnection, turn_id: str, *, project_id: str
) -> str | None:
    """Return the member whose turn it is, if it is one of a project."""
    asked = (
        select(ConversationRow.owner_id)
        .join(TurnRow, TurnRow.conversation_id == ConversationRow.id)
        .where(TurnRow.id == turn_id, ConversationRow.project_id == project_id)
        .limit(1)
    )
    return (await connection.execute(asked)).scalar_one_or_none()


async def erase_texts(connection: AsyncConnection, *, now: datetime, limit: int) -> int:
    """Empty the texts of some turns whose time has come, and return of how many.

    The title of a conversation goes with the last texts in it. Rows that others hold are left for
    another time, so that nobody waits here for who waits for these. Row security bounds it to the
    transaction's organization.
    """
    row, whole = TurnRow, ConversationRow
    due = (
        select(row.id)
        .join(whole, whole.id == row.conversation_id)
        .where(row.erase_at <= now, row.erased_at.is_(None))
        .order_by(row.erase_at)
        .limit(limit)
        .with_for_update(of=(row, whole), skip_locked=True, key_share=True)
    )
    emptied = await connection.execute(
        update(row)
        .where(row.id.in_(due.scalar_subquery()))
        .values(**dict.fromkeys(_TEXTS), erased_at=now)
        .returning(row.conversation_id)
    )
    touched = [found.conversation_id for found in emptied]
    left = select(row.id).where(row.conversation_id == whole.id, row.erased_at.is_(None))
    await connection.execute(
        update(whole).where(whole.id.in_(set(touched)), ~left.exists()).values(title="")
    )
    return len(touched)


def _changeable(turn: Turn) -> dict[str, Any]:
    return {
        "status": turn.status.value,
        "answered_at": turn.answered_at,
        "message": turn.message,
        "attachments": _spelled([note.document() for note in turn.attachments]),
        "proposal": None if turn.proposal is None else turn.proposal.model_dump_json(),
        "plan": None if turn.plan is None else turn.plan.model_dump_json(),
        "problems": _spelled([problem.document() for problem in turn.problems]),
        "dropped": _spelled(list(turn.dropped)),
        "reason": turn.reason,
        "comparability": None
        if turn.comparability is None
        else canonical_text(turn.comparability.document()),
        "state_version": turn.state_version,
        "prompt_tokens": turn.spent.prompt,
        "completion_tokens": turn.spent.completion,
        "cached_tokens": turn.spent.cached,
        "cost_micros": turn.spent.cost_micros,
        "latency_ms": turn.spent.latency_ms,
        "tries": turn.tries,
        "trying": turn.trying,
        "tried_at": turn.tried_at,
        "outcome_id": turn.outcome_id,
        "refusal": turn.refusal,
        "keeps": turn.keeps.value,
        "erase_at": turn.erase_at,
        "erased_at": turn.erased_at,
    }


def _spelled(items: Sequence[JsonValue]) -> str | None:
    return canonical_text(list(items)) if items else None


def _turns() -> Select[*tuple[Any, ...]]:
    return select(*TurnRow.__table__.columns)


def _one(turn_id: str, conversation_id: str) -> Select[*tuple[Any, ...]]:
    row = TurnRow
    return _turns().where(row.id == turn_id, row.conversation_id == conversation_id).limit(1)


def _first(row: Found[*tuple[Any, ...]] | None) -> Turn | None:
    return None if row is None else _turn(row)


def _turn(row: Found[*tuple[Any, ...]]) -> Turn:
    return Turn(
        id=row.id,
        conversation_id=row.conversation_id,
        number=row.number,
        status=TurnStatus(row.status),
        mode=None if row.mode is None else Mode(row.mode),
        created_at=row.created_at,
        answered_at=row.answered_at,
        message=row.message,
        attachments=tuple(AttachmentNote(**item) for item in _read(row.attachments)),
        proposal=None if row.proposal is None else _PROPOSAL.validate_json(row.proposal),
        plan=None if row.plan is None else Plan.model_validate_json(row.plan),
        problems=tuple(TurnProblem(**item) for item in _read(row.problems)),
        dropped=tuple(_read(row.dropped)),
        reason=row.reason,
        comparability=None
        if row.comparability is None
        else Comparability(**parse(row.comparability)),
        state_version=row.state_version,
        spent=Spent(
            prompt=row.prompt_tokens,
            completion=row.completion_tokens,
            cached=row.cached_tokens,
            cost_micros=row.cost_micros,
            latency_ms=row.latency_ms,
        ),
        tries=row.tries,
        trying=row.trying,
        tried_at=row.tried_at,
        outcome_id=row.outcome_id,
        refusal=row.refusal,
        keeps=Keeps(row.keeps),
        erase_at=row.erase_at,
        erased_at=row.erased_at,
    )


def _read(spelled: str | None) -> list[Any]:
    return [] if spelled is None else list(parse(spelled))
