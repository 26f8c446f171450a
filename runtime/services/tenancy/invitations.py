"""Invite people by their address; who logs in with it becomes a member, once an invitation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus

from runtime.domain.caller import Caller
from runtime.domain.errors import (
    CredentialRefusedError,
    CredentialUnverifiableError,
    IdentityRefusedError,
    NameTakenError,
    NotAllowedError,
    NotFoundError,
    WrongTimeError,
)
from runtime.domain.identity import IdentityRefusal
from runtime.domain.invitation_text import INVITATION_PREFIX, InvitationText, spell_invitation
from runtime.domain.member import Invitation, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.domain.token import SECRET_BYTES, keyed_hash
from runtime.ports.identity_provider import IdentityProviders, VerifiedIdentity
from runtime.services.context import Context, Ids, RequestKey
from runtime.services.documents import invitation_document
from runtime.services.identity.minting import TokenKeys
from runtime.services.standing import (
    active,
    active_organization,
    administered,
    known_id,
    require_steady_admin,
    steady_caller,
)
from runtime.services.tenancy.acceptance import Acceptance, Newcomer
from runtime.services.tenancy.members import Forget
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import invitations
from runtime.store.invitations import SealedInvitation
from runtime.store.members import member_with_email
from runtime.store.projects import keep_project
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Say who is to be invited as what, and for how long that can be accepted.

    Attributes:
        email: as `plain_email` spells it.
        project_id: where they get a role at once; None for the organization alone.
        role: which role there.
    """

    email: str
    organization_role: OrganizationRole
    project_id: str | None
    role: ProjectRole | None
    life: timedelta


class Invitations:
    """Keep the invitations of organizations."""

    def __init__(
        self,
        *,
        database: Database,
        ids: Ids,
        keys: TokenKeys,
        forget: Forget,
        identities: IdentityProviders | None = None,
    ) -> None:
        self._identities = identities
        self._database = database
        self._ids = ids
        self._keys = keys
        self._acceptance = Acceptance(database=database, ids=ids, keys=keys, forget=forget)

    async def create(self, context: Context, *, offer: Offer) -> Answer:
        """Invite somebody; the text of the invitation is shown once, for the inviter to hand on.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the caller offers more than they may, or the credential was not made
                for this.
            NameTakenError: a member has that address.
            ProjectArchivedError: the project is archived.
            WrongTimeError: the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.MEMBERS_MANAGE)

        async def work(unit: Unit) -> Answer:
            await active_organization(unit.connection, caller)
            await _require_offerable(unit, offer, caller=caller)
            if await member_with_email(unit.connection, offer.email) is not None:
                raise NameTakenError(kind="member", name=offer.email)
            invitation = Invitation(
                id=unit.ids.new(INVITATION_PREFIX),
                email=offer.email,
                organization_role=offer.organization_role,
                project_id=offer.project_id,
                role=offer.role,
                created_at=unit.now,
                created_by=caller.member_id,
                expires_at=unit.now + offer.life,
            )
            text = await self._stored(unit, invitation, organization_id=caller.organization_id)
            document = invitation_document(invitation)
            told = {key: document[key] for key in ("organization_role", "project", "role")}
            await unit.record(
                "invitation.created",
                {**told, "invitation": invitation.id, "expires_at": document["expires_at"]},
                project_id=invitation.project_id,
            )
            return Answer(
                document={**document, "text": text},
                kept={**document, "text": None},
                status=HTTPStatus.CREATED,
            )

        return await once(self._database, self._ids, context, work=work)

    async def after(
        self, context: Context, after: str | None, *, limit: int, project_id: str | None
    ) -> tuple[Invitation, ...]:
        """Return invitations in the order of their ids: all for owners, else those to a project.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the caller is no admin of it; or none is named and they are no owner.
        """
        caller = context.caller
        caller.require(Scope.MEMBERS_READ)
        if project_id is None:
            caller.require_owner()
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            if project_id is not None:
                await administered(connection, caller, project_id)
            return await invitations.invitations_after(
                connection, after, limit=limit, project_id=project_id
            )

    async def revoke(self, context: Context, invitation_id: str) -> Answer:
        """Take an invitation back; works in an archived organization too.

        Raises:
            NotFoundError: no such invitation that the caller may see.
            NotAllowedError: the caller is no admin of its project, or the credential was not made
                for this.
            WrongTimeError: it was accepted.
        """
        caller = context.caller
        caller.require(Scope.MEMBERS_MANAGE)

        async def work(unit: Unit) -> Answer:
            known_id(invitation_id, kind="invitation", prefix=INVITATION_PREFIX)
            await _require_sight(unit, invitation_id, caller=caller)
            invitation = _there(
                await invitations.held_invitation(unit.connection, invitation_id), invitation_id
            )
            if invitation.accepted_at is not None:
                raise WrongTimeError(
                    what=f"invitation '{invitation_id}'",
                    found="accepted",
                    remedy="remove the member instead",
                )
            if invitation.revoked_at is not None:
                return Answer(document=invitation_document(invitation))
            await invitations.revoke_invitation(unit.connection, invitation_id, at=unit.now)
            await unit.record(
                "invitation.revoked",
                {"invitation": invitation_id},
                project_id=invitation.project_id,
            )
            return Answer(document=invitation_document(replace(invitation, revoked_at=unit.now)))

        return await once(self._database, self._ids, context, work=work)

    async def accept_by_email(self, identity: VerifiedIdentity) -> bool:
        """Make somebody who logs in the member that they were invited to be; say whether they are.

        Raises:
            NameTakenError, StorageUnavailableError: as `Acceptance.accept` does.
        """
        newcomer = Newcomer.of(identity)
        if newcomer is None:
            return False
        accepted = await self._acceptance.accept(newcomer, identity.organization_id)
        return accepted is not None

    async def identified(self, bearer: str) -> VerifiedIdentity:
        """Return whom a bearer token of an identity provider identifies, member or not.

        Raises:
            CredentialRefusedError: nobody, for whatever reason.
            CredentialUnverifiableError: who vouches for it can't be asked.
        """
        if self._identities is None:
            raise CredentialRefusedError
        try:
            return await self._identities.verify(bearer)
        except IdentityRefusedError as error:
            if error.reason is IdentityRefusal.UNAVAILABLE:
                raise CredentialUnverifiableError from error
            raise CredentialRefusedError from error

    async def accept_by_text(
        self, identity: VerifiedIdentity, *, text: str, key: RequestKey | None = None
    ) -> Answer:
        """Accept the one invitation that a text is of, if it is to the address of who brings it.

        Raises:
            NotFoundError: it is no invitation of theirs that is open or that they accepted.
            KeyReusedError: the key was used with another body.
            NameTakenError, StorageUnavailableError: as `Acceptance.accept` does.
        """
        newcomer = Newcomer.of(identity)
        if newcomer is not None:
            accepted = await self._acceptance.accept(
                newcomer, identity.organization_id, text=text, key=key
            )
            if accepted is not None:
                return accepted.answer
        raise NotFoundError(kind="invitation", id="of that text")

    async def _stored(self, unit: Unit, invitation: Invitation, *, organization_id: str) -> str:
        """Store an invitation with the hash of its secret, and return its text."""
        secret = secrets.token_bytes(SECRET_BYTES)
        sealed = SealedInvitation(
            invitation=invitation,
            hash=keyed_hash(secret, key=self._keys.signing, token_id=invitation.id),
        )
        await invitations.add_invitation(unit.connection, sealed, organization_id=organization_id)
        return spell_invitation(
            InvitationText(
                organization_id=organization_id, invitation_id=invitation.id, secret=secret
            )
        )


async def _require_offerable(unit: Unit, offer: Offer, *, caller: Caller) -> None:
    """Refuse an offer of more than the caller may give: owners all, admins their project.

    What they are is locked, so that who takes it away finds the offer and takes it back.
    """
    if offer.project_id is not None:
        known_id(offer.project_id, kind="project", prefix="prj")
        await keep_project(unit.connection, offer.project_id)
        active(await administered(unit.connection, caller, offer.project_id))
    inviter = await steady_caller(unit, caller)
    if offer.project_id is None or offer.organization_role is OrganizationRole.OWNER:
        inviter.require_owner()
    if offer.project_id is not None:
        await require_steady_admin(unit, inviter, offer.project_id)


async def _require_sight(unit: Unit, invitation_id: str, *, caller: Caller) -> None:
    """Refuse what the caller may not end, and don't tell what they may not see."""
    found = _there(await invitations.find_invitation(unit.connection, invitation_id), invitation_id)
    if found.project_id is not None:
        await keep_project(unit.connection, found.project_id)
    asking = await steady_caller(unit, caller)
    if asking.owner:
        return
    hidden = NotFoundError(kind="invitation", id=invitation_id)
    if found.project_id is None:
        raise hidden
    try:
        await require_steady_admin(unit, asking, found.project_id)
    except (NotFoundError, NotAllowedError):
        raise hidden from None


def _there(invitation: Invitation | None, invitation_id: str) -> Invitation:
    if invitation is None:
        raise NotFoundError(kind="invitation", id=invitation_id)
    return invitation
