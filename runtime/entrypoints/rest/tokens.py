"""Make, list, replace and revoke tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.caller import CredentialKind
from runtime.domain.issued_token import LONGEST_LIFE, LONGEST_OVERLAP, USUAL_LIFE, IssuedToken
from runtime.domain.scope import Scope
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import NameText
from runtime.services.identity.tokens import token_document

router = APIRouter(
    prefix="/v1/tokens", tags=["tokens"], route_class=PlatformRoute, responses=PROBLEMS
)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TokenIn(_Wire):
    """Say what token to make; `member` is who will act with it, and owners alone may name others.

    It never gets a scope that the credential of the request has not.
    """

    name: NameText
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]
    expires_in_days: Annotated[int, Field(ge=1, le=LONGEST_LIFE.days)] = USUAL_LIFE.days
    member: str | None = None


class RotationIn(_Wire):
    """Say for how long the replaced token still opens."""

    overlap_s: Annotated[int, Field(ge=0, le=int(LONGEST_OVERLAP.total_seconds()))] = 0


class TokenOut(_Wire):
    """Describe a token; its text is told once, to whoever makes it."""

    id: str
    kind: CredentialKind
    name: str
    shown: str
    member: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewTokenOut(TokenOut):
    """Describe a new token; `text` is null where a request is repeated."""

    text: str | None


@router.get("")
async def list_tokens(context: Reading, services: ServicesOf, page: Paging) -> PageOut[TokenOut]:
    """Return the caller's tokens, or to an owner those of the organization."""
    found = await services.tokens.list(context, after=page.after_text, limit=page.limit + 1)
    return paged(found, page, key_of=lambda token: token.id, shown=_out)


@router.post("", status_code=HTTPStatus.CREATED, response_model=NewTokenOut)
async def create_token(body: TokenIn, context: Writing, services: ServicesOf) -> Response:
    """Make a token; the answer is the only place that ever shows its text."""
    return answered(
        await services.tokens.create(
            context,
            name=body.name,
            scopes=body.scopes,
            life=timedelta(days=body.expires_in_days),
            member_id=body.member,
        )
    )


@router.post("/{token_id}:rotate", status_code=HTTPStatus.CREATED, response_model=NewTokenOut)
async def rotate_token(
    token_id: str, context: Writing, services: ServicesOf, body: RotationIn | None = None
) -> Response:
    """Replace a token by one with the same name, scopes and life."""
    overlap_s = 0 if body is None else body.overlap_s
    return answered(
        await services.tokens.rotate(context, token_id, overlap=timedelta(seconds=overlap_s))
    )


@router.post("/{token_id}:revoke", response_model=TokenOut)
async def revoke_token(token_id: str, context: Writing, services: ServicesOf) -> Response:
    """Let a token open nothing any more, on every replica within five seconds."""
    return answered(await services.tokens.revoke(context, token_id))


@router.get("/{token_id}")
async def read_token(token_id: str, context: Reading, services: ServicesOf) -> TokenOut:
    """Return a token."""
    return _out(await services.tokens.read(context, token_id))


def _out(token: IssuedToken) -> TokenOut:
    return TokenOut.model_validate(token_document(token))
