"""Talk to the agent of a project, and decide about what it proposes; nothing runs without that."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final

import strawberry
from pydantic import AfterValidator, TypeAdapter

from runtime.domain.fact import LONGEST, MOST_KEY
from runtime.domain.principal import Mode
from runtime.domain.storable import storable_value
from runtime.domain.turn import MOST_MESSAGE, MOST_REASON
from runtime.entrypoints.graphql.call import Info, asked, changed, executed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.history import Outcome, outcome_told
from runtime.entrypoints.graphql.inputs import (
    PlanInput,
    fitting,
    kept_plan_of,
    name_of,
    one_of,
    text_of,
    unfit,
    within,
)
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.scalars import Json
from runtime.entrypoints.graphql.talking import (
    Conversation,
    ConversationGone,
    Fact,
    FactGone,
    Scenario,
    Turn,
    fact_told,
    turn_shown,
    turn_told,
)
from runtime.kit.json_value import JsonValue
from runtime.services.conversations.accepting import Said
from runtime.services.conversations.consenting import Consent
from runtime.services.conversations.facts import FactWish

VALUE: Final = TypeAdapter[JsonValue](Annotated[JsonValue, AfterValidator(storable_value)])
LONGEST_S: Final = int(LONGEST.total_seconds())
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]*")


@strawberry.type
class TalkMutations:
    """Talk, consent, and say what is to be remembered."""

    @mutation(description="Begin a conversation of the caller's own.")
    async def create_conversation(
        self, info: Info, project: strawberry.ID, *, title: str | None = None
    ) -> Conversation | None:
        """Return the conversation."""
        spelled = "" if title is None else name_of(title, argument="title")
        document = await changed(
            info,
            lambda services, context: services.conversations.conversations.create(
                context, project, title=spelled
            ),
        )
        return made(Conversation, document)

    @mutation(description="Delete a conversation with all that was said.")
    async def delete_conversation(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
    ) -> ConversationGone | None:
        """Return what was deleted."""
        document = await changed(
            info,
            lambda services, context: services.conversations.conversations.delete(
                context, project, id
            ),
        )
        return made(ConversationGone, document)

    @mutation(description="Say something to the agent; what it proposes waits for consent.")
    async def say(
        self,
        info: Info,
        project: strawberry.ID,
        conversation: strawberry.ID,
        *,
        message: str,
        mode: str | None = None,
    ) -> Turn | None:
        """Return the turn with its answer; it is answered and stored whether or not one waits."""
        within(len(message), 1, MOST_MESSAGE, argument="message")
        said = Said(message=message, mode=one_of(Mode, mode, argument="mode"))
        pending = await executed(
            info,
            lambda services, context: services.conversations.proposing.begin(
                context, project, conversation, said=said
            ),
        )
        return turn_shown(await pending.answered())

    @mutation(description="The outcome that executing the turn's plan now would have.", keyed=False)
    async def simulate_turn(
        self,
        info: Info,
        project: strawberry.ID,
        conversation: strawberry.ID,
        *,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> Outcome | None:
        """Return an outcome under whose id nothing is stored."""
        found = await asked(
            info,
            lambda services, context: services.conversations.consenting.simulate(
                context, project, conversation, turn_id=id
            ),
        )
        return outcome_told(found.document)

    @mutation(description="Execute the turn's plan as any other plan is, once.")
    async def execute_turn(
        self,
        info: Info,
        project: strawberry.ID,
        conversation: strawberry.ID,
        *,
        id: strawberry.ID,  # noqa: A002  # as above
        confirm: str | None = None,
        approval: strawberry.ID | None = None,
        atomic: bool = False,
    ) -> Outcome | None:
        """Return what came of it; a refusal is an outcome as well."""
        consent = Consent(
            confirms=text_of(confirm, argument="confirm"),
            approval=text_of(approval, argument="approval"),
            atomic=atomic,
        )
        done = await executed(
            info,
            lambda services, context: services.conversations.consenting.execute(
                context, project, conversation, turn_id=id, consent=consent
            ),
        )
        return outcome_told(done.document)

    @mutation(description="Put the caller's own plan in place of what was proposed.")
    async def edit_turn(
        self,
        info: Info,
        project: strawberry.ID,
        conversation: strawberry.ID,
        *,
        id: strawberry.ID,  # noqa: A002  # as above
        plan: PlanInput,
    ) -> Turn | None:
        """Return the turn; what was proposed stays on record."""
        kept = kept_plan_of(plan)
        return turn_told(
            await changed(
                info,
                lambda services, context: services.conversations.turns.edit(
                    context, project, conversation, turn_id=id, plan=kept
                ),
            )
        )

    @mutation(description="Say no to what was proposed, and why; the next prompt is told.")
    async def reject_turn(
        self,
        info: Info,
        project: strawberry.ID,
        conversation: strawberry.ID,
        *,
        id: strawberry.ID,  # noqa: A002  # as above
        reason: str = "",
    ) -> Turn | None:
        """Return the turn."""
        text_of(reason, argument="reason", most=MOST_REASON)
        return turn_told(
            await changed(
                info,
                lambda services, context: services.conversations.turns.reject(
                    context, project, conversation, turn_id=id, reason=reason
                ),
            )
        )

    @mutation(description="The turn as a golden scenario; nothing is changed.", keyed=False)
    async def export_turn(
        self,
        info: Info,
        project: strawberry.ID,
        conversation: strawberry.ID,
        *,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> Scenario | None:
        """Return a scenario, expecting what was executed or put in its place."""
        document = await asked(
            info,
            lambda services, context: services.conversations.exporting.export(
                context, project, conversation, turn_id=id
            ),
        )
        return made(Scenario, document)

    @mutation(description="Tell a fact of the caller, in place of what its key said.")
    async def put_fact(
        self,
        info: Info,
        project: strawberry.ID,
        key: str,
        *,
        value: Json | None,
        ttl_s: int | None = None,
        turn: strawberry.ID | None = None,
    ) -> Fact | None:
        """Return the fact; nobody else's agent is ever told of it."""
        named, lasts_s = _key(key), within(ttl_s, 1, LONGEST_S, argument="ttlS")
        wish = FactWish(
            value=fitting(VALUE, value, argument="value"),
            lasts=None if lasts_s is None else timedelta(seconds=lasts_s),
            turn_id=text_of(turn, argument="turn"),
        )
        return fact_told(
            await changed(
                info,
                lambda services, context: services.conversations.facts.put(
                    context, project, named, wish=wish
                ),
            )
        )

    @mutation(description="Have a fact forgotten.")
    async def delete_fact(self, info: Info, project: strawberry.ID, key: str) -> FactGone | None:
        """Return what was deleted."""
        named = _key(key)
        document = await changed(
            info,
            lambda services, context: services.conversations.facts.delete(context, project, named),
        )
        return made(FactGone, document)


def _key(text: str) -> str:
    """Return what a fact is about; raise RequestValidationError."""
    if len(text) > MOST_KEY or not _KEY.fullmatch(text):
        raise unfit("key", f"expected 1 to {MOST_KEY} letters, digits, dots, colons or dashes")
    return text
