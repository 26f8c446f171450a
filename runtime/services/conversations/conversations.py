"""Begin, list and delete conversations; what is said in them is `turns`' and `proposing`'s."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from runtime.domain.caller import Caller, require_role
from runtime.domain.conversation import (
    CONVERSATION_PREFIX,
    MOST_CONVERSATIONS,
    Conversation,
)
from runtime.domain.errors import NotAllowedError, NotFoundError, WrongTimeError
from runtime.domain.member import ProjectRole
from runtime.domain.scope import Scope
from runtime.kit.plain_text import MOST_NAME_LETTERS
from runtime.services.context import Context, Ids
from runtime.services.conversations.documents import conversation_document
from runtime.services.conversations.proposing import Asks
from runtime.services.conversations.rights import own_conversation
from runtime.services.standing import Seen, active, known_id, seen
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import conversations
from runtime.store.list_locks import lock_list
from runtime.store.session import Database


class Conversations:
    """Keep what members say to the agents of projects."""

    def __init__(self, *, database: Database, ids: Ids, asking: Asks) -> None:
        """Take who knows what is kept of texts."""
        self._database = database
        self._ids = ids
        self._asking = asking

    async def create(self, context: Context, project_id: str, *, title: str) -> Answer:
        """Begin a conversation of the caller's own; of its title is kept what is kept of texts.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the credential was not made for this.
            ProjectArchivedError: it is archived.
            WrongTimeError: the caller has too many there.
            StorageUnavailableError: the database can't be asked.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_MANAGE)
        use = await self._asking.use(caller.organization_id, project_id)
        kept_title = self._asking.kept(title, use)[:MOST_NAME_LETTERS]

        async def work(unit: Unit) -> Answer:
            active((await seen(unit.connection, caller, project_id)).project)
            await _room(unit, caller, project_id)
            conversation = Conversation(
                id=unit.ids.new(CONVERSATION_PREFIX),
                organization_id=caller.organization_id,
                project_id=project_id,
                owner_id=caller.member_id,
                title=kept_title,
                created_at=unit.now,
            )
            await conversations.add_conversation(unit.connection, conversation)
            await unit.audit(
                "conversation.created", {"conversation": conversation.id}, project_id=project_id
            )
            return Answer(
                document=conversation_document(conversation),
                status=HTTPStatus.CREATED,
                kept={"id": conversation.id},  # titles are texts: they go with the conversation
            )

        answer = await once(self._database, self._ids, context, work=work)
        if not answer.replayed:
            return answer
        made = await self.read(context, project_id, str(answer.document["id"]))
        return replace(answer, document=conversation_document(made))

    async def before(
        self,
        context: Context,
        project_id: str,
        before: str | None,
        *,
        limit: int,
        everyones: bool,
    ) -> tuple[Conversation, ...]:
        """Return the caller's own conversations in a project, the newest first, or everyone's.

        Titles of others are left empty: they are texts.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: everyone's are asked for, and the caller does not administer the
                project; or the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            standing = await seen(connection, caller, project_id)
            if everyones:
                require_role(standing.principal, ProjectRole.ADMIN)
            found = await conversations.conversations_before(
                connection,
                before,
                limit=limit,
                project_id=project_id,
                owner_id=None if everyones else caller.member_id,
            )
        return tuple(
            item if item.owner_id == caller.member_id else replace(item, title="") for item in found
        )

    async def read(self, context: Context, project_id: str, conversation_id: str) -> Conversation:
        """Return a conversation of the caller's own.

        Raises:
            NotFoundError: no such project, or no such conversation of theirs.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return await own_conversation(
                connection, caller, project_id=project_id, conversation_id=conversation_id
            )

    async def delete(self, context: Context, project_id: str, conversation_id: str) -> Answer:
        """Delete a conversation with all that was said in it, at once and in archived projects too.

        Its owner may, and who administers the project.

        Raises:
            NotFoundError: no such project or conversation that the caller may delete.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_MANAGE)
        known_id(conversation_id, kind="conversation", prefix=CONVERSATION_PREFIX)

        async def work(unit: Unit) -> Answer:
            standing = await seen(unit.connection, caller, project_id)
            found = await conversations.held_conversation(
                unit.connection, conversation_id, project_id=project_id
            )
            if found is None or not _may_delete(standing, caller, found):
                raise NotFoundError(kind="conversation", id=conversation_id)
            await conversations.delete_conversation(unit.connection, found.id)
            told = {"conversation": found.id, "owner": found.owner_id, "turns": found.turns}
            await unit.audit("conversation.deleted", told, project_id=project_id)
            return Answer(document={"id": found.id, "turns": found.turns})

        return await once(self._database, self._ids, context, work=work)


def _may_delete(standing: Seen, caller: Caller, found: Conversation) -> bool:
    if found.owner_id == caller.member_id:
        return True
    try:
        require_role(standing.principal, ProjectRole.ADMIN)
    except NotAllowedError:
        return False
    return True


async def _room(unit: Unit, caller: Caller, project_id: str) -> None:
    """Hold the caller's list of conversations in a project, if there is room for one more.

    Raises:
        WrongTimeError: there is none.
    """
    member = caller.member_id
    await lock_list(unit.connection, "conversations", project_id=project_id, member_id=member)
    had = await conversations.count_conversations(
        unit.connection, project_id=project_id, owner_id=member
    )
    if had >= MOST_CONVERSATIONS:
        raise WrongTimeError(
            what="your list of conversations here",
            found=f"full, with {MOST_CONVERSATIONS} of them",
            remedy="delete one that is not needed any more first",
        )
