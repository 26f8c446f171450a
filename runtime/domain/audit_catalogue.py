"""List the kinds of audit records: what each of them says was decided or done, and since when.

A name is there for good: logs, exports and filters hold on to it. Most kinds are told as events
too, under the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from runtime.domain.event_catalogue import EVENT_TYPES

FIRST: Final = "0.1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordKind:
    """Describe one kind of record.

    Attributes:
        name: such as `token.created`.
        tells: one sentence for people.
        since: the version of the platform that wrote it first.
        announced: it is an event of the same name as well.
    """

    name: str
    tells: str
    since: str
    announced: bool


_ANNOUNCED: Final = (
    "approval.denied",
    "approval.expired",
    "approval.granted",
    "approval.overridden",
    "approval.requested",
    "approval.used",
    "approval.withdrawn",
    "endpoint.changed",
    "endpoint.created",
    "endpoint.disabled",
    "endpoint.enabled",
    "endpoint.ping",
    "endpoint.removed",
    "endpoint.resent",
    "endpoint.secret_rotated",
    "firing.abandoned",
    "hook.changed",
    "hook.created",
    "hook.removed",
    "hook.secret_rotated",
    "invitation.accepted",
    "invitation.created",
    "invitation.revoked",
    "job.cancelled",
    "job.dead_lettered",
    "job.quarantined",
    "job.redriven",
    "jobs.redriven",
    "limits.replaced",
    "member.created",
    "member.linked",
    "member.removed",
    "member.role_changed",
    "membership.granted",
    "membership.withdrawn",
    "organization.archived",
    "organization.created",
    "organization.exported",
    "organization.renamed",
    "organization.restored",
    "plan.executed",
    "plan.failed",
    "plan.queued",
    "plan.refused",
    "plugin.disabled",
    "plugin.enabled",
    "policy.activated",
    "policy.deactivated",
    "policy.uploaded",
    "project.archived",
    "project.changed",
    "project.created",
    "project.purge_began",
    "project.purged",
    "project.restored",
    "queue.limited",
    "queue.paused",
    "queue.resumed",
    "schedule.changed",
    "schedule.created",
    "schedule.deleted",
    "schedule.missed",
    "schedule.paused",
    "schedule.resumed",
    "secret.rotated",
    "state.reverted",
    "token.created",
    "token.revoked",
    "token.rotated",
    "turn.proposed",
)
_RECORDED_ONLY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "access.refused": "A member asked for what their role or their credential does not allow.",
        "audit.exported": "Somebody took an export of the audit log.",
        "audit.orphan_marked": "A copy was found of what was never committed.",
        "audit.hold_placed": "An owner holds what the log says, so that it stays readable.",
        "audit.hold_released": "An owner let a hold end.",
        "audit.keys_expired": "What the log said was kept for long enough, and can't be read now.",
        "audit.settings_changed": "Strict mode or the time that records are kept was changed.",
        "audit.subject_erased": "What the log says of one subject can't be read any more.",
        "conversation.created": "A member began to talk to the agent of a project.",
        "conversation.deleted": "A conversation was deleted with all that was said in it.",
        "evaluations.link_made": "A member took a link that opens the evaluations in a browser.",
        "evaluations.link_opened": "A browser opened the evaluations by a link, for a while.",
        "fact.deleted": "A member had a fact about them forgotten.",
        "fact.put": "A member told a fact that the agent is told in each of their turns.",
        "gate.uploaded": "Somebody brought the verdict of an evaluation.",
        "hook.simulated": "Somebody asked which plan a delivery to a hook would become.",
        "model.asked": "A model was asked for an answer, or tried to; it tells what that took.",
        "models.replaced": "Somebody changed how models are asked, or what they may cost.",
        "plan.simulated": "Somebody asked what would come of a plan; nothing was changed.",
        "policy.checked": "Somebody tried rules, and kept nothing of it.",
        "policy.simulated": "Somebody asked how decisions would turn out under other rules.",
        "policy.verified": "Somebody let decisions be made again under the rules that made them.",
        "secret.read": "The platform asked who keeps an organization's secret for its value.",
        "session.closed": "A browser's session was ended before its time.",
        "session.opened": "A person logged in, and a browser's session began.",
        "session.refused": "An identity provider vouched for somebody who is no member.",
        "turn.asked": "A member said something to the agent; its model is asked.",
        "turn.edited": "A member replaced the plan that the agent had proposed.",
        "turn.executed": "A member executed what was proposed; the outcome is named.",
        "turn.exported": "A member took a turn along as a scenario.",
        "turn.failed": "The agent came to no proposal.",
        "turn.rejected": "A member said no to what was proposed.",
    }
)


def _kinds(announced: Iterable[str], others: Mapping[str, str]) -> Iterator[RecordKind]:
    for name in announced:
        told = EVENT_TYPES[name].tells
        yield RecordKind(name=name, tells=told, since=FIRST, announced=True)
    for name, tells in others.items():
        yield RecordKind(name=name, tells=tells, since=FIRST, announced=False)


RECORD_KINDS: Final[Mapping[str, RecordKind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in sorted(_kinds(_ANNOUNCED, _RECORDED_ONLY), key=lambda kind: kind.name)
    }
)
"""All kinds by their names, in alphabetical order."""
