"""Bind a person's yes to exactly what they saw.

A consent holds for one plan digest, one requester and one policy revision until it expires, and
is used once. Nobody approves their own request, and nobody confirms another's.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict


class ConsentKind(StrEnum):
    """Tell the requester's own confirmation from another person's approval."""

    CONFIRMATION = "confirmation"
    APPROVAL = "approval"


class Consent(BaseModel):
    """Record that a person said yes to one plan.

    Attributes:
        roles: what they are in the project.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: ConsentKind
    plan_digest: str
    requester: str
    granted_by: str
    roles: tuple[str, ...] = ()
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
