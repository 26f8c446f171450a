"""Take word that secrets have new values, from the platform's operator alone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from runtime.domain.secret_reference import MAX_CHARACTERS
from runtime.entrypoints.rest.context import ServicesOf, Writing, answered
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.services.secrets.prefixes import read_prefix

router = APIRouter(
    prefix="/v1/secrets",
    tags=["secrets"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _readable(text: str) -> str:
    read_prefix(text)  # its error is a ValueError that repeats nothing
    return text


class RotationIn(_Wire):
    """Say which secrets have new values; never send one of them."""

    reference: Annotated[
        str,
        Field(
            max_length=MAX_CHARACTERS,
            description="The reference of a secret, or a place that ends in `/`: all below it.",
            examples=["vault://kv/acme/crm", "awssm://acme/"],
        ),
        AfterValidator(_readable),
    ]


class RotationOut(_Wire):
    """Say which rotation every process hears of within seconds."""

    reference: str
    rotation: int


@router.post("/rotations", status_code=HTTPStatus.ACCEPTED, response_model=RotationOut)
async def tell_rotation(body: RotationIn, context: Writing, services: ServicesOf) -> Response:
    """Let no process use old values any more; takes the platform's own credential."""
    prefix = read_prefix(body.reference)
    return answered(await services.secret_rotations.tell(context, prefix))
