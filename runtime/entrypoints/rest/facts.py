"""Keep over HTTP what the agent of a project is told of the caller in each of their turns."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from runtime.domain.fact import LONGEST, MOST_KEY, Fact, FactSource
from runtime.domain.storable import storable_value
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import MOST_ID_TEXT
from runtime.kit.json_value import JsonValue
from runtime.services.conversations.documents import fact_document
from runtime.services.conversations.facts import FactWish

router = APIRouter(
    prefix="/v1/projects/{project_id}/facts",
    tags=["conversations"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)

_LONGEST_S: Final = int(LONGEST.total_seconds())

Key = Annotated[
    str,
    Path(
        max_length=MOST_KEY,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$",
        description="What the fact is about, such as `usual_room`",
    ),
]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FactIn(_Wire):
    """Say what is to be remembered.

    Attributes:
        value: any JSON.
        ttl_s: for how many seconds; null: until it is deleted.
        turn: the turn of the caller's own from which it was learned.
    """

    value: Annotated[JsonValue, AfterValidator(storable_value)]
    ttl_s: Annotated[int, Field(ge=1, le=_LONGEST_S)] | None = None
    turn: Annotated[str, Field(max_length=MOST_ID_TEXT)] | None = None


class ProvenanceOut(_Wire):
    """Say where a fact comes from.

    Attributes:
        source: the person, one of their turns, or a service that brought it.
    """

    source: FactSource
    turn: str | None
    at: datetime


class FactOut(_Wire):
    """Describe a fact of the caller's own.

    Attributes:
        expires_at: from when on it is told no more; null: never.
    """

    key: str
    value: JsonValue
    provenance: ProvenanceOut
    expires_at: datetime | None


class FactGoneOut(_Wire):
    """Name what was deleted."""

    key: str


@router.get("")
async def list_facts(project_id: str, context: Reading, services: ServicesOf) -> PageOut[FactOut]:
    """Return the caller's own facts in a project, all of them; there are 100 at the most."""
    found = await services.conversations.facts.of_caller(context, project_id)
    return PageOut[FactOut](items=tuple(map(_shown, found)), next_cursor=None)


@router.put("/{key}", response_model=FactOut)
async def put_fact(
    project_id: str, key: Key, body: FactIn, context: Writing, services: ServicesOf
) -> Response:
    """Tell a fact, in place of what its key said; nobody else's agent is ever told of it."""
    wish = FactWish(
        value=body.value,
        lasts=None if body.ttl_s is None else timedelta(seconds=body.ttl_s),
        turn_id=body.turn,
    )
    return answered(await services.conversations.facts.put(context, project_id, key, wish=wish))


@router.delete("/{key}", response_model=FactGoneOut)
async def delete_fact(
    project_id: str, key: Key, context: Writing, services: ServicesOf
) -> Response:
    """Have a fact forgotten."""
    return answered(await services.conversations.facts.delete(context, project_id, key))


def _shown(fact: Fact) -> FactOut:
    return FactOut.model_validate(fact_document(fact))
