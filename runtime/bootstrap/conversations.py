"""Wire conversations: over the models that are asked, and over the plans that are executed."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from typing_extensions import override

from runtime.bootstrap.ending import when_told_to_end
from runtime.sandbox import Sandbox
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Ids
from runtime.services.conversations.briefings import Briefings
from runtime.services.conversations.consenting import Consenting
from runtime.services.conversations.conversations import Conversations
from runtime.services.conversations.desk import ConversationDesk
from runtime.services.conversations.erasing import Erasing
from runtime.services.conversations.exporting import Exporting
from runtime.services.conversations.facts import Facts
from runtime.services.conversations.proposing import Asks, Proposing
from runtime.services.conversations.scenario import Foresees, Scene
from runtime.services.conversations.turns import Turns
from runtime.services.environments import Environments, PluginEnabled
from runtime.services.execution.plans import Plans
from runtime.services.identity.access import Access
from runtime.store.session import Database


class SandboxForesight(Foresees):
    """Try plans in the sandboxes that the harness replays scenarios in; made on first use."""

    def __init__(self) -> None:
        self._sandboxes: dict[str, Sandbox] = {}

    @override
    def refusal(self, scene: Scene) -> str | None:
        """Return the code of the first refusal, None when the plan runs.

        Raises:
            DeclarationError: nothing installed declares the environment.
        """
        sandbox = self._sandboxes.get(scene.environment)
        if sandbox is None:
            sandbox = self._sandboxes[scene.environment] = Sandbox.named(scene.environment)
        who = {"roles": scene.principal.roles, "grant": scene.principal.grant}
        situation = replace(
            sandbox.situation(),
            state=scene.state,
            principal=sandbox.environment.principal.model_copy(update=who),
            confirms=scene.confirms,
            approves=scene.approves,
            now=scene.now,
        )
        outcome = sandbox.simulate(scene.plan, situation).outcome
        refusals = [outcome.refusal, *(step.refusal for step in outcome.steps)]
        return next((item.code.value for item in refusals if item is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationParts:
    """Share what conversations are made of."""

    database: Database
    ids: Ids
    access: Access
    environments: Environments
    enabled: PluginEnabled
    recorder: Recorder


def conversation_desk(parts: ConversationParts, *, asking: Asks, plans: Plans) -> ConversationDesk:
    """Return the use cases of conversations."""
    database, ids = parts.database, parts.ids
    return ConversationDesk(
        conversations=Conversations(database=database, ids=ids, asking=asking),
        turns=Turns(database=database, ids=ids, kept=asking.kept),
        proposing=Proposing(
            database=database,
            ids=ids,
            access=parts.access,
            briefings=Briefings(parts.environments),
            enabled=parts.enabled,
            asking=asking,
        ),
        consenting=Consenting(database=database, ids=ids, plans=plans),
        exporting=Exporting(
            database=database,
            ids=ids,
            access=parts.access,
            environments=parts.environments,
            foresees=SandboxForesight(),
            recorder=parts.recorder,
        ),
        facts=Facts(database=database, ids=ids),
    )


def keep_answering(
    desk: ConversationDesk,
    parts: ConversationParts,
    *,
    erases: bool,
    stack: AsyncExitStack,
) -> None:
    """Let turns end with the stack, or when the process is told to; erase old texts till then."""
    stack.push_async_callback(desk.proposing.close)
    stack.enter_context(when_told_to_end(desk.proposing.end))
    if erases:
        erasing = Erasing(parts.database, parts.ids)
        stack.push_async_callback(erasing.close)
        erasing.start()
