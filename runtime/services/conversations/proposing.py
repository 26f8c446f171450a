"""Answer messages: accept them, ask a model, and write what came of it, each in its own time.

A turn is accepted in one commit and answered in another; nothing of the database is held between
them. Whatever happens in between is written too, and a conversation whose process ended is free
again after a bound. Who leaves does not end a turn; the end of the process does, and says so.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final, Protocol

from runtime.domain.caller import Caller
from runtime.domain.conversation import FREED_AFTER, LONGEST_ANSWER, Conversation
from runtime.domain.errors import (
    DeadlineError,
    DomainError,
    ModelBudgetError,
    PluginDisabledError,
    ProjectArchivedError,
    StorageUnavailableError,
)
from runtime.domain.model_use import ModelUse
from runtime.domain.principal import Mode
from runtime.domain.scope import Scope
from runtime.domain.turn import Turn, TurnStatus
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
from runtime.services.conversations.places import Place, Places
from runtime.services.conversations.rights import held_own_conversation, own_conversation, turn_of
from runtime.services.conversations.truth import as_they_are, interrupted
from runtime.services.environments import PluginEnabled
from runtime.services.identity.access import Access
from runtime.services.models.asking import Asked, Heard, Progress, Question
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import conversations, turns
from runtime.store.heads import read_head
from runtime.store.session import Database

AGAIN_S: Final = 0.5
"""After which an answer that could not be written is written once more."""
_TURN: Final = "turn"


class Asks(Protocol):
    """Ask models; `services.models.asking.Asking` does."""

    async def use(self, organization_id: str, project_id: str) -> ModelUse:
        """Return the settings that are in force in a project."""
        ...

    async def ask(self, question: Question, *, progress: Progress, heard: Heard) -> Asked:
        """Answer one message; what goes wrong is a `DomainError`.

        `heard` is told the answer, even if this is cancelled while that is settled.
        """
        ...

    async def used_up(
        self, organization_id: str, *, project_id: str, member_id: str
    ) -> ModelBudgetError | None:
        """Return the refusal of whatever is asked until budgets renew, if any."""
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
        enabled: PluginEnabled,
        asking: Asks,
    ) -> None:
        self._database = database
        self._ids = ids
        self._access = access
        self._briefings = briefings
        self._enabled = enabled
        self._asking = asking
        self._pending: dict[str, Pending] = {}
        self._tasks: set[asyncio.Task[Turn]] = set()
        self._asked: set[asyncio.Task[Turn]] = set()
        self._places = Places()

    async def begin(
        self, context: Context, project_id: str, conversation_id: str, *, said: Said
    ) -> Pending:
        """Accept a message and begin to answer it; a repeated request follows the first one's turn.

        Raises:
            NotFoundError: no such project, or no such conversation of the caller's own in it.
            NotAllowedError: the credential was not made for this.
            ProjectArchivedError: the project is archived.
            EnvironmentNotInstalledError: the plugin that declared its environment is gone.
            PluginDisabledError: the organization turned that plugin off.
            ConversationBusyError: a turn is being answered there.
            ModelBudgetError: nothing at all is left of a budget of whatever model is asked.
            TurnsBusyError: as many as may be are being answered.
            WrongTimeError: the conversation has too many turns.
            KeyReusedError: the key was used for something else.
            StorageUnavailableError: the database can't be asked.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_MANAGE)
        size_bytes = sum(len(file.data) for file in said.attachments)
        place = Place(organization_id=caller.organization_id, size_bytes=size_bytes)
        self._places.take(place)
        try:
            begun = await self._accepted(context, project_id, conversation_id, said=said)
            if isinstance(begun, Accepted):
                return self._begun(caller, begun, place)
        except BaseException:
            self._places.give_back(place)
            raise
        self._places.give_back(place)
        return begun

    async def _accepted(
        self, context: Context, project_id: str, conversation_id: str, *, said: Said
    ) -> Accepted | Pending:
        """Store a new turn, or find the one that the request's key made."""
        caller = context.caller
        before = await self._before(caller, project_id, mode=said.mode)
        accepted: list[Accepted] = []

        async def work(unit: Unit) -> Answer:
            if before.archived:
                raise ProjectArchivedError(project=project_id)
            if not before.enabled:
                raise PluginDisabledError(plugin=before.briefed.installed.plugin_id)
            conversation = await held_own_conversation(
                unit.connection, caller, project_id=project_id, conversation_id=conversation_id
            )
            await free_or_refuse(unit, conversation)
            if before.used_up is not None:
                raise before.used_up
            turn = await self._added(unit, conversation, said, use=before.use)
            accepted.append(await gathered(unit, conversation, turn, said=said, before=before))
            return Answer(document={_TURN: turn.id}, status=HTTPStatus.CREATED)

        answer = await once(self._database, self._ids, context, work=work)
        if answer.replayed:
            return await self._repeated(
                caller, project_id, conversation_id, turn_id=str(answer.document[_TURN])
            )
        return accepted[0]

    def end(self) -> None:
        """Answer nothing more; what was accepted is written down as interrupted."""
        self._places.end()
        while self._asked:  # each once: who is cancelled may have something to settle
            self._asked.pop().cancel()

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
            briefed=self._briefings.of(head.environment, principal),
            enabled=await self._enabled(caller.organization_id, head.environment),
            state=head.state,
            archived=head.archived,
            use=await self._asking.use(caller.organization_id, project_id),
            used_up=await self._asking.used_up(
                caller.organization_id, project_id=project_id, member_id=caller.member_id
            ),
        )

    def _begun(self, caller: Caller, accepted: Accepted, place: Place) -> Pending:
        turn_id = accepted.turn.id
        pending = self._pending[turn_id] = Pending(accepted.turn)
        asked = asyncio.create_task(self._ask(accepted, pending), name="ask for a turn")
        task = asyncio.create_task(
            self._answer(caller, accepted, asked, pending=pending), name="answer a turn"
        )
        self._asked.add(asked)
        if self._places.ended:  # since it was accepted
            asked.cancel()
        self._tasks.add(task)

        def ended(_: asyncio.Task[Turn]) -> None:
            self._tasks.discard(task)
            self._pending.pop(turn_id, None)
            self._places.give_back(place)

        asked.add_done_callback(self._asked.discard)
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

    async def _ask(self, accepted: Accepted, pending: Pending) -> Turn:
        """Ask, and return the turn with what came of it; ends early if the process ends."""
        turn = accepted.turn
        try:
            async with asyncio.timeout(LONGEST_ANSWER.total_seconds()):
                asked = await self._asking.ask(
                    accepted.question, progress=pending.tell, heard=pending.heard
                )
        except TimeoutError:
            if pending.asked is not None:  # it was only being settled
                return self._answered(accepted, pending.asked)
            late = DeadlineError(
                waited_s=LONGEST_ANSWER.total_seconds(), waiting_for="a model's answer"
            )
            return failed(turn, late, now=self._ids.now())
        except DomainError as error:
            return failed(turn, error, now=self._ids.now())
        return self._answered(accepted, asked)

    def _answered(self, accepted: Accepted, asked: Asked) -> Turn:
        return answered(accepted.turn, asked, shown=accepted.shown, now=self._ids.now())

    async def _answer(
        self, caller: Caller, accepted: Accepted, asked: asyncio.Task[Turn], *, pending: Pending
    ) -> Turn:
        """Write what came of asking, whatever that is; nobody cancels this.

        An answer that is there was paid for: an end that comes while it is settled is too late.
        """
        await asyncio.wait([asked])
        if not asked.cancelled() and asked.exception() is None:
            return await self._written(caller, accepted, asked.result())
        turn = (
            interrupted(accepted.turn, now=self._ids.now())
            if pending.asked is None
            else self._answered(accepted, pending.asked)
        )
        written = await self._written(caller, accepted, turn)
        return written if asked.cancelled() else asked.result()

    async def _written(self, caller: Caller, accepted: Accepted, turn: Turn) -> Turn:
        """Write an answer, and try once more; one that can't be written is given up.

        Else its conversation would be busy until its time is over.
        """
        try:
            return await self._write(caller, accepted, turn)
        except StorageUnavailableError:
            await asyncio.sleep(AGAIN_S)
            return await self._write(caller, accepted, turn)
        except Exception:
            await self._write(caller, accepted, interrupted(accepted.turn, now=self._ids.now()))
            raise

    def _as_kept(self, turn: Turn) -> Turn:
        return as_kept(turn, kept_of(turn.keeps, self._asking.kept))

    async def _write(self, caller: Caller, accepted: Accepted, turn: Turn) -> Turn:
        """Write an answer unless its conversation is gone, and free that; return all of it.

        A turn that was given up meanwhile, as its time was over, is returned as it is stored.
        """
        conversation = accepted.conversation
        async with self._database.transaction(caller.organization_id) as connection:
            still = await conversations.end_answering(connection, conversation.id, turn_id=turn.id)
            if still:
                await turns.change_turn(connection, self._as_kept(turn))
                unit = Unit(connection, Context(caller=caller), self._ids)
                await tell(unit, conversation, turn)
                return turn
            stored = await turns.find_turn(connection, turn.id, conversation_id=conversation.id)
        return stored if stored is not None and stored.status is TurnStatus.FAILED else turn


async def _same(turn: Turn) -> Turn:
    return turn
