"""Keep over HTTP what members say to the agents of projects."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from runtime.domain.conversation import Conversation
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import NameText
from runtime.services.conversations.documents import conversation_document

router = APIRouter(
    prefix="/v1/projects/{project_id}/conversations",
    tags=["conversations"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConversationNewIn(_Wire):
    """Begin a conversation."""

    title: NameText | None = None


class ConversationOut(_Wire):
    """Describe a conversation.

    Attributes:
        owner: the member whose it is; nobody else reads or writes in it.
        turns: how many there were.
    """

    id: str
    project: str
    owner: str
    title: str
    created_at: datetime
    turns: int


class ConversationGoneOut(_Wire):
    """Say what was deleted.

    Attributes:
        turns: how many there were in it.
    """

    id: str
    turns: int


@router.post("", status_code=HTTPStatus.CREATED, response_model=ConversationOut)
async def create_conversation(
    project_id: str, body: ConversationNewIn, context: Writing, services: ServicesOf
) -> Response:
    """Begin a conversation of the caller's own with the agent of a project."""
    return answered(
        await services.conversations.conversations.create(
            context, project_id, title=body.title or ""
        )
    )


@router.get("")
async def list_conversations(
    project_id: str,
    context: Reading,
    services: ServicesOf,
    page: Paging,
    *,
    everyones: Annotated[
        bool, Query(description="Those of all members, without titles; takes an admin")
    ] = False,
) -> PageOut[ConversationOut]:
    """Return the caller's own conversations in a project, the newest first."""
    found = await services.conversations.conversations.before(
        context, project_id, page.after_text, limit=page.limit + 1, everyones=everyones
    )
    return paged(found, page, key_of=lambda item: item.id, shown=_shown)


@router.get("/{conversation_id}")
async def read_conversation(
    project_id: str, conversation_id: str, context: Reading, services: ServicesOf
) -> ConversationOut:
    """Return a conversation of the caller's own."""
    return _shown(
        await services.conversations.conversations.read(context, project_id, conversation_id)
    )


@router.delete("/{conversation_id}", response_model=ConversationGoneOut)
async def delete_conversation(
    project_id: str, conversation_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Delete a conversation with all that was said; its owner may, and the project's admins."""
    return answered(
        await services.conversations.conversations.delete(context, project_id, conversation_id)
    )


def _shown(conversation: Conversation) -> ConversationOut:
    return ConversationOut.model_validate(conversation_document(conversation))
