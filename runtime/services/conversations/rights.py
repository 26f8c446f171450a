"""Find conversations and turns for their owner, inside the transaction that goes on.

Nobody can tell a conversation of somebody else from one that does not exist.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller
from runtime.domain.conversation import CONVERSATION_PREFIX, Conversation
from runtime.domain.errors import NotFoundError
from runtime.domain.turn import TURN_PREFIX, Turn
from runtime.services.standing import known_id, seen
from runtime.store.conversations import find_conversation, held_conversation
from runtime.store.turns import find_turn, held_turn


async def own_conversation(
    connection: AsyncConnection, caller: Caller, *, project_id: str, conversation_id: str
) -> Conversation:
    """Return a conversation of the caller's own.

    Raises:
        NotFoundError: there is no such project, or no such conversation of theirs.
    """
    await seen(connection, caller, project_id)
    known_id(conversation_id, kind="conversation", prefix=CONVERSATION_PREFIX)
    found = await find_conversation(connection, conversation_id, project_id=project_id)
    return _owned(found, caller, conversation_id)


async def held_own_conversation(
    connection: AsyncConnection, caller: Caller, *, project_id: str, conversation_id: str
) -> Conversation:
    """Return a conversation of the caller's own for this transaction to change.

    Raises:
        NotFoundError: as `own_conversation` does.
    """
    known_id(conversation_id, kind="conversation", prefix=CONVERSATION_PREFIX)
    found = await held_conversation(connection, conversation_id, project_id=project_id)
    return _owned(found, caller, conversation_id)


async def turn_of(connection: AsyncConnection, conversation: Conversation, turn_id: str) -> Turn:
    """Return a turn of a conversation.

    Raises:
        NotFoundError: it has none of that id.
    """
    known_id(turn_id, kind="turn", prefix=TURN_PREFIX)
    return _known(await find_turn(connection, turn_id, conversation_id=conversation.id), turn_id)


async def held_turn_of(
    connection: AsyncConnection, conversation: Conversation, turn_id: str
) -> Turn:
    """Return a turn of a conversation for this transaction to change.

    Raises:
        NotFoundError: it has none of that id.
    """
    known_id(turn_id, kind="turn", prefix=TURN_PREFIX)
    return _known(await held_turn(connection, turn_id, conversation_id=conversation.id), turn_id)


def _owned(found: Conversation | None, caller: Caller, conversation_id: str) -> Conversation:
    if found is None or found.owner_id != caller.member_id:
        raise NotFoundError(kind="conversation", id=conversation_id)
    return found


def _known(found: Turn | None, turn_id: str) -> Turn:
    if found is None:
        raise NotFoundError(kind="turn", id=turn_id)
    return found
