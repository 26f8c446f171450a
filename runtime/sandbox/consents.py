"""Grant what policy demands and the people of a situation would grant, bound to the very plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from runtime.domain.approval import Consent, ConsentKind
from runtime.domain.policy import Obligation, ObligationKind, PolicyDecision
from runtime.sandbox.situation import Situation

CONSENT_LASTS: Final = timedelta(minutes=5)
_ADMINISTERS: Final = "admin"


def consents(
    plan_seen: str,
    situation: Situation,
    decisions: Iterable[PolicyDecision | None],
    *,
    revision: str,
) -> tuple[Consent, ...]:
    """Return the consents at hand for the plan of a digest.

    Colleagues who approve are whatever obligations ask for, unless the situation says what they
    are.
    """
    demanded = [item for found in decisions if found for item in found.obligations]
    people = _willing(situation, demanded)
    if not people:
        return ()
    roles = situation.approver_roles
    if roles is None:
        asked_for = (item.role for item in demanded if item.role)
        roles = tuple(dict.fromkeys((_ADMINISTERS, *asked_for)))
    return tuple(
        Consent(
            id=f"{kind.value}:{person}",
            kind=kind,
            plan_digest=plan_seen,
            requester=situation.principal.id,
            granted_by=person,
            roles=roles,
            policy_revision=revision,
            expires_at=situation.now + CONSENT_LASTS,
        )
        for kind, person in people
    )


def _willing(situation: Situation, demanded: list[Obligation]) -> list[tuple[ConsentKind, str]]:
    """Return who would say yes to what is demanded: the requester, then as many colleagues."""
    people: list[tuple[ConsentKind, str]] = []
    if situation.confirms and any(item.kind is ObligationKind.CONFIRM for item in demanded):
        people.append((ConsentKind.CONFIRMATION, situation.principal.id))
    if situation.approves:
        counts = [item.count for item in demanded if item.kind is ObligationKind.APPROVE]
        people += [
            (ConsentKind.APPROVAL, f"colleague-{number}")
            for number in range(max(counts, default=0))
        ]
    return people
