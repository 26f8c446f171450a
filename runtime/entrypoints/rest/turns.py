"""Let members talk to the agent of a project over HTTP, and decide about what it proposes."""

from __future__ import annotations

import asyncio
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.plan import Plan
from runtime.domain.proposal import Proposal
from runtime.domain.turn import MOST_REASON, Turn, TurnStatus
from runtime.entrypoints.rest.context import (
    JSON_MEDIA_TYPE,
    REPLAYED,
    Reading,
    ServicesOf,
    Writing,
    answered,
)
from runtime.entrypoints.rest.etags import etag
from runtime.entrypoints.rest.messages import MessageIn, MessageRoute
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.plans import OutcomeOut
from runtime.entrypoints.rest.problems import PROBLEMS, ProblemOut
from runtime.entrypoints.rest.proposals import UsageOut
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.schedules import StoredPlan
from runtime.entrypoints.rest.texts import MOST_ID_TEXT
from runtime.entrypoints.rest.turn_streams import MEDIA_TYPE, TurnStreamResponse
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.conversations.consenting import Consent
from runtime.services.conversations.documents import turn_document
from runtime.services.execution.changes import Executed

_PREFIX: Final = "/v1/projects/{project_id}/conversations/{conversation_id}/turns"
router = APIRouter(
    prefix=_PREFIX, tags=["conversations"], route_class=PlatformRoute, responses=PROBLEMS
)
messages = APIRouter(
    prefix=_PREFIX, tags=["conversations"], route_class=MessageRoute, responses=PROBLEMS
)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AttachmentOut(_Wire):
    """Describe a file that came with a message; its bytes are not kept."""

    name: str
    mime: str
    size_bytes: int
    digest: str


class TurnProblemOut(_Wire):
    """Say what was wrong with the answer, or why there is none."""

    fault: str
    detail: str


class TurnComparabilityOut(_Wire):
    """Say with what the model was asked; only equal ones compare."""

    registry: str
    prompt: str
    plugin: str
    model: str


class TurnOut(_Wire):
    """Describe a turn.

    Attributes:
        message: null once it was erased, or where nothing of it is kept.
        status: `asking` until it is answered; `refused` means that nothing was done, and that it
            may be executed again.
        proposal: what waits for consent; a person's own plan stands in the place of the model's.
        dropped: authority that the model wrote, and that nobody read.
        outcome: what came of the plan.
        feedback: what the next prompt is told of the plan.
    """

    id: str
    conversation: str
    number: int
    message: str | None
    attachments: tuple[AttachmentOut, ...]
    status: TurnStatus
    proposal: Proposal | None
    edited: bool
    problems: tuple[TurnProblemOut, ...]
    dropped: tuple[str, ...]
    model: str | None
    usage: UsageOut
    cost_micros: int | None
    latency_ms: int
    state_version: int | None
    comparability: TurnComparabilityOut | None
    outcome: str | None
    feedback: JsonObject | None
    created_at: datetime
    answered_at: datetime | None


class ConsentGivenIn(_Wire):
    """Say what else there is to say of a plan that is executed, as of any other plan.

    Attributes:
        confirm: the `plan_digest` that a simulation or a refusal showed.
        approval: the request that others granted, as a refusal named it.
        atomic: all steps or none.
    """

    confirm: Annotated[str, Field(max_length=100)] | None = None
    approval: Annotated[str, Field(max_length=100)] | None = None
    atomic: bool = False


class TurnEditIn(_Wire):
    """Put a plan in the place of the one that was proposed."""

    plan: StoredPlan


class TurnRejectIn(_Wire):
    """Say no, and why; the next prompt is told."""

    reason: Annotated[str, Field(max_length=MOST_REASON)] = ""


class ScenarioOut(_Wire):
    """Hold a golden scenario of the harness.

    Attributes:
        filename: under which the text can be kept.
        yaml: the file.
        document: the same as JSON.
    """

    filename: Annotated[str, Field(max_length=MOST_ID_TEXT)]
    yaml: str
    document: JsonObject


_SAID: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.OK.value: {
        "description": "Where `text/event-stream` is accepted: `turn`, then `asking`, `repairing` "
        "and `falling_back` as they come, then `proposal` with the turn, or `error`",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    },
    HTTPStatus.TOO_MANY_REQUESTS.value: {
        "model": ProblemOut,
        "description": "`model_budget_spent`, where nothing is left of a budget of models: no turn "
        "was made, and `Retry-After` says when it renews; or `turns_busy`",
    },
}


@messages.post("", status_code=HTTPStatus.CREATED, response_model=TurnOut, responses=_SAID)
async def say(
    project_id: str,
    conversation_id: str,
    body: MessageIn,
    request: Request,
    context: Writing,
    services: ServicesOf,
) -> Response:
    """Say something to the agent; the answer waits for consent, and nothing is executed.

    A model that fails, or for which too little is left of a budget, makes a turn that failed, with
    status 201 as any other; where nothing is left at all, no turn is made. Who accepts
    `text/event-stream` follows how the answer comes about. One turn at a time is answered in a
    conversation; it is answered and stored whether or not the caller stays.
    """
    said = await asyncio.to_thread(body.said)
    pending = await services.conversations.proposing.begin(
        context, project_id, conversation_id, said=said
    )
    if MEDIA_TYPE in request.headers.get("accept", ""):
        return TurnStreamResponse(pending)
    turn = await pending.answered()
    headers = {REPLAYED: "true"} if pending.repeated else None
    content = orjson.dumps(turn_document(turn), option=orjson.OPT_SORT_KEYS)
    return Response(content, HTTPStatus.CREATED, headers, media_type=JSON_MEDIA_TYPE)


@router.get("")
async def list_turns(
    project_id: str, conversation_id: str, context: Reading, services: ServicesOf, page: Paging
) -> PageOut[TurnOut]:
    """Return the turns of a conversation of the caller's own, in their order."""
    found = await services.conversations.turns.after(
        context, project_id, conversation_id, after=page.after_number, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.number, shown=_shown)


@router.post("/{turn_id}:simulate", response_model=OutcomeOut)
async def simulate_turn(
    project_id: str, conversation_id: str, turn_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Return the outcome that executing the turn's plan now would have; nothing is changed."""
    return _told(
        await services.conversations.consenting.simulate(
            _without_key(context), project_id, conversation_id, turn_id=turn_id
        )
    )


@router.post("/{turn_id}:execute", response_model=OutcomeOut)
async def execute_turn(
    project_id: str,
    conversation_id: str,
    turn_id: str,
    context: Writing,
    services: ServicesOf,
    *,
    body: ConsentGivenIn | None = None,
) -> Response:
    """Execute the turn's plan as any other plan is, once; a refusal is an outcome as well.

    A turn of which nothing was done may be executed again.
    """
    given = body or ConsentGivenIn()
    consent = Consent(confirms=given.confirm, approval=given.approval, atomic=given.atomic)
    return _told(
        await services.conversations.consenting.execute(
            context, project_id, conversation_id, turn_id=turn_id, consent=consent
        )
    )


@router.post("/{turn_id}:edit", response_model=TurnOut)
async def edit_turn(
    project_id: str,
    conversation_id: str,
    turn_id: str,
    body: TurnEditIn,
    context: Writing,
    services: ServicesOf,
) -> Response:
    """Put the caller's own plan in place of what was proposed, which stays on record."""
    plan = Plan(steps=body.plan.steps)
    return answered(
        await services.conversations.turns.edit(
            context, project_id, conversation_id, turn_id=turn_id, plan=plan
        )
    )


@router.post("/{turn_id}:reject", response_model=TurnOut)
async def reject_turn(
    project_id: str,
    conversation_id: str,
    turn_id: str,
    context: Writing,
    services: ServicesOf,
    *,
    body: TurnRejectIn | None = None,
) -> Response:
    """Say no to what was proposed."""
    return answered(
        await services.conversations.turns.reject(
            context,
            project_id,
            conversation_id,
            turn_id=turn_id,
            reason=(body or TurnRejectIn()).reason,
        )
    )


@router.post("/{turn_id}:export", response_model=ScenarioOut)
async def export_turn(
    project_id: str, conversation_id: str, turn_id: str, context: Writing, services: ServicesOf
) -> ScenarioOut:
    """Return the turn as a golden scenario, expecting what was executed or put in its place."""
    document = await services.conversations.exporting.export(
        _without_key(context), project_id, conversation_id, turn_id=turn_id
    )
    return ScenarioOut.model_validate(document)


@router.get("/{turn_id}")
async def read_turn(
    project_id: str, conversation_id: str, turn_id: str, context: Reading, services: ServicesOf
) -> TurnOut:
    """Return a turn of the caller's own."""
    return _shown(
        await services.conversations.turns.read(
            context, project_id, conversation_id, turn_id=turn_id
        )
    )


def _without_key(context: Context) -> Context:
    """Return the context of what changes nothing: asked again with its key, it is done again."""
    return Context(caller=context.caller)


def _told(executed: Executed) -> Response:
    headers = {"ETag": etag(executed.version)}
    if executed.replayed:
        headers[REPLAYED] = "true"
    return Response(executed.document, headers=headers, media_type=JSON_MEDIA_TYPE)


def _shown(turn: Turn) -> TurnOut:
    return TurnOut.model_validate(turn_document(turn))
