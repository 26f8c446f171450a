"""Read the caller's own conversations, turns and facts in one project."""

from __future__ import annotations

import strawberry

from runtime.entrypoints.graphql.call import Info, asked
from runtime.entrypoints.graphql.connections import USUAL_ITEMS, Connection, connected, page_of
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.place import InProject
from runtime.entrypoints.graphql.talking import (
    Conversation,
    Fact,
    Turn,
    conversation_shown,
    fact_shown,
    turn_shown,
)


@strawberry.type
class TalkContents(InProject):
    """Read what was said."""

    @field(description="The caller's own conversations, the newest first.")
    async def conversations(
        self,
        info: Info,
        first: int = USUAL_ITEMS,
        after: str | None = None,
        *,
        everyones: bool = False,
    ) -> Connection[Conversation] | None:
        """Return conversations; those of all members have no titles, and take an admin."""
        page, project = page_of(first, after), self.project_id
        found = await asked(
            info,
            lambda services, context: services.conversations.conversations.before(
                context, project, page.after_text, limit=page.limit + 1, everyones=everyones
            ),
        )
        return await connected(found, page, key_of=lambda item: item.id, shown=conversation_shown)

    @field(description="A conversation of the caller's own.")
    async def conversation(self, info: Info, id: strawberry.ID) -> Conversation | None:  # noqa: A002  # its name on the wire
        """Return a conversation."""
        project = self.project_id
        return conversation_shown(
            await asked(
                info,
                lambda services, context: services.conversations.conversations.read(
                    context, project, id
                ),
            )
        )

    @field(description="The turns of a conversation of the caller's own, in their order.")
    async def turns(
        self,
        info: Info,
        conversation: strawberry.ID,
        *,
        first: int = USUAL_ITEMS,
        after: str | None = None,
    ) -> Connection[Turn] | None:
        """Return turns."""
        page, project = page_of(first, after), self.project_id
        found = await asked(
            info,
            lambda services, context: services.conversations.turns.after(
                context, project, conversation, after=page.after_number, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.number, shown=turn_shown)

    @field(description="A turn of the caller's own.")
    async def turn(
        self,
        info: Info,
        conversation: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> Turn | None:
        """Return a turn."""
        project = self.project_id
        return turn_shown(
            await asked(
                info,
                lambda services, context: services.conversations.turns.read(
                    context, project, conversation, turn_id=id
                ),
            )
        )

    @field(description="What the agent is told of the caller; there are 100 facts at the most.")
    async def facts(self, info: Info) -> list[Fact] | None:
        """Return all of the caller's own facts."""
        project = self.project_id
        found = await asked(
            info,
            lambda services, context: services.conversations.facts.of_caller(context, project),
        )
        return [fact_shown(item) for item in found]
