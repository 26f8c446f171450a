"""Make, list, replace and revoke tokens: one's own, and for owners everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import NotFoundError
from runtime.domain.issued_token import IssuedToken, require_bearer, require_grantable
from runtime.domain.member import Member
from runtime.domain.scope import Scope
from runtime.domain.token import TOKEN_PREFIX, TokenKind, displayed_id
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.identity.authentication import Authentication
from runtime.services.identity.minting import Mint, Minted, Wish
from runtime.services.standing import active_organization, known_id, one_of, steady_among
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.members import steady_members
from runtime.store.session import Database
from runtime.store.tokens import (
    expire_token,
    find_token,
    held_tokens,
    revoke_token,
    tokens_after,
)


class Tokens:
    """Keep the tokens of organizations."""

    def __init__(
        self, *, database: Database, ids: Ids, mint: Mint, authentication: Authentication
    ) -> None:
        self._database = database
        self._ids = ids
        self._mint = mint
        self._authentication = authentication

    async def create(
        self,
        context: Context,
        *,
        name: str,
        scopes: frozenset[Scope],
        life: timedelta,
        member_id: str | None = None,
    ) -> Answer:
        """Make a token, and return its text this once.

        Args:
            context: who asks.
            name: for people.
            scopes: what it may be used for; never more than the caller's own credential.
            life: how long it lives.
            member_id: who will act with it; None is the caller.

        Raises:
            NotAllowedError: the scopes are beyond the credential, it is for another person, or for
                a service and the caller is no owner.
            NotFoundError: there is no such member.
            WrongTimeError: the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.TOKENS_MANAGE)
        require_grantable(caller, scopes)
        receiver = caller.member_id if member_id is None else member_id
        if receiver != caller.member_id:
            caller.require_owner()  # who is none learns nothing of who is there

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            known_id(receiver, kind="member", prefix="mem")
            members = await steady_members(unit.connection, (caller.member_id, receiver))
            asking = await steady_among(unit, caller, members=members)
            require_bearer(asking, one_of(members, receiver))
            wish = Wish(
                member_id=receiver,
                created_by=caller.member_id,
                name=name,
                scopes=scopes,
                life=life,
            )
            return _shown_once(
                await self._mint.strike(unit, wish, organization_id=caller.organization_id)
            )

        return await once(self._database, self._ids, context, work=work)

    async def list(
        self, context: Context, *, after: str | None, limit: int
    ) -> tuple[IssuedToken, ...]:
        """Return the caller's tokens, or an owner's organization's, in the order of their ids."""
        caller = context.caller
        caller.require(Scope.TOKENS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return await tokens_after(
                connection,
                after,
                limit=limit,
                member_id=None if caller.owner else caller.member_id,
            )

    async def read(self, context: Context, token_id: str) -> IssuedToken:
        """Return a token.

        Raises:
            NotFoundError: there is none of that id that the caller may see.
        """
        caller = context.caller
        caller.require(Scope.TOKENS_READ)
        known_id(token_id, kind="token", prefix=TOKEN_PREFIX)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return _visible(await find_token(connection, token_id), token_id, caller=caller)

    async def rotate(self, context: Context, token_id: str, *, overlap: timedelta) -> Answer:
        """Replace a token by one that lives as long, and return the new text this once.

        Args:
            context: who asks.
            token_id: which.
            overlap: for how long the replaced one still opens; zero revokes it at once.

        Raises:
            NotAllowedError: it has scopes beyond the caller's own credential, or is another
                person's.
            NotFoundError: there is none of that id that the caller may see.
            WrongTimeError: it has ended, or is a session.
        """
        caller = context.caller
        caller.require(Scope.TOKENS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            held = await _held(unit, token_id, caller=caller)
            token = held.token
            token.require_replaceable(unit.now)
            require_bearer(held.asking, one_of(held.members, token.member_id))
            require_grantable(caller, token.scopes)
            wish = Wish(
                member_id=token.member_id,
                created_by=caller.member_id,
                name=token.name,
                scopes=token.scopes,
                life=token.life,
            )
            made = await self._mint.strike(unit, wish, organization_id=caller.organization_id)
            await _end(unit, token, overlap=overlap)
            await unit.record(
                "token.rotated",
                {
                    "token": token.id,
                    "replaced_by": made.token.id,
                    "overlap_s": int(overlap.total_seconds()),
                },
            )
            return _shown_once(made)

        answer = await once(self._database, self._ids, context, work=work)
        self._authentication.forget(token_id)
        return answer

    async def revoke(self, context: Context, token_id: str) -> Answer:
        """Let a token open nothing any more; one that was revoked stays as it is.

        Any token may revoke itself.

        Raises:
            NotFoundError: there is none of that id that the caller may see.
        """
        caller = context.caller
        if token_id != caller.credential_id:
            caller.require(Scope.TOKENS_MANAGE)

        async def work(unit: Unit) -> Answer:
            token = (await _held(unit, token_id, caller=caller)).token
            if token.revoked_at is None:
                await revoke_token(unit.connection, token_id, at=unit.now)
                await unit.record("token.revoked", {"token": token_id, "member": token.member_id})
                if token.kind is CredentialKind.SESSION:
                    told = {"session": token_id, "member": token.member_id}
                    await unit.audit("session.closed", told)
                token = replace(token, revoked_at=unit.now)
            return Answer(document=token_document(token))

        answer = await once(self._database, self._ids, context, work=work)
        self._authentication.forget(token_id)
        return answer


def token_document(token: IssuedToken) -> JsonObject:
    """Spell a token as callers read it: `shown` is enough to recognise its text by."""
    text_kind = TokenKind.SESSION if token.kind is CredentialKind.SESSION else TokenKind.API
    return {
        "id": token.id,
        "kind": token.kind.value,
        "name": token.name,
        "shown": displayed_id(text_kind, token_id=token.id),
        "member": token.member_id,
        "scopes": sorted(scope.value for scope in token.scopes),
        "created_at": spelled_instant(token.created_at),
        "created_by": token.created_by,
        **{
            name: None if instant is None else spelled_instant(instant)
            for name, instant in (
                ("expires_at", token.expires_at),
                ("revoked_at", token.revoked_at),
                ("last_used_at", token.last_used_at),
            )
        },
    }


def _shown_once(made: Minted) -> Answer:
    document = token_document(made.token)
    return Answer(
        document={**document, "text": made.text},
        status=HTTPStatus.CREATED,
        kept={**document, "text": None},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """Hold a token to be changed, who changes it, and of both who acts with them."""

    token: IssuedToken
    asking: Caller
    members: Sequence[Member]


async def _held(unit: Unit, token_id: str, *, caller: Caller) -> _Held:
    """Lock the caller and the bearer, then both tokens, and judge on what they are then."""
    known_id(token_id, kind="token", prefix=TOKEN_PREFIX)
    named = _visible(await find_token(unit.connection, token_id), token_id, caller=caller)
    members = await steady_members(unit.connection, (caller.member_id, named.member_id))
    tokens = await held_tokens(unit.connection, (caller.credential_id, token_id))
    asking = await steady_among(unit, caller, members=members)
    token = next(token for token in tokens if token.id == token_id)  # none is ever deleted
    return _Held(token=_visible(token, token_id, caller=asking), asking=asking, members=members)


def _visible(token: IssuedToken | None, token_id: str, *, caller: Caller) -> IssuedToken:
    if token is None or not (caller.owner or token.member_id == caller.member_id):
        raise NotFoundError(kind="token", id=token_id)
    return token


async def _end(unit: Unit, token: IssuedToken, *, overlap: timedelta) -> None:
    if not overlap:
        await revoke_token(unit.connection, token.id, at=unit.now)
        return
    end = unit.now + overlap
    if token.expires_at is None or end < token.expires_at:
        await expire_token(unit.connection, token.id, at=end)
