"""Say whose credential a request carries, and what it becomes in a project.

A caller is what authentication found; a `Principal` is that caller in one project, with the roles
they have there. Nothing else in a request says who acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from runtime.domain.errors import NotAllowedError, NotFoundError
from runtime.domain.member import MemberKind, Membership, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode, Principal
from runtime.domain.scope import Scope, allows

OPERATOR_ID = "operator"
"""Who holds the platform's own credential; it makes organizations and sees nothing inside them."""


class CredentialKind(StrEnum):
    """Name how the caller proved who they are."""

    API_TOKEN = "api"  # noqa: S105  # a kind
    SESSION = "session"
    OIDC = "oidc"
    OPERATOR = "operator"
    HOOK = "hook"
    JOB = "job"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Hold what a verified credential says.

    Attributes:
        member_id: who acts.
        organization_id: for whom; the only tenant that the request can touch.
        organization_role: owner or member.
        member_kind: person or service.
        scopes: what the credential may be used for.
        credential_id: which credential, for the record.
        claims: what the identity provider says of them, as canonical JSON text; empty for every
            credential but its bearer tokens, and the sessions that logins there began.
    """

    member_id: str
    organization_id: str
    organization_role: OrganizationRole
    member_kind: MemberKind
    scopes: frozenset[Scope]
    credential_id: str
    credential_kind: CredentialKind
    claims: str = field(default="", repr=False)

    @property
    def owner(self) -> bool:
        """Say whether the caller owns the organization."""
        return self.organization_role is OrganizationRole.OWNER

    def require(self, scope: Scope) -> None:
        """Refuse a credential that was not made for this.

        Raises:
            NotAllowedError: the scope is missing.
        """
        if not allows(self.scopes, scope):
            raise NotAllowedError(
                needs=f"the scope {scope.value}", has=", ".join(sorted(self.scopes))
            )

    def require_owner(self) -> None:
        """Refuse everybody but owners of the organization.

        Raises:
            NotAllowedError: the caller is no owner.
        """
        if not self.owner:
            raise NotAllowedError(
                needs="the organization's role owner", has=self.organization_role.value
            )

    def principal(self, project_id: str, membership: Membership | None) -> Principal:
        """Return who the caller is in a project.

        Raises:
            NotFoundError: they are nobody there, and so can't tell whether it exists.
        """
        if membership is None and not self.owner:
            raise NotFoundError(kind="project", id=project_id)
        roles: Iterable[str] = ()
        if membership is not None:
            roles = (membership.role.value, *membership.extra_roles)
        if self.owner:
            roles = (OrganizationRole.OWNER.value, *roles)
        return Principal(
            id=self.member_id,
            organization=self.organization_id,
            roles=tuple(dict.fromkeys(roles)),
            grant=Mode.ASSISTED if membership is None else membership.mode,
            claims=self.claims,
        )


def require_role(principal: Principal, *roles: ProjectRole) -> None:
    """Refuse a principal who has none of these roles; an owner has them all.

    Raises:
        NotAllowedError: none of them is theirs.
    """
    wanted = {role.value for role in roles} | {OrganizationRole.OWNER.value}
    if not wanted & set(principal.roles):
        raise NotAllowedError(
            needs=f"one of the project's roles {', '.join(role.value for role in roles)}",
            has=", ".join(principal.roles),
        )
