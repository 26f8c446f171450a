"""Ask the operations on conversations of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Unpack

from runtime.client.documents.conversations import (
    ConsentGivenIn,
    ConversationGoneOut,
    ConversationNewIn,
    ConversationOut,
    FactGoneOut,
    FactIn,
    FactOut,
    MessageIn,
    ScenarioOut,
    TurnEditIn,
    TurnOut,
    TurnRejectIn,
)
from runtime.client.documents.shared import OutcomeOut
from runtime.client.event_lines import SentEvent, sent_events
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Conversations:
    """Ask the operations on conversations."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(
        self, project_id: str, *, everyones: bool | None = None, limit: int | None = None
    ) -> Iterator[ConversationOut]:
        """Return the caller's own conversations in a project, the newest first."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "conversations"),
                query={"everyones": everyones, "limit": limit or PAGE},
            )
        )

    def create(
        self,
        project_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[ConversationNewIn],
    ) -> ConversationOut:
        """Begin a conversation of the caller's own with the agent of a project."""
        answer: ConversationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "conversations"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def delete(
        self, project_id: str, conversation_id: str, *, idempotency_key: str | None = None
    ) -> ConversationGoneOut:
        """Delete a conversation with all that was said; its owner may, and the project's admins."""
        answer: ConversationGoneOut = self._transport.ask(
            Request(
                method="DELETE",
                path=path_of("projects", project_id, "conversations", conversation_id),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def read(self, project_id: str, conversation_id: str) -> ConversationOut:
        """Return a conversation of the caller's own."""
        answer: ConversationOut = self._transport.ask(
            Request(
                method="GET", path=path_of("projects", project_id, "conversations", conversation_id)
            )
        )
        return answer

    def list_turns(
        self, project_id: str, conversation_id: str, *, limit: int | None = None
    ) -> Iterator[TurnOut]:
        """Return the turns of a conversation of the caller's own, in their order."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "conversations", conversation_id, "turns"),
                query={"limit": limit or PAGE},
            )
        )

    def say(
        self,
        project_id: str,
        conversation_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[MessageIn],
    ) -> TurnOut:
        """Say something to the agent; the answer waits for consent, and nothing is executed."""
        answer: TurnOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "conversations", conversation_id, "turns"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    @contextmanager
    def say_stream(
        self,
        project_id: str,
        conversation_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[MessageIn],
    ) -> Iterator[Iterator[SentEvent]]:
        """Say something to the agent; the answer waits for consent, and nothing is executed."""
        with self._transport.following(
            Request(
                method="POST",
                path=path_of("projects", project_id, "conversations", conversation_id, "turns"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        ) as lines:
            yield sent_events(lines)

    def read_turn(self, project_id: str, conversation_id: str, turn_id: str) -> TurnOut:
        """Return a turn of the caller's own."""
        answer: TurnOut = self._transport.ask(
            Request(
                method="GET",
                path=path_of(
                    "projects", project_id, "conversations", conversation_id, "turns", turn_id
                ),
            )
        )
        return answer

    def edit_turn(
        self,
        project_id: str,
        conversation_id: str,
        turn_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[TurnEditIn],
    ) -> TurnOut:
        """Put the caller's own plan in place of what was proposed, which stays on record."""
        answer: TurnOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of(
                    "projects",
                    project_id,
                    "conversations",
                    conversation_id,
                    "turns",
                    turn_id,
                    verb="edit",
                ),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def execute_turn(
        self,
        project_id: str,
        conversation_id: str,
        turn_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[ConsentGivenIn],
    ) -> OutcomeOut:
        """Execute the turn's plan as any other plan is, once; a refusal is an outcome as well."""
        answer: OutcomeOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of(
                    "projects",
                    project_id,
                    "conversations",
                    conversation_id,
                    "turns",
                    turn_id,
                    verb="execute",
                ),
                key=idempotency_key or fresh_key(),
                body=body or None,
            )
        )
        return answer

    def export_turn(
        self,
        project_id: str,
        conversation_id: str,
        turn_id: str,
        *,
        idempotency_key: str | None = None,
    ) -> ScenarioOut:
        """Return the turn as a golden scenario, expecting what was executed or put in its place."""
        answer: ScenarioOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of(
                    "projects",
                    project_id,
                    "conversations",
                    conversation_id,
                    "turns",
                    turn_id,
                    verb="export",
                ),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def reject_turn(
        self,
        project_id: str,
        conversation_id: str,
        turn_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[TurnRejectIn],
    ) -> TurnOut:
        """Say no to what was proposed."""
        answer: TurnOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of(
                    "projects",
                    project_id,
                    "conversations",
                    conversation_id,
                    "turns",
                    turn_id,
                    verb="reject",
                ),
                key=idempotency_key or fresh_key(),
                body=body or None,
            )
        )
        return answer

    def simulate_turn(
        self,
        project_id: str,
        conversation_id: str,
        turn_id: str,
        *,
        idempotency_key: str | None = None,
    ) -> OutcomeOut:
        """Return the outcome that executing the turn's plan now would have; nothing is changed."""
        answer: OutcomeOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of(
                    "projects",
                    project_id,
                    "conversations",
                    conversation_id,
                    "turns",
                    turn_id,
                    verb="simulate",
                ),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def list_facts(self, project_id: str) -> Iterator[FactOut]:
        """Return the caller's own facts in a project, all of them; there are 100 at the most."""
        return self._transport.pages(
            Request(method="GET", path=path_of("projects", project_id, "facts"))
        )

    def delete_fact(
        self, project_id: str, key: str, *, idempotency_key: str | None = None
    ) -> FactGoneOut:
        """Have a fact forgotten."""
        answer: FactGoneOut = self._transport.ask(
            Request(
                method="DELETE",
                path=path_of("projects", project_id, "facts", key),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def put_fact(
        self,
        project_id: str,
        key: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[FactIn],
    ) -> FactOut:
        """Tell a fact, in place of what its key said; nobody else's agent is ever told of it."""
        answer: FactOut = self._transport.ask(
            Request(
                method="PUT",
                path=path_of("projects", project_id, "facts", key),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer
