"""Evaluate: propose on a situation that the caller describes, in a sandbox."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from runtime.agent.media import Attachment, AttachmentError, part_of
from runtime.agent.parse import ParseFault
from runtime.agent.planner import Proposed
from runtime.agent.prompt import Conversation, Turn
from runtime.domain.errors import DeclarationError
from runtime.domain.limits import Limits, Usage
from runtime.domain.principal import Mode, Principal
from runtime.domain.proposal import Proposal
from runtime.entrypoints.rest.body import GuardedRoute
from runtime.entrypoints.rest.environments import ComparabilityOut
from runtime.entrypoints.rest.evaluator import Evaluator
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import PROBLEMS, ProblemError
from runtime.kit.canonical_json import canonical_bytes, parse
from runtime.kit.json_value import JsonObject
from runtime.sandbox import Sandbox, Situation

router = APIRouter(
    prefix="/v1/environments", tags=["proposals"], route_class=GuardedRoute, responses=PROBLEMS
)

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9000

Name = Annotated[str, Field(min_length=1, max_length=200)]


def _own_canonical(document: JsonObject) -> JsonObject:
    """Return a copy that digests alike everywhere; what has no canonical JSON is refused."""
    owned: JsonObject = parse(canonical_bytes(document))
    return owned


def _of_our_calendars(now: datetime) -> datetime:
    """Return an instant if the days around it have dates in every time zone."""
    if not FIRST_YEAR <= now.year <= LAST_YEAR:
        raise ValueError(f"the year is {now.year}, expected {FIRST_YEAR} to {LAST_YEAR}")
    return now


Document = Annotated[JsonObject, AfterValidator(_own_canonical)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TurnIn(_Wire):
    """Repeat one earlier message."""

    speaker: Literal["user", "assistant"]
    text: str


class AttachmentIn(_Wire):
    """Attach a file; `base64` holds its bytes."""

    name: Name
    mime: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=200)]
    base64: str


class ConversationIn(_Wire):
    """Say what was said."""

    message: Annotated[str, Field(min_length=1)]
    history: Annotated[tuple[TurnIn, ...], Field(max_length=1_000)] = ()
    attachments: Annotated[tuple[AttachmentIn, ...], Field(max_length=50)] = ()

    def conversation(self) -> Conversation:
        """Return it with its files decoded.

        Raises:
            ProblemError: a file is not what it says, or none that a model is shown.
        """
        try:
            attachments = tuple(
                Attachment.from_base64(name=item.name, mime=item.mime, text=item.base64)
                for item in self.attachments
            )
            for attachment in attachments:
                part_of(attachment)
        except AttachmentError as error:
            raise ProblemError(ProblemCode.ATTACHMENT_INVALID, str(error)) from error
        return Conversation(
            message=self.message,
            history=tuple(Turn(speaker=turn.speaker, text=turn.text) for turn in self.history),
            attachments=attachments,
        )


class StandInIn(_Wire):
    """Describe who asks in the sandbox; it is nobody, and may do nothing outside of it."""

    id: Name
    roles: Annotated[tuple[Name, ...], Field(max_length=100)]
    grant: Mode


class ConsentIn(_Wire):
    """Say whether the requester would confirm, and colleagues would approve."""

    confirm: bool = True
    approve: bool = True


class SituationIn(_Wire):
    """Describe the moment; what is left out is the environment's own."""

    state: Document | None = None
    facts: Document = Field(default_factory=dict)
    principal: StandInIn | None = None
    limits: Limits | None = None
    usage: Usage = Usage()
    consent: ConsentIn = ConsentIn()
    now: Annotated[AwareDatetime, AfterValidator(_of_our_calendars)] = datetime.fromisoformat(
        "2000-01-01T00:00:00+00:00"
    )

    def stand_in(self, own: Principal) -> Principal:
        """Return who asks, in the organization of the environment's own principal."""
        if self.principal is None:
            return own
        return Principal(**{**own.model_dump(), **self.principal.model_dump()})

    def situation(self, sandbox: Sandbox, principal: Principal) -> Situation:
        """Return the situation in a sandbox.

        Raises:
            ProblemError: the state breaks a schema or an invariant.
        """
        start = sandbox.situation()
        try:
            state = start.state if self.state is None else sandbox.state(self.state)
        except DeclarationError as error:
            raise ProblemError(ProblemCode.STATE_INVALID, str(error)) from error
        return Situation(
            state=state,
            principal=principal,
            facts=self.facts,
            limits=start.limits if self.limits is None else self.limits,
            usage=self.usage,
            confirms=self.consent.confirm,
            approves=self.consent.approve,
            now=self.now,
        )


class ProposalIn(_Wire):
    """Ask for a proposal."""

    conversation: ConversationIn
    situation: SituationIn = SituationIn()
    actions: Annotated[tuple[Name, ...], Field(max_length=500)] = ()
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class ParseProblemOut(_Wire):
    """Explain what was wrong with the model's last answer."""

    fault: ParseFault
    detail: str


class UsageOut(_Wire):
    """Count tokens as the provider did."""

    prompt: int
    completion: int
    cached: int


class ProposalOut(_Wire):
    """Repeat what the agent came to, what it cost, and what it was asked with."""

    proposal: Proposal | None
    problems: tuple[ParseProblemOut, ...]
    dropped: tuple[str, ...]
    calls: int
    repairs: int
    retries: int
    usage: UsageOut
    cost_micros: int | None
    model: str
    latency_s: float
    answer: str
    comparability: ComparabilityOut

    @classmethod
    def of(cls, proposed: Proposed, sandbox: Sandbox) -> ProposalOut:
        """Spell a proposal; half characters, which JSON can't carry, become question marks."""
        usage = proposed.usage
        return cls(
            proposal=proposed.proposal,
            problems=tuple(
                ParseProblemOut(fault=item.fault, detail=_whole(item.detail))
                for item in proposed.problems
            ),
            dropped=tuple(map(_whole, proposed.dropped)),
            calls=proposed.calls,
            repairs=proposed.repairs,
            retries=proposed.retries,
            usage=UsageOut(prompt=usage.prompt, completion=usage.completion, cached=usage.cached),
            cost_micros=proposed.cost_micros,
            model=_whole(proposed.model),
            latency_s=proposed.latency_s,
            answer=_whole(proposed.answer),
            comparability=ComparabilityOut.of(sandbox),
        )


@router.post("/{environment}/proposals:evaluate")
async def evaluate_proposal(environment: str, asked: ProposalIn, request: Request) -> ProposalOut:
    """Return what the platform's own model proposes in the situation that the body describes.

    The body names a stand-in for the person, which no other route may: this one proposes in a
    sandbox, stores nothing, executes nothing and reads no project, so it can have no effect. Which
    model is asked, and how, is the platform's configuration and never the caller's.
    """
    evaluator: Evaluator = request.app.state.evaluator
    conversation = asked.conversation.conversation()
    whole = evaluator.whole(environment)
    principal = asked.situation.stand_in(whole.environment.principal)
    sandbox = evaluator.sandbox(whole, only=asked.actions, principal=principal)
    situation = asked.situation.situation(sandbox, principal)
    proposed = await evaluator.propose(sandbox, conversation, situation, seed=asked.seed)
    return ProposalOut.of(proposed, sandbox)


def _whole(text: str) -> str:
    return text.encode(errors="replace").decode()
