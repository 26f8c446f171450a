"""Accept a message: say what of it is stored, what its model is asked, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.agent import prompt
from runtime.agent.media import Attachment
from runtime.domain.conversation import (
    MOST_TURNS,
    Conversation,
)
from runtime.domain.errors import (
    ConversationBusyError,
    ModelBudgetError,
    WrongTimeError,
)
from runtime.domain.model_use import ModelUse
from runtime.domain.principal import Mode
from runtime.domain.proposal import PlanProposal
from runtime.domain.state import State
from runtime.domain.turn import TURN_PREFIX, AttachmentNote, Turn, TurnStatus
from runtime.kit.canonical_json import digest_bytes
from runtime.kit.json_value import JsonObject
from runtime.services.conversations.answers import Shown
from runtime.services.conversations.briefings import Briefed
from runtime.services.conversations.history import MOST_TURNS as MOST_TOLD
from runtime.services.conversations.history import said_before
from runtime.services.conversations.rights import turn_of
from runtime.services.conversations.truth import as_they_are, interrupted
from runtime.services.models.asking import Question
from runtime.services.unit_of_work import Unit
from runtime.store import facts, turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Hold what a member says.

    Attributes:
        mode: below which their own grant is held; it can't be raised.
    """

    message: str
    attachments: tuple[Attachment, ...] = ()
    mode: Mode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Hold what a question is made of beside the message.

    Attributes:
        enabled: the organization lets the plugin of the environment act.
        used_up: the refusal of all that is asked before a budget renews.
    """

    briefed: Briefed
    enabled: bool
    state: State
    archived: bool
    use: ModelUse
    used_up: ModelBudgetError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Hold an accepted turn, and what its model is asked."""

    turn: Turn
    conversation: Conversation
    question: Question
    shown: Shown


async def free_or_refuse(unit: Unit, conversation: Conversation) -> None:
    """Refuse a second turn beside one that is being answered; give up one that nobody answers.

    Raises:
        ConversationBusyError: a turn is being answered.
        WrongTimeError: there are too many.
    """
    if conversation.answering is not None:
        if conversation.busy(unit.now):
            raise ConversationBusyError(turn=conversation.answering)
        left = await turn_of(unit.connection, conversation, conversation.answering)
        if left.status is TurnStatus.ASKING:
            await turns.change_turn(unit.connection, interrupted(left, now=unit.now))
    if conversation.turns >= MOST_TURNS:
        raise WrongTimeError(
            what=f"conversation '{conversation.id}'",
            found=f"full, with {MOST_TURNS} turns",
            remedy="begin another one",
        )


def new_turn(unit: Unit, conversation: Conversation, said: Said, *, use: ModelUse) -> Turn:
    """Return a turn that is not answered yet."""
    return Turn(
        id=unit.ids.new(TURN_PREFIX),
        conversation_id=conversation.id,
        number=conversation.turns + 1,
        status=TurnStatus.ASKING,
        created_at=unit.now,
        message=said.message,
        mode=said.mode,
        attachments=tuple(map(_note, said.attachments)),
        keeps=use.keeps,
        erase_at=unit.now + timedelta(days=use.retention_days),
    )


def _note(attachment: Attachment) -> AttachmentNote:
    return AttachmentNote(
        name=attachment.name,
        mime=attachment.mime,
        size_bytes=len(attachment.data),
        digest=digest_bytes(attachment.data),
    )


async def gathered(
    unit: Unit, conversation: Conversation, turn: Turn, *, said: Said, before: Before
) -> Accepted:
    """Gather what the model is told beside the message: what was said, and what is remembered."""
    owner, project = conversation.owner_id, conversation.project_id
    known = await facts.facts_of(unit.connection, owner, project_id=project, now=unit.now)
    briefed = before.briefed
    return Accepted(
        turn=turn,
        conversation=conversation,
        question=Question(
            organization_id=conversation.organization_id,
            project_id=project,
            member_id=owner,
            briefing=briefed.briefing,
            conversation=prompt.Conversation(
                message=said.message,
                history=said_before(await _newest(unit.connection, conversation, turn, unit=unit)),
                attachments=said.attachments,
            ),
            state=before.state,
            facts={fact.key: fact.value for fact in known},
            registry_digest=briefed.registry_digest,
            prompt=briefed.installed.prompt,
            turn_id=turn.id,
        ),
        shown=Shown(
            book=briefed.briefing.book,
            registry=briefed.registry_digest,
            prompt=briefed.installed.prompt,
            plugin=briefed.installed.plugin,
            state_version=before.state.version,
        ),
    )


async def _newest(
    connection: AsyncConnection, conversation: Conversation, turn: Turn, *, unit: Unit
) -> tuple[Turn, ...]:
    if turn.number == 1:
        return ()
    found = await turns.newest_turns(
        connection, conversation.id, limit=MOST_TOLD, below=turn.number
    )
    return await as_they_are(connection, found, project_id=conversation.project_id, now=unit.now)


async def tell(unit: Unit, conversation: Conversation, turn: Turn) -> None:
    """Record what a turn came to, and tell of a proposal; nobody is told what was written."""
    told: JsonObject = {"turn": turn.id, "conversation": conversation.id}
    project = conversation.project_id
    if turn.proposal is None or turn.comparability is None or turn.state_version is None:
        faults = [problem.fault for problem in turn.problems]
        await unit.audit("turn.failed", {**told, "faults": faults}, project_id=project)
        return
    proposal = turn.proposal
    steps = len(proposal.plan.steps) if isinstance(proposal, PlanProposal) else 0
    await unit.record(
        "turn.proposed",
        {
            **told,
            "owner": conversation.owner_id,
            "number": turn.number,
            "kind": proposal.kind,
            "steps": steps,
            "model": turn.comparability.model,
            "state_version": turn.state_version,
        },
        project_id=project,
        recorded={
            "dropped": len(turn.dropped),
            "comparability": turn.comparability.document(),
        },
    )
