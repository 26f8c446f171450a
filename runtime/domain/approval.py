"""Bind a person's yes to exactly what they saw.

A consent holds for one plan digest, one requester and one policy revision until it expires, and
is used once. Nobody approves their own request, and nobody confirms another's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

OVERRIDERS: Final = 2
"""How many people it takes to put the approval of others aside."""
_WHO_APPROVES: Final = frozenset({"admin", "owner"})
_PLATFORM_ROLES: Final = frozenset({"viewer", "operator", "admin", "owner"})


class ConsentKind(StrEnum):
    """Tell the requester's own confirmation from another person's approval."""

    CONFIRMATION = "confirmation"
    APPROVAL = "approval"


class Consent(BaseModel):
    """Record that a person said yes to one plan.

    Attributes:
        roles: what they are in the project.
        overrides: it is no approval, but puts those of others aside together with another one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: ConsentKind
    plan_digest: str
    requester: str
    granted_by: str
    roles: tuple[str, ...] = ()
    overrides: bool = False
    policy_revision: str
    expires_at: AwareDatetime

    def covers(
        self, kind: ConsentKind, *, plan_digest: str, requester: str, revision: str, now: datetime
    ) -> bool:
        """Say whether this consent is good for that plan, requester and revision at `now`."""
        return (
            self.kind is kind
            and self.plan_digest == plan_digest
            and self.requester == requester
            and self.policy_revision == revision
            and now < self.expires_at
            and (self.granted_by == requester) is (kind is ConsentKind.CONFIRMATION)
        )


def may_approve(role: str | None, roles: Iterable[str]) -> bool:
    """Say whether somebody's roles in a project suffice for an approval that asks for `role`.

    Where no role is named, it takes who administers the project. An owner of the organization has
    every role of the platform in each project, but none that an environment made up.

    >>> may_approve(None, ["operator"]), may_approve("admin", ["owner"])
    (False, True)
    """
    held = set(roles)
    if role is None:
        return bool(held & _WHO_APPROVES)
    return role in held or ("owner" in held and role in _PLATFORM_ROLES)
