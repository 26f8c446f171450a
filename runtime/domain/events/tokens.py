"""Describe events of tokens; none says the text of one."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.caller import CredentialKind
from runtime.domain.event_type import (
    EventData,
    EventType,
    Instant,
    MemberId,
    Reach,
    TokenId,
    example_id,
)
from runtime.domain.scope import Scope


class TokenCreated(EventData):
    """Say that there is another token."""

    token: TokenId
    kind: Annotated[CredentialKind, Field(description="For programs, or a browser's session.")]
    name: str
    member: Annotated[MemberId, Field(description="Who acts with it.")]
    scopes: Annotated[tuple[Scope, ...], Field(description="What it may be used for.")]
    expires_at: Annotated[Instant | None, Field(description="Null: it stays.")]


class TokenRotated(EventData):
    """Say that a token was replaced."""

    token: TokenId
    replaced_by: TokenId
    overlap_s: Annotated[int, Field(ge=0, description="How long the old one opens yet.")]


class TokenRevoked(EventData):
    """Say that a token opens nothing any more."""

    token: TokenId
    member: Annotated[MemberId, Field(description="Who acted with it.")]


TYPES: Final = (
    EventType(
        name="token.created",
        tells="A token was made, or somebody logged in.",
        data=TokenCreated,
        reach=Reach.ORGANIZATION,
        example={
            "token": example_id("tok"),
            "kind": "api",
            "name": "nightly import",
            "member": example_id("mem"),
            "scopes": ["plans:execute", "state:read"],
            "expires_at": "2026-04-01T00:00:00+00:00",
        },
    ),
    EventType(
        name="token.rotated",
        tells="A token was replaced by a new one.",
        data=TokenRotated,
        reach=Reach.ORGANIZATION,
        example={
            "token": example_id("tok"),
            "replaced_by": example_id("tok"),
            "overlap_s": 3600,
        },
    ),
    EventType(
        name="token.revoked",
        tells="A token was revoked.",
        data=TokenRevoked,
        reach=Reach.ORGANIZATION,
        example={"token": example_id("tok"), "member": example_id("mem")},
    ),
)
