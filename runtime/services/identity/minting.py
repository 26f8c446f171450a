"""Make tokens, inside the transaction of whoever needs one; their text is returned once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from runtime.domain.caller import CredentialKind
from runtime.domain.issued_token import IssuedToken
from runtime.domain.scope import Scope
from runtime.domain.token import (
    LEAST_KEY_BYTES,
    SECRET_BYTES,
    TOKEN_PREFIX,
    TokenKind,
    keyed_hash,
    mint,
)
from runtime.services.unit_of_work import Unit
from runtime.store.tokens import add_token

KIND_OF: Final[Mapping[TokenKind, CredentialKind]] = MappingProxyType(
    {TokenKind.API: CredentialKind.API_TOKEN, TokenKind.SESSION: CredentialKind.SESSION}
)
_TEXT_KIND: Final = {kind: text for text, kind in KIND_OF.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKeys:
    """Hold the server's keys: the first signs, all of them are tried.

    So that a key is replaced by putting a new one before it, and taking the old one away once all
    tokens that it signed have ended.
    """

    keys: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse keys that are no keys.

        Raises:
            ValueError: there is none, or one is too short.
        """
        if not self.keys or any(len(key) < LEAST_KEY_BYTES for key in self.keys):
            raise ValueError(f"expected one key or more, each of {LEAST_KEY_BYTES} bytes or more")

    @property
    def signing(self) -> bytes:
        """Return the key of new tokens."""
        return self.keys[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Say what token is to be made.

    Attributes:
        member_id: who will act with it.
        created_by: who makes it.
        life: how long it lives; None for one that stays until it is revoked.
        claims: what the identity provider says of them, for a session; never recorded.
    """

    member_id: str
    created_by: str
    name: str
    scopes: frozenset[Scope]
    life: timedelta | None
    kind: CredentialKind = CredentialKind.API_TOKEN
    claims: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """Pair a token with its text, which is shown once and kept nowhere."""

    token: IssuedToken
    text: str = field(repr=False)


class Mint:
    """Make tokens under the server's first key."""

    def __init__(self, keys: TokenKeys) -> None:
        self._keys = keys

    async def strike(self, unit: Unit, wish: Wish, *, organization_id: str) -> Minted:
        """Store a new token in an open transaction, record it, and return it with its text."""
        token = IssuedToken(
            id=unit.ids.new(TOKEN_PREFIX),
            organization_id=organization_id,
            member_id=wish.member_id,
            kind=wish.kind,
            name=wish.name,
            scopes=wish.scopes,
            created_at=unit.now,
            created_by=wish.created_by,
            expires_at=None if wish.life is None else unit.now + wish.life,
        )
        secret = secrets.token_bytes(SECRET_BYTES)
        text = mint(
            _TEXT_KIND[wish.kind],
            organization_id=organization_id,
            token_id=token.id,
            secret=secret,
        )
        secret_hash = keyed_hash(secret, key=self._keys.signing, token_id=token.id)
        await add_token(unit.connection, token, secret_hash=secret_hash, claims=wish.claims)
        await unit.record(
            "token.created",
            {
                "token": token.id,
                "kind": token.kind.value,
                "name": token.name,
                "member": token.member_id,
                "scopes": sorted(scope.value for scope in token.scopes),
                "expires_at": None if token.expires_at is None else token.expires_at.isoformat(),
            },
        )
        return Minted(token=token, text=text)
