"""Describe a token as it is stored, and judge what a new one may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import NotAllowedError, WrongTimeError
from runtime.domain.member import Member, MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope, allows

LONGEST_LIFE: Final = timedelta(days=365)
USUAL_LIFE: Final = timedelta(days=90)
SESSION_LIFE: Final = timedelta(hours=12)
LONGEST_OVERLAP: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """Describe a token; of its secret nothing is here.

    Attributes:
        id: `tok_` and 26 letters.
        member_id: who acts with it.
        kind: made for programs, or a browser's session.
        created_by: the member who made it.
        expires_at: until when it opens; None where it was made to stay.
        last_used_at: when it was last used, to about a minute.
    """

    id: str
    organization_id: str
    member_id: str
    kind: CredentialKind
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def ended(self, now: datetime) -> bool:
        """Say whether it opens nothing any more."""
        return self.revoked_at is not None or (
            self.expires_at is not None and self.expires_at <= now
        )

    def require_replaceable(self, now: datetime) -> None:
        """Refuse to replace what has ended, and a session, which a login replaces.

        Raises:
            WrongTimeError: it can't be replaced.
        """
        what = f"token '{self.id}'"
        if self.kind is not CredentialKind.API_TOKEN:
            raise WrongTimeError(what=what, found="a browser's session", remedy="log in again")
        if self.ended(now):
            raise WrongTimeError(
                what=what, found="expired or revoked", remedy="make a new one instead"
            )

    @property
    def life(self) -> timedelta:
        """Return how long its replacement lives."""
        if self.expires_at is None:
            return USUAL_LIFE
        return min(self.expires_at - self.created_at, LONGEST_LIFE)


def require_grantable(caller: Caller, scopes: Iterable[Scope]) -> None:
    """Refuse to hand on more than the caller's own credential may do.

    Raises:
        NotAllowedError: a scope is beyond it.
    """
    beyond = sorted(scope for scope in scopes if not allows(caller.scopes, scope))
    if beyond:
        raise NotAllowedError(
            needs=f"a credential that has {', '.join(beyond)} itself",
            has=", ".join(sorted(caller.scopes)),
        )


def require_bearer(caller: Caller, bearer: Member) -> None:
    """Refuse to make a token with which the caller would act as another person.

    Raises:
        NotAllowedError: it is for a person who is not the caller, or for a service by no owner.
    """
    if bearer.id == caller.member_id:
        return
    if bearer.kind is MemberKind.PERSON:
        raise NotAllowedError(
            needs="that person, who makes their own tokens after a login", has="your credential"
        )
    caller.require_owner()


def scopes_by_role(role: OrganizationRole) -> frozenset[Scope]:
    """Return what a login may be used for: whatever the role can ever allow.

    What it does allow is asked at each use case, of the role itself.
    """
    if role is OrganizationRole.OWNER:
        return frozenset(Scope)
    return frozenset(Scope) - {Scope.ORGANIZATION_MANAGE, Scope.AUDIT_READ}
