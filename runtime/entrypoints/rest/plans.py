"""Simulate and execute plans over HTTP.

The busiest routes: they read their body by hand and answer with the text that is stored, so that no
document is built, checked or spelled twice.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runtime.domain.outcome import Refusal, StepOutcome
from runtime.domain.plan import Plan, Step
from runtime.entrypoints.rest.body import CappedRequest, check_type
from runtime.entrypoints.rest.context import (
    JSON_MEDIA_TYPE,
    REPLAYED,
    answered,
    services_of,
    writing,
)
from runtime.entrypoints.rest.etags import IF_MATCH, etag, expected_version
from runtime.entrypoints.rest.hand_route import HandRoute, JsonText
from runtime.entrypoints.rest.jobs import JobOut
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import PROBLEMS, ProblemError
from runtime.services.execution.changes import Executed
from runtime.services.execution.plans import MOST_PATIENCE_S, PATIENCE_S, PlanRequest

router = APIRouter(
    prefix="/v1/projects/{project_id}", tags=["plans"], route_class=HandRoute,
    responses=PROBLEMS,
)  # fmt: skip

MOST_STEPS: Final = 100
TIMEOUT: Final = "Plangate-Timeout"
QUEUED: Final = "queued"
_TIMEOUT: Final = TIMEOUT.lower().encode()
_REPLAYED: Final = REPLAYED.lower().encode()
KEY: Final = re.compile("[ -~]{1,255}")


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlanIn(_Wire):
    """Order steps; how many a caller may take is their mode's, how many can be sent is this."""

    steps: Annotated[tuple[Step, ...], Field(max_length=MOST_STEPS)]


class PlanRequestIn(_Wire):
    """Ask for a plan to be simulated or executed.

    Attributes:
        plan: the steps, in order.
        confirm: the `plan_digest` that a simulation or a refusal showed, to confirm that very plan.
        approval: the request that others granted, as a refusal named it.
        gate: a passed evaluation of who proposed the plan, where rules demand one.
        atomic: all steps or none; else what was done before a refusal stays.
    """

    plan: PlanIn
    confirm: Annotated[str | None, Field(max_length=100)] = None
    approval: Annotated[str | None, Field(max_length=100)] = None
    gate: Annotated[str | None, Field(max_length=100)] = None
    atomic: bool = False


class VersionRef(_Wire):
    """Name a version of the state by number and hash."""

    version: int
    digest: str


class OutcomeOut(_Wire):
    """Say what came of a plan: of each step, and of the plan as a whole.

    Attributes:
        id: `out_` and 26 letters; of a simulation, an id under which nothing is stored.
        plan_digest: what a confirmation has to name.
        approval: the request for approval that the plan waits for; it is `refused` till then.
    """

    id: str
    project: str
    principal: str
    status: Literal["done", "refused", "failed"]
    plan_digest: str
    steps: tuple[StepOutcome, ...]
    refusal: Refusal | None
    before: VersionRef
    after: VersionRef
    cost: int
    created_at: datetime
    approval: str | None = None


_HEADERS: Final[list[dict[str, Any]]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Send the same key again to repeat a request safely: it acts once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    },
    {
        "name": TIMEOUT,
        "in": "header",
        "required": False,
        "description": "Seconds to wait for the plan's turn; past them nothing is done.",
        "schema": {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_PATIENCE_S},
    },
    IF_MATCH,
]
_DESCRIBED: Final[dict[str, Any]] = {
    "parameters": _HEADERS,
    "requestBody": {
        "required": True,
        "content": {
            JSON_MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/PlanRequestIn"},
                "example": {"plan": {"steps": [{"action": "counter.set", "inputs": {"value": 3}}]}},
            }
        },
    },
}


_MODE: Final[dict[str, Any]] = {
    "name": "mode",
    "in": "query",
    "required": False,
    "description": "`queued` answers at once, with the job that executes the plan; what came of it "
    "is read there. The plan is judged when the job runs.",
    "schema": {"type": "string", "enum": [QUEUED]},
}
_ACCEPTED: Final[dict[str, Any]] = {
    "model": JobOut,
    "description": "The job that will execute the plan, where `mode=queued` was asked for",
    "headers": {"Location": {"description": "Where the job is read", "schema": {"type": "string"}}},
}


@router.post(
    "/plans:execute",
    response_model=OutcomeOut,
    responses={HTTPStatus.ACCEPTED: _ACCEPTED},
    openapi_extra={**_DESCRIBED, "parameters": [*_HEADERS, _MODE]},
)
async def execute_plan(project_id: str, request: Request) -> Response:
    """Execute a plan. What the engine refuses is an outcome as well, with status 200.

    Steps done before a refusal stay done, unless the plan is atomic or waits for an approval. With
    `mode=queued` the answer is the job that will execute it, with status 202.
    """
    asked = await _asked(request)
    services = await services_of(request)
    context = await writing(request, _key(request))
    if _queued(request):
        within_s = asked.patience_s if TIMEOUT in request.headers else None
        answer = await services.queued_plans.put(
            context, project_id, asked=asked, start_within_s=within_s
        )
        response = answered(answer)
        job = answer.document["id"]
        response.headers["Location"] = f"/v1/projects/{project_id}/jobs/{job}"
        return response
    return _told(await services.plans.execute(context, project_id, asked=asked))


@router.post("/plans:simulate", response_model=OutcomeOut, openapi_extra=_DESCRIBED)
async def simulate_plan(project_id: str, request: Request) -> Response:
    """Return the outcome that executing the plan now would have; nothing is stored or changed."""
    asked = await _asked(request)
    services = await services_of(request)
    context = await writing(request, None)
    return _told(await services.plans.simulate(context, project_id, asked=asked))


async def _asked(request: Request) -> PlanRequest:
    assert isinstance(request, CappedRequest)  # noqa: S101  # by the route class
    brought = dict(reversed(request.scope["headers"]))  # of a name that comes twice, the first
    check_type(_text(brought.get(b"content-type")) or "")
    document = await request.json()
    try:
        body = PlanRequestIn.model_validate(document)
    except ValidationError as error:
        raise RequestValidationError(_in_body(error)) from None
    return PlanRequest(
        plan=Plan.model_construct(steps=body.plan.steps),  # checked as `PlanIn`
        confirms=body.confirm,
        approval=body.approval,
        gate=body.gate,
        expects=expected_version(_text(brought.get(b"if-match"))),
        atomic=body.atomic,
        patience_s=_patience_s(_text(brought.get(_TIMEOUT))),
    )


def _queued(request: Request) -> bool:
    """Say whether the caller does not wait for the plan.

    Raises:
        ProblemError: they ask for a mode that there is not.
    """
    if not request.scope["query_string"]:
        return False
    modes = request.query_params.getlist("mode")
    if modes and modes != [QUEUED]:
        raise ProblemError(
            ProblemCode.REQUEST_INVALID, f"mode is '{modes[0][:40]}', expected '{QUEUED}' or none"
        )
    return bool(modes)


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


def _in_body(error: ValidationError) -> list[dict[str, Any]]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [{**item, "loc": ("body", *item["loc"])} for item in found]


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not KEY.fullmatch(key):
        raise ProblemError(
            ProblemCode.REQUEST_INVALID,
            f"Idempotency-Key has {len(key)} characters, expected 1 to 255 printable ones of ASCII",
        )
    return key


def _patience_s(header: str | None) -> float:
    if header is None:
        return PATIENCE_S
    try:
        patience_s = math.nan if "_" in header else float(header)  # Python alone reads 1_0
    except ValueError:
        patience_s = math.nan
    if not 0 < patience_s <= MOST_PATIENCE_S:
        raise ProblemError(
            ProblemCode.REQUEST_INVALID,
            f"{TIMEOUT} is '{header[:40]}', expected seconds above 0 and up to {MOST_PATIENCE_S:g}",
        )
    return patience_s


def _told(executed: Executed) -> Response:
    headers = [(b"etag", etag(executed.version).encode())]
    if executed.replayed:
        headers.append((_REPLAYED, b"true"))
    return JsonText(executed.document, headers=headers)
