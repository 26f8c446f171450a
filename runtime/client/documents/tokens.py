"""Spell the documents of operations on tokens, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from runtime.client.documents.kinds import CredentialKind, Scope


class NewTokenOut(TypedDict):
    """Describe a new token; `text` is null where a request is repeated."""

    created_at: str
    created_by: str
    expires_at: str | None
    id: str
    kind: CredentialKind
    last_used_at: str | None
    member: str
    name: str
    revoked_at: str | None
    scopes: list[Scope]
    shown: str
    text: str | None


class TokenIn(TypedDict):
    """Hold a TokenIn as the API spells it."""

    expires_in_days: NotRequired[int]
    member: NotRequired[str | None]
    name: str
    scopes: list[Scope]


class TokenOut(TypedDict):
    """Describe a token; its text is told once, to whoever makes it."""

    created_at: str
    created_by: str
    expires_at: str | None
    id: str
    kind: CredentialKind
    last_used_at: str | None
    member: str
    name: str
    revoked_at: str | None
    scopes: list[Scope]
    shown: str


class TokensRotationIn(TypedDict):
    """Say for how long the replaced token still opens."""

    overlap_s: NotRequired[int]
