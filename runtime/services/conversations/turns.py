"""Read turns, and let their owner decide about what was proposed without executing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runtime.domain.errors import WrongTimeError
from runtime.domain.model_use import ModelUse
from runtime.domain.plan import Plan
from runtime.domain.scope import Scope
from runtime.domain.turn import OPEN, Turn, TurnStatus
from runtime.services.context import Context, Ids
from runtime.services.conversations.answers import kept_of, kept_reason
from runtime.services.conversations.documents import turn_document
from runtime.services.conversations.rights import (
    held_own_conversation,
    held_turn_of,
    own_conversation,
    turn_of,
)
from runtime.services.conversations.truth import as_they_are
from runtime.services.standing import active, seen
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import turns
from runtime.store.session import Database


class Turns:
    """Keep the turns of conversations."""

    def __init__(
        self, *, database: Database, ids: Ids, kept: Callable[[str, ModelUse], str]
    ) -> None:
        self._database = database
        self._ids = ids
        self._kept = kept

    async def after(
        self,
        context: Context,
        project_id: str,
        conversation_id: str,
        *,
        after: int | None,
        limit: int,
    ) -> tuple[Turn, ...]:
        """Return the turns of a conversation of the caller's own, in their order.

        Raises:
            NotFoundError: no such project, or no such conversation of theirs.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            conversation = await own_conversation(
                connection, caller, project_id=project_id, conversation_id=conversation_id
            )
            found = await turns.turns_after(
                connection, after, limit=limit, conversation_id=conversation.id
            )
            return await as_they_are(connection, found, project_id=project_id, now=self._ids.now())

    async def read(
        self, context: Context, project_id: str, conversation_id: str, *, turn_id: str
    ) -> Turn:
        """Return a turn of the caller's own.

        Raises:
            NotFoundError: no such project, or no such conversation or turn of theirs.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            conversation = await own_conversation(
                connection, caller, project_id=project_id, conversation_id=conversation_id
            )
            found = await turn_of(connection, conversation, turn_id)
            (turn,) = await as_they_are(
                connection, [found], project_id=project_id, now=self._ids.now()
            )
            return turn

    async def edit(
        self, context: Context, project_id: str, conversation_id: str, *, turn_id: str, plan: Plan
    ) -> Answer:
        """Put the caller's own plan in place of what was proposed, which stays on record.

        Raises:
            NotFoundError: no such project, or no such conversation or turn of theirs.
            NotAllowedError: the credential was not made for this.
            ProjectArchivedError: the project is archived.
            WrongTimeError: the turn is decided about, or being executed.
        """

        def edited(turn: Turn) -> Turn:
            return replace(
                turn, plan=plan, status=TurnStatus.PROPOSED, refusal=None, outcome_id=None
            )

        return await self._decided(
            context, project_id, conversation_id, turn_id=turn_id, change=edited, kind="turn.edited"
        )

    async def reject(
        self, context: Context, project_id: str, conversation_id: str, *, turn_id: str, reason: str
    ) -> Answer:
        """Say no to what was proposed; the next prompt is told.

        Raises:
            NotFoundError, NotAllowedError, ProjectArchivedError, WrongTimeError: as `edit` does.
        """

        def rejected(turn: Turn) -> Turn:
            kept = kept_of(turn.keeps, self._kept)
            return replace(turn, status=TurnStatus.REJECTED, reason=kept_reason(reason, kept))

        return await self._decided(
            context,
            project_id,
            conversation_id,
            turn_id=turn_id,
            change=rejected,
            kind="turn.rejected",
        )

    async def _decided(
        self,
        context: Context,
        project_id: str,
        conversation_id: str,
        *,
        turn_id: str,
        change: Callable[[Turn], Turn],
        kind: str,
    ) -> Answer:
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_MANAGE)

        async def work(unit: Unit) -> Answer:
            active((await seen(unit.connection, caller, project_id)).project)
            conversation = await held_own_conversation(
                unit.connection, caller, project_id=project_id, conversation_id=conversation_id
            )
            found = await held_turn_of(unit.connection, conversation, turn_id)
            (turn,) = await as_they_are(
                unit.connection, [found], project_id=project_id, now=unit.now
            )
            changed = change(open_turn(turn))
            await turns.change_turn(unit.connection, changed)
            told = {"turn": turn.id, "conversation": conversation.id}
            await unit.audit(kind, told, project_id=project_id)
            return Answer(document=turn_document(changed), kept={"turn": turn.id})

        answer = await once(self._database, self._ids, context, work=work)
        if not answer.replayed:
            return answer
        turn = await self.read(context, project_id, conversation_id, turn_id=turn_id)
        return replace(answer, document=turn_document(turn))


def open_turn(turn: Turn) -> Turn:
    """Return a turn that its owner may still decide about.

    Raises:
        WrongTimeError: it is decided about, or being executed, or has no proposal any more.
    """
    if turn.status not in OPEN:
        found = turn.status.value
        if turn.outcome_id is not None:
            found = f"{found}, with outcome {turn.outcome_id}"
        raise WrongTimeError(
            what=f"turn '{turn.id}'", found=found, remedy="say anew what is to be done"
        )
    if turn.trying is not None:
        raise WrongTimeError(
            what=f"turn '{turn.id}'",
            found="being executed",
            remedy="wait for its outcome, or execute it again to learn of it",
        )
    if turn.current is None:
        raise WrongTimeError(
            what=f"turn '{turn.id}'",
            found="without a proposal, whose text is not kept any more",
            remedy="say anew what is to be done",
        )
    return turn
