"""Take a turn along as a golden scenario: what the model was told, and what was right to answer."""

from __future__ import annotations

import asyncio
from threading import Lock

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller
from runtime.domain.conversation import Conversation
from runtime.domain.errors import EnvironmentNotInstalledError
from runtime.domain.scope import Scope
from runtime.domain.state import State
from runtime.domain.turn import Turn
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Context, Ids
from runtime.services.conversations.history import MOST_TURNS, said_before
from runtime.services.conversations.rights import own_conversation, turn_of
from runtime.services.conversations.scenario import Foresees, Told, scenario_of, spelled_yaml
from runtime.services.conversations.truth import as_they_are
from runtime.services.environments import Environments, InstalledEnvironment
from runtime.services.execution.states import rebuilt
from runtime.services.identity.access import Access
from runtime.services.standing import seen
from runtime.store import facts, turns
from runtime.store.outcomes import outcomes_named
from runtime.store.session import Database


class Exporting:
    """Write turns as scenarios."""

    def __init__(
        self,
        *,
        database: Database,
        ids: Ids,
        access: Access,
        environments: Environments,
        foresees: Foresees,
        recorder: Recorder,
    ) -> None:
        self._database = database
        self._ids = ids
        self._access = access
        self._environments = environments
        self._foresees = foresees
        self._recorder = recorder
        self._one = Lock()  # sandboxes are made for one thread

    async def export(
        self, context: Context, project_id: str, conversation_id: str, *, turn_id: str
    ) -> JsonObject:
        """Return a turn of the caller's own as a scenario file; that it was taken is recorded.

        Facts are the caller's as they hold now, and files that came with the message are named
        alone: nothing else is kept of them.

        Raises:
            NotFoundError: no such project, or no such conversation or turn of theirs.
            NotAllowedError: the credential was not made for this, or reads no state.
            EnvironmentNotInstalledError: the plugin that declared the environment is gone.
            WrongTimeError: there is nothing in the turn that could be expected.
        """
        caller = context.caller
        caller.require(Scope.CONVERSATIONS_MANAGE)
        caller.require(Scope.STATE_READ)
        turn, told = await self._told(caller, project_id, conversation_id, turn_id=turn_id)
        document, spelled = await asyncio.to_thread(self._written, turn, told)
        named: JsonObject = {"turn": turn.id, "conversation": turn.conversation_id}
        await self._recorder.write(caller, "turn.exported", named, project_id=project_id)
        return {
            "filename": f"{turn.id.lower()}.yaml",
            "yaml": spelled,
            "document": document,
        }

    def _written(self, turn: Turn, told: Told) -> tuple[JsonObject, str]:
        """Write a scenario as a document and as text; takes a second for large ones."""
        with self._one:
            document = scenario_of(turn, told, foresees=self._foresees)
        return document, spelled_yaml(document)

    async def _told(
        self, caller: Caller, project_id: str, conversation_id: str, *, turn_id: str
    ) -> tuple[Turn, Told]:
        """Gather a turn, and what its model was told beside the message."""
        principal, now = await self._access.principal(caller, project_id), self._ids.now()
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            project = (await seen(connection, caller, project_id)).project
            conversation = await own_conversation(
                connection, caller, project_id=project_id, conversation_id=conversation_id
            )
            found = await turn_of(connection, conversation, turn_id)
            before = await turns.newest_turns(
                connection, conversation.id, limit=MOST_TURNS, below=found.number
            )
            turn, *earlier = await as_they_are(
                connection, (found, *before), project_id=project_id, now=now
            )
            known = await facts.facts_of(
                connection, caller.member_id, project_id=project_id, now=now
            )
            state = await _met(connection, conversation, turn)
        return turn, Told(
            installed=self._installed(project.environment),
            principal=principal.held_to(turn.mode),
            state=state,
            facts={fact.key: fact.value for fact in known},
            history=said_before(earlier),
        )

    def _installed(self, environment: str) -> InstalledEnvironment:
        found = self._environments.get(environment)
        if found is None:
            raise EnvironmentNotInstalledError(
                environment=environment, known=tuple(self._environments)
            )
        return found


async def _met(connection: AsyncConnection, conversation: Conversation, turn: Turn) -> State:
    """Return the state that the turn's plan met, or else the one that the model was shown."""
    project_id, version = conversation.project_id, turn.state_version or 0
    if turn.outcome_id is not None:
        outcomes = await outcomes_named(connection, project_id=project_id, ids=[turn.outcome_id])
        for outcome in outcomes:
            version = parse(outcome.document)["before"]["version"]
    return await rebuilt(connection, project_id, version=version)
