"""Let somebody whom an issuer vouches for become the member that they were invited to be.

Called by the login, before anybody is a caller. Locks are taken in the one order that
`runtime.services.standing` names: organization, projects, members, invitations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import TokenMalformedError
from runtime.domain.invitation_text import InvitationText, parse_invitation
from runtime.domain.member import Invitation, Member, MemberKind, Membership, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.domain.token import matches
from runtime.kit.canonical_json import canonical_text, parse
from runtime.kit.plain_text import MOST_NAME_LETTERS, PlainTextError, plain_email
from runtime.ports.identity_provider import VerifiedIdentity
from runtime.services.context import Context, Ids, RequestKey
from runtime.services.documents import member_document
from runtime.services.identity.minting import TokenKeys
from runtime.services.tenancy.members import Forget
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store import idempotency_keys, invitations, members, memberships
from runtime.store.idempotency_keys import KeyUse, StoredAnswer
from runtime.store.invitations import SealedInvitation
from runtime.store.organizations import steady_organization
from runtime.store.projects import kept_active_projects
from runtime.store.session import Database

MOST_AT_ONCE: Final = 50
NEWCOMER: Final = "newcomer"
"""Who asks, until the transaction knows which member they are; nothing is recorded under it."""

_RANK: Final = {role: rank for rank, role in enumerate(ProjectRole)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Hold what an issuer vouches for: who it is, and that the address is theirs."""

    issuer: str
    subject: str
    email: str

    @classmethod
    def of(cls, identity: VerifiedIdentity) -> Newcomer | None:
        """Return who an identity is, if its issuer says that it has an address and proved it."""
        if identity.email is None or not identity.email_verified:
            return None
        try:
            address = plain_email(identity.email)
        except PlainTextError:
            return None
        return cls(issuer=identity.issuer, subject=identity.subject, email=address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Pair the member that somebody is now with what their request is answered."""

    member: Member
    answer: Answer


class Acceptance:
    """Turn invited people into members."""

    def __init__(self, *, database: Database, ids: Ids, keys: TokenKeys, forget: Forget) -> None:
        self._database = database
        self._ids = ids
        self._keys = keys
        self._forget = forget

    async def accept(
        self,
        newcomer: Newcomer,
        organization_id: str,
        *,
        text: str | None = None,
        key: RequestKey | None = None,
    ) -> Accepted | None:
        """Return the member that somebody is, once what they were invited to is theirs.

        All open invitations to their address are accepted, in one commit. Who was made the first
        owner of an organization with that address needs none. An address that belongs to somebody
        else's login already gives nothing.

        Args:
            newcomer: who.
            organization_id: where, as the issuer's settings say.
            text: of an invitation; then that one alone is accepted.
            key: of the request, which is kept for the member that they are.

        Returns:
            None where they are no member and not invited.

        Raises:
            KeyReusedError: the key was used with another body; nothing was accepted.
            NameTakenError: another login of theirs is becoming a member now; try again.
            StorageUnavailableError: the database can't be asked.
        """
        try:
            wanted = None if text is None else parse_invitation(text)
        except TokenMalformedError:
            return None
        found: list[Member] = []

        async def work(unit: Unit) -> Answer:
            for member in await self._accepted(unit, newcomer, organization_id, wanted=wanted):
                found.append(member)
                return await _answered(unit, member, key)
            return Answer(document={})

        asking = _context(organization_id, member_id=NEWCOMER)
        answer = await once(self._database, self._ids, asking, work=work)
        for member in found:
            self._forget(member.id)
            return Accepted(member=member, answer=answer)
        return None

    async def _accepted(
        self,
        unit: Unit,
        newcomer: Newcomer,
        organization_id: str,
        *,
        wanted: InvitationText | None,
    ) -> Iterable[Member]:
        organization = await steady_organization(unit.connection, organization_id)
        if organization is None or organization.archived_at is not None:
            return ()
        kept = await _kept_projects(unit, newcomer.email)
        known = await _known(unit, newcomer)
        open_ones = await _open_invitations(unit, newcomer.email, kept=kept)
        if wanted is not None:
            open_ones = [item for item in open_ones if self._proves(wanted, item)]
        before = known or await _known(unit, newcomer)  # who was accepted while this one waited
        if before is not None and not _may_be(before, newcomer):
            return ()
        if not open_ones and wanted is not None:
            return await self._accepted_before(unit, newcomer, before, wanted=wanted)
        if not open_ones and before is None:
            return ()
        member = before or await _added(unit, newcomer, organization_id)
        as_member = Unit(unit.connection, _context(organization_id, member_id=member.id), unit.ids)
        if member.issuer is None:
            member = await _linked(as_member, member, newcomer)
        for item in open_ones:
            member = await _given(as_member, member, item.invitation)
        return (member,)

    async def _accepted_before(
        self, unit: Unit, newcomer: Newcomer, member: Member | None, *, wanted: InvitationText
    ) -> Iterable[Member]:
        """Answer who repeats a request, because the answer to it was lost, as the first time."""
        sealed = await invitations.sealed_invitation(unit.connection, wanted.invitation_id)
        if member is None or member.issuer is None or sealed is None:
            return ()
        repeated = sealed.invitation.accepted_at is not None and self._proves(wanted, sealed)
        return (member,) if repeated and sealed.invitation.email == newcomer.email else ()

    def _proves(self, wanted: InvitationText, sealed: SealedInvitation) -> bool:
        invitation_id = sealed.invitation.id
        return wanted.invitation_id == invitation_id and matches(
            sealed.hash, wanted.secret, keys=self._keys.keys, token_id=invitation_id
        )


async def _answered(unit: Unit, member: Member, key: RequestKey | None) -> Answer:
    """Answer with the member, under a key as it was answered to that key before."""
    answer = Answer(document=member_document(member))
    if key is None:
        return answer
    use = KeyUse(
        organization_id=member.organization_id,
        principal_id=member.id,
        route=key.route,
        key=key.key,
        body_digest=key.body_digest,
    )
    stored = await idempotency_keys.claim(unit.connection, use, now=unit.now)
    if stored is not None:
        return Answer(document=parse(stored.answer), status=stored.status, replayed=True)
    kept = StoredAnswer(status=answer.status, answer=canonical_text(answer.document))
    await idempotency_keys.settle(unit.connection, use, answered=kept)
    return answer


async def _kept_projects(unit: Unit, email: str) -> frozenset[str]:
    named = await invitations.projects_invited_to(
        unit.connection, email=email, now=unit.now, limit=MOST_AT_ONCE
    )
    return await kept_active_projects(unit.connection, named)


async def _open_invitations(
    unit: Unit, email: str, *, kept: frozenset[str]
) -> Sequence[SealedInvitation]:
    """Return what an address may accept, held; invitations to archived projects stay open."""
    held = await invitations.held_open_invitations(
        unit.connection, email=email, now=unit.now, limit=MOST_AT_ONCE
    )
    return [item for item in held if item.invitation.project_id in {None, *kept}]


async def _known(unit: Unit, newcomer: Newcomer) -> Member | None:
    """Return the member that they are by their login, or else by their address."""
    by_login = await members.held_member_of_identity(
        unit.connection, issuer=newcomer.issuer, subject=newcomer.subject
    )
    return by_login or await members.held_member_with_email(unit.connection, newcomer.email)


def _may_be(member: Member, newcomer: Newcomer) -> bool:
    """Say whether a member is theirs: nobody has logged in as them, or they have."""
    return member.issuer is None or (member.issuer, member.subject) == (
        newcomer.issuer,
        newcomer.subject,
    )


async def _added(unit: Unit, newcomer: Newcomer, organization_id: str) -> Member:
    member = Member(
        id=unit.ids.new("mem"),
        organization_id=organization_id,
        kind=MemberKind.PERSON,
        display_name=newcomer.email[:MOST_NAME_LETTERS],  # until somebody gives them a name
        organization_role=OrganizationRole.MEMBER,
        created_at=unit.now,
        email=newcomer.email,
        issuer=newcomer.issuer,
        subject=newcomer.subject,
    )
    await members.add_member(unit.connection, member)
    return member


async def _linked(unit: Unit, member: Member, newcomer: Newcomer) -> Member:
    """Bind a member to the login that their address was proven by."""
    issuer, subject = newcomer.issuer, newcomer.subject
    await members.link_identity(unit.connection, member.id, issuer=issuer, subject=subject)
    await unit.record("member.linked", {"member": member.id, "issuer": issuer})
    return replace(member, issuer=issuer, subject=subject)


async def _given(unit: Unit, member: Member, invitation: Invitation) -> Member:
    """Give a member what an invitation offers, where it is more than they have."""
    await invitations.accept_invitation(unit.connection, invitation.id, at=unit.now)
    if invitation.organization_role is OrganizationRole.OWNER:
        await members.change_role(unit.connection, member.id, role=OrganizationRole.OWNER)
        member = replace(member, organization_role=OrganizationRole.OWNER)
    await _let_into_project(unit, member, invitation)
    await unit.record(
        "invitation.accepted",
        {
            "invitation": invitation.id,
            "member": member.id,
            "organization_role": invitation.organization_role.value,
            "project": invitation.project_id,
            "role": None if invitation.role is None else invitation.role.value,
        },
        project_id=invitation.project_id,
    )
    return member


async def _let_into_project(unit: Unit, member: Member, invitation: Invitation) -> None:
    project_id, role = invitation.project_id, invitation.role
    if project_id is None or role is None:
        return
    before = await memberships.find_membership(
        unit.connection, project_id=project_id, member_id=member.id
    )
    if before is not None and _RANK[before.role] >= _RANK[role]:
        return
    membership = Membership(
        project_id=project_id,
        member_id=member.id,
        role=role,
        extra_roles=() if before is None else before.extra_roles,
        mode=Mode.ASSISTED if before is None else before.mode,
        created_at=unit.now if before is None else before.created_at,
    )
    await memberships.put_membership(
        unit.connection, membership, organization_id=member.organization_id
    )


def _context(organization_id: str, *, member_id: str) -> Context:
    return Context(
        caller=Caller(
            member_id=member_id,
            organization_id=organization_id,
            organization_role=OrganizationRole.MEMBER,
            member_kind=MemberKind.PERSON,
            scopes=frozenset(),
            credential_id=f"oidc:{member_id}",
            credential_kind=CredentialKind.OIDC,
        )
    )
