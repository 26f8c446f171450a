"""Answer messages: accept them, ask a model, and write what came of it, each in its own time.

A turn is accepted in one commit and answered in another; nothing of the database is held between
them. Whatever happens in between is written too, and a conversation whose process ended is free
again after a bound. Who leaves does not end a turn; the end of the process does, and says so.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from http import HTTPStatus
from typing import Final, Protocol

from runtime.domain.caller import Caller
from runtime.domain.conversation import FREED_AFTER, LONGEST_ANSWER, Conversation
from runtime.domain.errors import (
    DeadlineError,
    DomainError,
    ProjectArchivedError,
    TurnsBusyError,
)
from runtime.domain.model_use import ModelUse
from runtime.domain.principal import Mode
from runtime.domain.scope import Scope
from runtime.domain.turn import Turn
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.conversations.accepting import (
    Accepted,
    Before,
    Said,
    free_or_refuse,
    gathered,
    new_turn,
    tell,
)
from runtime.services.conversations.answers import answered, as_kept, failed, kept_of
from runtime.services.conversations.briefings import Briefings
from runtime.services.conversations.pending import Pending
from runtime.services.conversations.rights import held_own_conversation, own_conversation, turn_of
from runtime.services.conversations.truth import as_they_are, interrupted
from runtime.services.identity.access import Access
from runtime.services.models.asking import Asked, Progress, Question
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import conversations, turns
from runtime.store.heads import read_head
from runtime.store.session import Database

MOST_AT_ONCE: Final = 200
"""Turns that one process answers."""
MOST_OF_ORGANIZATION: Final = 50
"""Of them, those of one organization."""
_TURN: Final = "turn"


class Asks(Protocol):
    """Ask models; `services.models.asking.Asking` does."""

    async def use(self, organization_id: str, project_id: str) -> ModelUse:
        """Return the settings that are in force in a project."""
        ...

    async def ask(self, question: Question, *, progress: Progress) -> Asked:
        """Answer one message; what goes wrong is a `DomainError`."""
        ...

    def kept(self, text: str, use: ModelUse) -> str:
        """Return of a text what may be stored."""
        ...


class Proposing:
    """Answer messages; belongs to one event loop."""

    def __init__(
        self,
        *,
        database: Database,
        ids: Ids,
        access: Access,
        briefings: Briefings,
        asking: Asks,
    ) -> None:
        self._database = database
        self._ids = ids
        self._access = access
        self._briefings = briefings
        self._asking = asking
        self._pending: dict[str, Pending] = {}
        self._tasks: set[asyncio.Task[Turn]] = set()
        self._of_organization = Counter[str]()
        self._ending = False

    async def begin(
        self, context: Context, project_id: str, conversation_id: str, *, said: Said
    ) -> Pending:
        """Accept a message and begin to answer it; a repeated request follows the first one's turn.

        Raises:
            NotFoundError: no such project, or no such conversation of the caller's own in it.
            NotAllowedError: the credential was not made for this.
            ProjectArchivedError: the project is archived.
            EnvironmentNotInstalledError: the plugin that declared its environment is gone.
            ConversationBusyError: a turn is being answered there.
            TurnsBusyError: as many as may be are being answered.
            WrongTimeError: the conversation has too many turns.
            KeyReusedError: the key was used for something else.
            StorageUnavailableError: the database can't be asked.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_MANAGE)
        self._refuse_more(caller.organization_id)
        before = await self._before(caller, project_id, mode=said.mode)
        accepted: list[Accepted] = []

        async def work(unit: Unit) -> Answer:
            if before.archived:
                raise ProjectArchivedError(project=project_id)
            conversation = await held_own_conversation(
                unit.connection, caller, project_id=project_id, conversation_id=conversation_id
            )
            await free_or_refuse(unit, conversation)
            turn = await self._added(unit, conversation, said, use=before.use)
            accepted.append(await gathered(unit, conversation, turn, said=said, before=before))
            return Answer(document={_TURN: turn.id}, status=HTTPStatus.CREATED)

        answer = await once(self._database, self._ids, context, work=work)
        if answer.replayed:
            return await self._repeated(
                caller, project_id, conversation_id, turn_id=str(answer.document[_TURN])
            )
        return self._begun(caller, accepted[0])

    def end(self) -> None:
        """Answer nothing more; what was accepted is written down as interrupted."""
        self._ending = True
        for task in tuple(self._tasks):
            task.cancel()

    async def close(self) -> None:
        """Wait until that is written."""
        self.end()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _added(
        self, unit: Unit, conversation: Conversation, said: Said, *, use: ModelUse
    ) -> Turn:
        """Store a new turn, of which as much as is kept, and hold its conversation for it."""
        turn, connection = new_turn(unit, conversation, said, use=use), unit.connection
        await turns.add_turn(
            connection, self._as_kept(turn), organization_id=conversation.organization_id
        )
        await conversations.begin_answering(
            connection,
            conversation.id,
            turn_id=turn.id,
            number=turn.number,
            until=unit.now + FREED_AFTER,
        )
        told: JsonObject = {
            "turn": turn.id,
            "conversation": conversation.id,
            "number": turn.number,
            "attachments": [note.digest for note in turn.attachments],
        }
        await unit.audit("turn.asked", told, project_id=conversation.project_id)
        return turn

    async def _before(self, caller: Caller, project_id: str, *, mode: Mode | None) -> Before:
        principal = (await self._access.principal(caller, project_id)).held_to(mode)
        head = await read_head(
            self._database, organization_id=caller.organization_id, project_id=project_id
        )
        return Before(
            briefed=await self._briefings.of(head.environment, principal),
            state=head.state,
            archived=head.archived,
            use=await self._asking.use(caller.organization_id, project_id),
        )

    def _refuse_more(self, organization_id: str) -> None:
        if self._ending:
            raise TurnsBusyError(found="the process ends")
        if len(self._tasks) >= MOST_AT_ONCE:
            raise TurnsBusyError(found=f"this process answers {len(self._tasks)} already")
        if (many := self._of_organization[organization_id]) >= MOST_OF_ORGANIZATION:
            raise TurnsBusyError(found=f"your organization has {many} under way already")

    def _begun(self, caller: Caller, accepted: Accepted) -> Pending:
        turn_id, organization_id = accepted.turn.id, caller.organization_id
        pending = self._pending[turn_id] = Pending(accepted.turn)
        task = asyncio.create_task(self._answer(caller, accepted, pending), name="answer a turn")
        self._tasks.add(task)
        self._of_organization[organization_id] += 1

        def ended(_: asyncio.Task[Turn]) -> None:
            self._tasks.discard(task)
            self._pending.pop(turn_id, None)
            self._of_organization[organization_id] -= 1
            if not self._of_organization[organization_id]:
                del self._of_organization[organization_id]

        pending.answers(task)
        task.add_done_callback(ended)
        return pending

    async def _repeated(
        self, caller: Caller, project_id: str, conversation_id: str, *, turn_id: str
    ) -> Pending:
        """Return the turn that the request's key made: under way here, or as it is stored."""
        if (under_way := self._pending.get(turn_id)) is not None:
            return under_way.again()
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            conversation = await own_conversation(
                connection, caller, project_id=project_id, conversation_id=conversation_id
            )
            found = await turn_of(connection, conversation, turn_id)
            (turn,) = await as_they_are(
                connection, [found], project_id=project_id, now=self._ids.now()
            )
        pending = Pending(turn, repeated=True)
        pending.answers(asyncio.create_task(_same(turn), name="repeat a turn"))
        return pending

    async def _answer(self, caller: Caller, accepted: Accepted, pending: Pending) -> Turn:
        """Ask, and write what came of it, whatever that is."""
        turn = accepted.turn
        try:
            async with asyncio.timeout(LONGEST_ANSWER.total_seconds()):
                asked = await self._asking.ask(accepted.question, progress=pending.tell)
        except TimeoutError:
            late = DeadlineError(
                waited_s=LONGEST_ANSWER.total_seconds(), waiting_for="a model's answer"
            )
            return await self._failed(caller, accepted, late)
        except DomainError as error:
            return await self._failed(caller, accepted, error)
        except (asyncio.CancelledError, Exception):
            await self._write(caller, accepted, interrupted(turn, now=self._ids.now()))
            raise
        whole = answered(turn, asked, shown=accepted.shown, now=self._ids.now())
        return await self._write(caller, accepted, whole)

    async def _failed(self, caller: Caller, accepted: Accepted, error: DomainError) -> Turn:
        """Write that nobody answered."""
        turn = failed(accepted.turn, error, now=self._ids.now())
        return await self._write(caller, accepted, turn)

    def _as_kept(self, turn: Turn) -> Turn:
        return as_kept(turn, kept_of(turn.keeps, self._asking.kept))

    async def _write(self, caller: Caller, accepted: Accepted, turn: Turn) -> Turn:
        """Write an answer unless its conversation is gone, and free that; return all of it."""
        conversation = accepted.conversation
        async with self._database.transaction(caller.organization_id) as connection:
            still = await conversations.end_answering(connection, conversation.id, turn_id=turn.id)
            if still:
                await turns.change_turn(connection, self._as_kept(turn))
                unit = Unit(connection, Context(caller=caller), self._ids)
                await tell(unit, conversation, turn)
        return turn


async def _same(turn: Turn) -> Turn:
    return turn
