"""Say in words what happened, for people who read it in a chat: one sentence for each type.

A sentence is made of parts; one that names a field which the event does not have is left out, so
that thin events are said as well. Types without words of their own are said by their name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from runtime.kit.json_value import JsonObject, JsonValue

LONGEST_FIELD: Final = 300
LONGEST_SENTENCE: Final = 2_000
MOST_FACTS: Final = 12

_FIELD: Final = re.compile(r"\{([a-z_]+)\}")
_INVISIBLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+"
)
_OUTCOME: Final = "outcome_document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Hold an event in words; nothing in it is escaped for any place.

    Attributes:
        title: what happened, without anything that a tenant wrote.
        sentence: the same with what it happened to.
        facts: the rest of what the event says, by name.
    """

    title: str
    sentence: str
    facts: Mapping[str, str]


def said(event_type: str, data: JsonObject) -> Said:
    """Return an event in words."""
    fields = _fields(data)
    words = WORDS.get(event_type)
    if words is None:
        title = event_type.replace(".", " ").replace("_", " ").capitalize()
        return Said(title=title, sentence=f"{title}.", facts=_first(fields, but=frozenset()))
    title, *parts = words
    told = [part for part in parts if all(name in fields for name in _FIELD.findall(part))]
    sentence = "".join([_filled(part, fields) for part in told]) or title
    named = frozenset(name for part in told for name in _FIELD.findall(part))
    return Said(
        title=title,
        sentence=_cut(sentence, LONGEST_SENTENCE - 1) + ".",
        facts=_first(fields, but=named),
    )


def _filled(part: str, fields: Mapping[str, str]) -> str:
    """Put values into a part, once: what stands in a value is never read as a field."""
    return _FIELD.sub(lambda found: fields[found[1]], part)


def _fields(data: JsonObject) -> Mapping[str, str]:
    """Return what can be said: values, those one level down, and why a plan was refused."""
    found: dict[str, str] = {}
    for key, value in data.items():
        if isinstance(value, dict) and key != _OUTCOME:
            found |= {_text(f"{key}_{name}"): _text(item) for name, item in value.items()}
        elif key != _OUTCOME:
            found[_text(key)] = _text(value)
    outcome = data.get(_OUTCOME)
    refusal = outcome.get("refusal") if isinstance(outcome, dict) else None
    if isinstance(refusal, dict):
        found["code"] = _text(refusal.get("code"))
        found["expected"] = _text(refusal.get("expected"))
        found["remedy"] = _text(refusal.get("remedy"))
    return {key: value for key, value in found.items() if value}


def _text(value: JsonValue) -> str:
    """Return a value in one line; empty for what is no single value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(item) for item in value[:MOST_FACTS])))
    if value is None or isinstance(value, dict):
        return ""
    return _cut(_INVISIBLE.sub(" ", str(value)).strip(), LONGEST_FIELD)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _first(fields: Mapping[str, str], *, but: frozenset[str]) -> Mapping[str, str]:
    kept = [(key, value) for key, value in fields.items() if key not in but]
    return dict(kept[:MOST_FACTS])


_OF: Final = " in project {project}"
_BY: Final = " by {principal}"
_WHY: Final = ": {reason}"

WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "approval.denied": ("Approval refused", "Approval {approval} was refused", _WHY),
        "approval.expired": ("Approval expired", "Approval {approval} expired unused"),
        "approval.granted": ("Approval granted", "Approval {approval} was granted", _WHY),
        "approval.overridden": (
            "Approval put aside in an emergency",
            "Approval {approval} was put aside in an emergency",
            " until {until}",
            _WHY,
        ),
        "approval.requested": (
            "Approval needed",
            "Approval {approval} is needed",
            " for a plan of {principal}",
            _OF,
            ", until {expires_at}",
        ),
        "approval.used": ("Approval used", "Approval {approval} was used", _BY, _OF),
        "approval.withdrawn": ("Approval withdrawn", "Approval {approval} was withdrawn", _WHY),
        "audit.anchored": ("Audit log anchored", "The audit log of {organization} is anchored"),
        "audit.copies_changed": (
            "Immutable copies touched",
            "Somebody has overwritten or hidden {object}",
            " in {sink}",
        ),
        "audit.copy_missing": (
            "Immutable copy missing",
            "Record {record} had no immutable copy",
            _WHY,
            "; it was copied to {copied_to}",
        ),
        "confirmation.requested": (
            "Confirmation needed",
            "A plan",
            " of {principal}",
            _OF,
            " waits for confirmation",
            ": {action}",
        ),
        "endpoint.changed": ("Webhook endpoint changed", "Webhook {name} ({endpoint}) was changed"),
        "endpoint.created": ("Webhook endpoint created", "Webhook {name} ({endpoint}) was created"),
        "endpoint.disabled": (
            "Webhook endpoint disabled",
            "Webhook {endpoint} is not sent to any more",
            _WHY,
        ),
        "endpoint.enabled": ("Webhook endpoint enabled", "Webhook {endpoint} is sent to again"),
        "endpoint.ping": ("Test of a webhook", "This is a test of webhook {endpoint}", _BY),
        "endpoint.removed": ("Webhook endpoint removed", "Webhook {endpoint} was removed"),
        "endpoint.resent": (
            "Deliveries sent again",
            "{deliveries} deliveries of webhook {endpoint} are sent again",
        ),
        "endpoint.secret_rotated": (
            "Webhook secret rotated",
            "Webhook {endpoint} has a new {scheme} secret",
        ),
        "eval.gate_failed": (
            "Gate failed",
            "{model} did not pass the gate",
            " in {environment}",
            ": {verdict}",
            ", run {run}",
        ),
        "eval.run_finished": (
            "Evaluation finished",
            "Run {run} of {model} is finished",
            " in {environment}",
            ": {verdict}",
        ),
        "firing.abandoned": (
            "Scheduled run given up",
            "A run of schedule {schedule} was given up",
            _WHY,
        ),
        "hook.changed": ("Inbound hook changed", "Inbound hook {hook} was changed"),
        "hook.created": ("Inbound hook created", "Inbound hook {hook} was created"),
        "hook.removed": ("Inbound hook removed", "Inbound hook {hook} was removed"),
        "hook.secret_rotated": (
            "Inbound hook's secret rotated",
            "The secret of inbound hook {hook} was rotated",
        ),
        "invitation.accepted": ("Invitation accepted", "{member} accepted an invitation"),
        "invitation.created": ("Invitation created", "Invitation {invitation} was created"),
        "invitation.revoked": ("Invitation revoked", "Invitation {invitation} was revoked"),
        "job.cancelled": ("Job cancelled", "Job {job} was cancelled"),
        "job.dead_lettered": ("Job given up", "Job {job} ({name}) was given up", _WHY),
        "job.quarantined": ("Job set aside", "Job {job} ({name}) was set aside", _WHY),
        "job.redriven": ("Job tried again", "Job {job} is tried again"),
        "jobs.redriven": ("Jobs tried again", "Jobs are tried again"),
        "limit.rate_limited": (
            "Rate limit reached",
            "A rate limit refused {action}",
            " of {principal}",
            _OF,
            ": {limit} {measure} are allowed",
        ),
        "limit.reached": (
            "Budget threshold reached",
            "{percent} % of a limit is used",
            ": {used} of {limit} {measure}",
            " by {scope} {subject}",
            " on {period}",
        ),
        "model.budget_threshold": (
            "Budget of models used",
            "{percent} % of a budget of models is used",
            ": {used} of {limit} {measure}",
            " by {scope}",
            " {subject}",
            " on {period}",
        ),
        "plugin.disabled": ("Plugin disabled", "{plugin} is turned off in {organization}"),
        "plugin.enabled": ("Plugin enabled", "{plugin} is turned on in {organization}"),
        "limits.replaced": ("Limits changed", "Limits of {organization} were changed"),
        "member.created": ("Member added", "Member {member} was added"),
        "member.linked": (
            "Member linked to an identity",
            "Member {member} now signs in by {issuer}",
        ),
        "member.removed": ("Member removed", "Member {member} was removed"),
        "member.role_changed": (
            "Member's role changed",
            "Member {member} is now {role}",
            ", was {role_before}",
        ),
        "membership.granted": (
            "Role in a project granted",
            "{member} is now {role}",
            _OF,
        ),
        "membership.withdrawn": (
            "Role in a project withdrawn",
            "{member} lost their role",
            _OF,
        ),
        "organization.archived": ("Organization archived", "{organization} was archived"),
        "organization.created": ("Organization created", "{organization} was created"),
        "organization.exported": ("Organization exported", "{organization} was exported"),
        "organization.renamed": ("Organization renamed", "{organization} is now called {name}"),
        "organization.restored": ("Organization restored", "{organization} was restored"),
        "plan.executed": ("Plan executed", "Plan {outcome} was executed", _BY, _OF),
        "plan.failed": (
            "Plan failed",
            "Plan {outcome} failed",
            _BY,
            _OF,
            ": {code}",
            ", expected {expected}",
        ),
        "plan.queued": ("Plan queued", "Plan {outcome} waits as job {job}", ", {steps} steps"),
        "plan.refused": (
            "Plan refused",
            "Plan {outcome} was refused",
            _BY,
            _OF,
            ": {code}",
            ", expected {expected}",
        ),
        "policy.activated": (
            "Policy activated",
            "Policy version {version} holds now",
            " for {scope}",
        ),
        "policy.deactivated": ("Policy deactivated", "No policy of its own holds", " for {scope}"),
        "policy.uploaded": ("Policy uploaded", "Policy version {version} was uploaded"),
        "project.archived": ("Project archived", "Project {name} ({project}) was archived"),
        "project.changed": ("Project changed", "Project {name} ({project}) was changed"),
        "project.created": ("Project created", "Project {name} ({project}) was created"),
        "project.purge_began": (
            "Project is being deleted",
            "Project {name} ({project}) is being deleted for good",
        ),
        "project.purged": ("Project deleted", "Project {name} ({project}) was deleted for good"),
        "project.restored": ("Project restored", "Project {name} ({project}) was restored"),
        "queue.limited": ("Queue limited", "The pace of a queue was set"),
        "queue.paused": ("Queue paused", "A queue was paused", ": {why}"),
        "queue.resumed": ("Queue resumed", "A queue goes on"),
        "schedule.changed": ("Schedule changed", "Schedule {name} ({id}) was changed"),
        "schedule.created": ("Schedule created", "Schedule {name} ({id}) was created"),
        "schedule.deleted": ("Schedule deleted", "Schedule {name} ({id}) was deleted"),
        "schedule.fired": (
            "Schedule fired",
            "Schedule {schedule} fired",
            ": plan {outcome} is {status}",
        ),
        "schedule.missed": (
            "Schedule missed",
            "Schedule {schedule} missed its times",
            " from {first} to {last}",
        ),
        "schedule.paused": ("Schedule paused", "Schedule {schedule} was paused"),
        "schedule.resumed": ("Schedule resumed", "Schedule {schedule} goes on"),
        "secret.rotated": ("Secret rotated", "{reference} has a new value"),
        "state.changed": (
            "State changed",
            "The state",
            " of project {project}",
            " is now version {after_version}",
            ", by plan {outcome}",
        ),
        "state.reverted": (
            "State reverted",
            "The state",
            " of project {project}",
            " was set back to version {reverted_to}",
            _BY,
        ),
        "token.created": ("Token created", "Token {token} was created", " for {member}"),
        "token.revoked": ("Token revoked", "Token {token} was revoked"),
        "token.rotated": (
            "Token rotated",
            "Token {token} was replaced",
            " by {replaced_by}",
        ),
        "turn.proposed": (
            "Agent answered",
            "Turn {turn} of {owner} has a proposal: {kind}",
            " by {model}",
        ),
    }
)
