"""Make organizations, and read, rename and archive the caller's own one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from runtime.domain.caller import CredentialKind
from runtime.domain.errors import NameTakenError, NotAllowedError, NotFoundError
from runtime.domain.member import Member, MemberKind
from runtime.domain.organization import Organization, OrganizationRole
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import canonical_text, parse
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.documents import member_document, organization_document, spelled_instant
from runtime.services.expired_keys import KEPT
from runtime.services.identity.minting import Mint, Minted, Wish
from runtime.services.standing import active_organization, refuse_others, steady_owner
from runtime.services.unit_of_work import Answer, Unit, once, use_of
from runtime.store import idempotency_keys, organizations
from runtime.store.idempotency_keys import KeyUse, StoredAnswer
from runtime.store.members import add_member, steady_members
from runtime.store.projects import outdate_judgements
from runtime.store.session import Database
from runtime.store.tokens import find_token, held_tokens, revoke_token

FIRST_TOKEN: Final = "first token of the first owner"  # noqa: S105  # a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """Say how a new organization and its first owner are called."""

    name: str
    owner_name: str
    owner_email: str


class Organizations:
    """Keep the tenants."""

    def __init__(self, *, database: Database, ids: Ids, mint: Mint) -> None:
        self._database = database
        self._ids = ids
        self._mint = mint

    async def create(self, context: Context, *, founding: Founding) -> Answer:
        """Make an organization with its first owner, and a token for them that is shown once.

        The key of the request is kept in the organization that it makes, so it can be claimed only
        once that is there: what the key's holder repeats is found by the organization's id. While
        the first token is unused, its text must have got lost: then they are told another one.

        Raises:
            NotAllowedError: the credential is not the platform's own.
            KeyReusedError: the key was used with another body.
            NameTakenError: it was made before, and the answer to its key is no longer known.
        """
        caller = context.caller
        if caller.credential_kind is not CredentialKind.OPERATOR:
            raise NotAllowedError(
                needs="the platform's own credential, PLANGATE_OPERATOR_TOKEN",
                has=caller.credential_kind.value,
            )
        caller.require(Scope.ORGANIZATION_MANAGE)
        use = use_of(context)

        async def work(unit: Unit) -> Answer:
            organization = Organization(
                id=caller.organization_id, name=founding.name, created_at=unit.now
            )
            if not await organizations.add_organization(unit.connection, organization):
                return await self._repeated(unit, use, organization_id=organization.id)
            if use is not None:
                await idempotency_keys.claim(unit.connection, use, now=unit.now)
            answer = await self._founded(unit, organization, founding=founding)
            if use is not None:
                stored = StoredAnswer(status=answer.status, answer=canonical_text(answer.kept))
                await idempotency_keys.settle(unit.connection, use, answered=stored)
            return answer

        return await once(self._database, self._ids, Context(caller=caller), work=work)

    async def read(self, context: Context, organization_id: str) -> Organization:
        """Return the caller's organization.

        Raises:
            NotFoundError: it is another one, or none.
        """
        caller = context.caller
        caller.require(Scope.ORGANIZATION_READ)
        refuse_others(caller, organization_id)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            found = await organizations.find_organization(connection, organization_id)
        if found is None:
            raise NotFoundError(kind="organization", id=organization_id)
        return found

    async def rename(self, context: Context, organization_id: str, *, name: str) -> Answer:
        """Give the organization another name.

        Raises:
            NotFoundError: it is another one than the caller's, or none.
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            WrongTimeError: it is archived.
        """

        async def change(unit: Unit, before: Organization) -> Organization:
            await active_organization(unit.connection, context.caller)
            await organizations.rename_organization(unit.connection, organization_id, name=name)
            await unit.record(
                "organization.renamed",
                {"organization": organization_id, "name": name, "name_before": before.name},
            )
            return replace(before, name=name)

        return await self._changed(context, organization_id, change=change)

    async def archive(self, context: Context, organization_id: str) -> Answer:
        """Let nothing in the organization change from now on; all of it stays readable.

        Raises:
            NotFoundError, NotAllowedError: as `rename` does.
        """
        return await self._set_archived(context, organization_id, archived=True)

    async def restore(self, context: Context, organization_id: str) -> Answer:
        """Let an archived organization change again.

        Raises:
            NotFoundError, NotAllowedError: as `rename` does.
        """
        return await self._set_archived(context, organization_id, archived=False)

    async def _set_archived(
        self, context: Context, organization_id: str, *, archived: bool
    ) -> Answer:
        async def change(unit: Unit, before: Organization) -> Organization:
            if (before.archived_at is not None) is archived:
                return before
            at = unit.now if archived else None
            await organizations.archive_organization(unit.connection, organization_id, at=at)
            await outdate_judgements(unit.connection, organization_id)
            await unit.record(
                "organization.archived" if archived else "organization.restored",
                {"organization": organization_id},
            )
            return replace(before, archived_at=at)

        return await self._changed(context, organization_id, change=change)

    async def _changed(
        self,
        context: Context,
        organization_id: str,
        *,
        change: Callable[[Unit, Organization], Awaitable[Organization]],
    ) -> Answer:
        caller = context.caller
        caller.require(Scope.ORGANIZATION_MANAGE)
        refuse_others(caller, organization_id)
        caller.require_owner()

        async def work(unit: Unit) -> Answer:
            before = await organizations.held_organization(unit.connection, organization_id)
            if before is None:
                raise NotFoundError(kind="organization", id=organization_id)
            after = await change(unit, before)
            await steady_owner(unit, caller)  # the last lock of all, as the order is
            return Answer(document=organization_document(after))

        return await once(self._database, self._ids, context, work=work)

    async def _repeated(self, unit: Unit, use: KeyUse | None, *, organization_id: str) -> Answer:
        """Answer as before; the first token, which nobody else could make, anew if it got lost."""
        made = await organizations.held_organization(unit.connection, organization_id)
        stored = None if use is None else await idempotency_keys.stored_answer(unit.connection, use)
        if use is None or stored is None or made is None:
            raise NameTakenError(kind="organization", name=organization_id)
        kept = parse(stored.answer)
        minted = None
        if unit.now - made.created_at < KEPT:
            minted = await self._minted_again(unit, kept["token"]["id"], organization_id)
        if minted is None:
            return Answer(document=kept, status=stored.status, replayed=True)
        told = {**kept, "token": _token_document(minted, text=minted.text)}
        kept = {**kept, "token": _token_document(minted, text=None)}
        await idempotency_keys.settle(
            unit.connection,
            use,
            answered=StoredAnswer(status=stored.status, answer=canonical_text(kept)),
        )
        return Answer(document=told, kept=kept, status=stored.status, replayed=True)

    async def _minted_again(self, unit: Unit, token_id: str, organization_id: str) -> Minted | None:
        """Replace the first token, unless it was used or ended, or its owner is none any more."""
        found = await find_token(unit.connection, token_id)
        if found is None or not await _still_owner(unit, found.member_id):
            return None
        (token,) = await held_tokens(unit.connection, (token_id,))
        if token.last_used_at is not None or token.ended(unit.now):
            return None
        wish = Wish(
            member_id=token.member_id,
            created_by=token.created_by,
            name=token.name,
            scopes=token.scopes,
            life=None,
        )
        minted = await self._mint.strike(unit, wish, organization_id=organization_id)
        await revoke_token(unit.connection, token_id, at=unit.now)
        await unit.record(
            "token.rotated",
            {"token": token_id, "replaced_by": minted.token.id, "overlap_s": 0},
        )
        return minted

    async def _founded(
        self, unit: Unit, organization: Organization, *, founding: Founding
    ) -> Answer:
        """Give a new organization its owner and their token."""
        owner = Member(
            id=unit.ids.new("mem"),
            organization_id=organization.id,
            kind=MemberKind.PERSON,
            display_name=founding.owner_name,
            email=founding.owner_email,
            organization_role=OrganizationRole.OWNER,
            created_at=unit.now,
        )
        await add_member(unit.connection, owner)
        await unit.record(
            "organization.created",
            {"organization": organization.id, "name": organization.name, "owner": owner.id},
        )
        minted = await self._mint.strike(
            unit,
            Wish(
                member_id=owner.id,
                created_by=owner.id,
                name=FIRST_TOKEN,
                scopes=frozenset(Scope),
                life=None,  # without it nobody could make another one
            ),
            organization_id=organization.id,
        )
        made = {
            "organization": organization_document(organization),
            "owner": member_document(owner),
        }
        return Answer(
            document={**made, "token": _token_document(minted, text=minted.text)},
            kept={**made, "token": _token_document(minted, text=None)},
            status=HTTPStatus.CREATED,
        )


def _token_document(minted: Minted, *, text: str | None) -> JsonObject:
    token = minted.token
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(scope.value for scope in token.scopes),
        "created_at": spelled_instant(token.created_at),
        "text": text,
    }


async def _still_owner(unit: Unit, member_id: str) -> bool:
    return any(
        member.organization_role is OrganizationRole.OWNER
        for member in await steady_members(unit.connection, (member_id,))
    )
