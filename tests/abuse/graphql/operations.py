"""Pair every operation of the schema with the route of REST that does the same.

A request is written once, with places such as `{project}`; `Things` says what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from runtime.kit.json_value import JsonObject

TYPES: Final[Mapping[str, str]] = {
    "project": "ID!",
    "organization": "ID!",
    "member": "ID!",
    "record": "ID!",
    "outcome": "ID!",
    "approval": "ID!",
    "job": "ID!",
    "schedule": "ID!",
    "hook": "ID!",
    "webhook": "ID!",
    "node": "ID!",
    "digest": "String!",
    "version": "Whole!",
    "environment": "String!",
    "name": "String!",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """Name what a request is about."""

    project: str
    organization: str
    member: str
    record: str
    outcome: str
    approval: str
    job: str
    schedule: str
    hook: str
    webhook: str
    org_webhook: str
    digest: str
    version: int
    environment: str
    name: str
    own: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Hold one operation, asked in both ways.

    Attributes:
        field: of the schema, such as `Query.me`.
        asked: the selection, with variables named as `Things`.
        document: of the route's body, with places in its texts.
        node: how `node` is told what to find.
    """

    field: str
    asked: str
    method: str
    path: str
    document: JsonObject | None = None
    node: str = ""

    @property
    def mutates(self) -> bool:
        """Say whether it changes something."""
        return self.field.startswith("Mutation.")

    @property
    def query(self) -> str:
        """Return the document of GraphQL."""
        kind = {"Mutation": "mutation", "Subscription": "subscription"}.get(
            self.field.partition(".")[0], "query"
        )
        names = [name for name in TYPES if f"${name}" in self.asked]
        declared = ", ".join(f"${name}: {TYPES[name]}" for name in names)
        return f"{kind}{f'({declared})' if declared else ''} {{ {self.asked} }}"

    def variables(self, things: Things) -> JsonObject:
        """Return the variables for some things."""
        told = asdict(things) | {"node": self.node.format(**asdict(things))}
        return {name: told[name] for name in TYPES if f"${name}" in self.asked}

    def request(self, things: Things) -> tuple[str, str, JsonObject | None]:
        """Return method, path and body of REST for some things."""
        told = asdict(things)
        return self.method, self.path.format(**told), _filled(self.document, told)


def _filled(document: Any, told: Mapping[str, Any]) -> Any:  # noqa: ANN401  # of JSON
    if isinstance(document, dict):
        return {name: _filled(value, told) for name, value in document.items()}
    if isinstance(document, list):
        return [_filled(item, told) for item in document]
    if isinstance(document, tuple):  # as it is, not as a text
        return told[document[0]]
    if isinstance(document, str):
        return document.format(**told)
    return document


PROJECT: Final = "/v1/projects/{project}"
PLAN: Final[JsonObject] = {"steps": [{"action": "counter.increment", "inputs": {"by": 1}}]}
_PLAN: Final = '{steps: [{action: "counter.increment", inputs: {by: 1}}]}'
_MOVED: Final[JsonObject] = {"plan": PLAN}
_BALLOT: Final[JsonObject] = {"plan_digest": "{digest}", "reason": "as agreed"}
_VOTE: Final = (
    '(project: $project, id: $approval, planDigest: $digest, reason: "as agreed") { status }'
)


def _read(field: str, asked: str, path: str) -> Operation:
    return Operation(field=f"Query.{field}", asked=asked, method="GET", path=path)


def _inside(field: str, asked: str, path: str) -> Operation:
    return Operation(
        field=f"ProjectContents.{field}",
        asked=f"project(id: $project) {{ {asked} }}",
        method="GET",
        path=f"{PROJECT}{path}",
    )


def _node(kind: str, node: str, path: str) -> Operation:
    asked = f"node(id: $node) {{ ... on {kind} {{ id }} }}"
    return Operation(field="Query.node", asked=asked, method="GET", path=path, node=node)


def _change(
    field: str, asked: str, path: str, document: JsonObject | None = None, method: str = "POST"
) -> Operation:
    return Operation(
        field=f"Mutation.{field}",
        asked=f"{field}{asked}",
        method=method,
        path=path,
        document=document,
    )


_ITEMS: Final = "{ nodes { __typename } }"

QUERIES: Final = (
    _read("me", "me { member { id } }", "/v1/me"),
    _read(
        "organization", "organization(id: $organization) { id }", "/v1/organizations/{organization}"
    ),
    _read("members", f"members {_ITEMS}", "/v1/members"),
    _read("member", "member(id: $member) { id }", "/v1/members/{member}"),
    _read("projects", f"projects {_ITEMS}", "/v1/projects"),
    _read("webhooks", f"webhooks {_ITEMS}", "/v1/organizations/{own}/webhooks"),
    _read("auditRecords", f"auditRecords {_ITEMS}", "/v1/audit/records"),
    _read("auditRecord", "auditRecord(id: $record) { id }", "/v1/audit/records/{record}"),
)
NODES: Final = (
    _node("Organization", "{organization}", "/v1/organizations/{organization}"),
    _node("Member", "{member}", "/v1/members/{member}"),
    _node("Project", "{project}", PROJECT),
    _node("AuditRecord", "{record}", "/v1/audit/records/{record}"),
    _node("Outcome", "{project}/{outcome}", f"{PROJECT}/outcomes/{{outcome}}"),
    _node("Approval", "{project}/{approval}", f"{PROJECT}/approvals/{{approval}}"),
    _node("Job", "{project}/{job}", f"{PROJECT}/jobs/{{job}}"),
    _node("Schedule", "{project}/{schedule}", f"{PROJECT}/schedules/{{schedule}}"),
    _node("Hook", "{project}/{hook}", f"{PROJECT}/hooks/{{hook}}"),
    _node("Webhook", "{project}/{webhook}", f"{PROJECT}/webhooks/{{webhook}}"),
    _node("Webhook", "{org_webhook}", "/v1/organizations/{own}/webhooks/{org_webhook}"),
)
CONTENTS: Final = (
    _inside("about", "about { id }", ""),
    _inside("state", "state { version }", "/state"),
    _inside("state", "state(version: $version) { version }", "/state?version={version}"),
    _inside(
        "difference",
        "difference(before: 0, after: $version) { diff }",
        "/state:diff?before=0&after={version}",
    ),
    _inside("snapshots", f"snapshots {_ITEMS}", "/snapshots"),
    _inside("snapshot", "snapshot(version: $version) { version }", "/snapshots/{version}"),
    _inside("outcomes", f"outcomes {_ITEMS}", "/outcomes"),
    _inside("outcome", "outcome(id: $outcome) { id }", "/outcomes/{outcome}"),
    _inside("registry", "registry { digest }", "/registry"),
    _inside("usage", "usage { day }", "/usage"),
    _inside("approvals", f"approvals {_ITEMS}", "/approvals"),
    _inside("approval", "approval(id: $approval) { id }", "/approvals/{approval}"),
    _inside("jobs", f"jobs {_ITEMS}", "/jobs"),
    _inside("jobs", f"jobs(outcome: $outcome) {_ITEMS}", "/jobs?outcome={outcome}"),
    _inside("job", "job(id: $job) { id }", "/jobs/{job}"),
    _inside("members", f"members {_ITEMS}", "/members"),
    _inside("events", "events { more }", "/events"),
    _inside("schedules", f"schedules {_ITEMS}", "/schedules"),
    _inside("schedule", "schedule(id: $schedule) { id }", "/schedules/{schedule}"),
    _inside("firings", f"firings(schedule: $schedule) {_ITEMS}", "/schedules/{schedule}/firings"),
    _inside("hooks", f"hooks {_ITEMS}", "/hooks"),
    _inside("hook", "hook(id: $hook) { id }", "/hooks/{hook}"),
    _inside("hookDeliveries", f"hookDeliveries(hook: $hook) {_ITEMS}", "/hooks/{hook}/deliveries"),
    _inside("webhooks", f"webhooks {_ITEMS}", "/webhooks"),
    _inside("webhook", "webhook(id: $webhook) { id }", "/webhooks/{webhook}"),
    _inside("policies", f"policies {_ITEMS}", "/policies"),
    _inside("policy", "policy(version: 1) { version }", "/policies/1"),
    _inside("activePolicy", "activePolicy { number }", "/policies:active"),
)
MUTATIONS: Final = (
    _change(
        "simulatePlan",
        f"(project: $project, plan: {_PLAN}) {{ status }}",
        f"{PROJECT}/plans:simulate",
        _MOVED,
    ),
    _change(
        "executePlan",
        f"(project: $project, plan: {_PLAN}) {{ status }}",
        f"{PROJECT}/plans:execute",
        _MOVED,
    ),
    _change(
        "executePlan",
        f'(project: $project, plan: {_PLAN}, confirm: "x") {{ status }}',
        f"{PROJECT}/plans:execute",
        {**_MOVED, "confirm": "x"},
    ),
    _change(
        "revertState",
        "(project: $project, version: $version) { revertedTo }",
        f"{PROJECT}/state:revert",
        {"version": ("version",)},
    ),
    _change(
        "withdrawApproval",
        "(project: $project, id: $approval) { status }",
        f"{PROJECT}/approvals/{{approval}}:withdraw",
    ),
    _change("overrideApproval", _VOTE, f"{PROJECT}/approvals/{{approval}}:override", _BALLOT),
    _change("grantApproval", _VOTE, f"{PROJECT}/approvals/{{approval}}:grant", _BALLOT),
    _change("denyApproval", _VOTE, f"{PROJECT}/approvals/{{approval}}:deny", _BALLOT),
    _change(
        "cancelJob",
        '(project: $project, id: $job, reason: "late") { status }',
        f"{PROJECT}/jobs/{{job}}:cancel",
        {"reason": "late"},
    ),
    _change(
        "redriveJob", "(project: $project, id: $job) { status }", f"{PROJECT}/jobs/{{job}}:redrive"
    ),
    _change(
        "pauseSchedule",
        "(project: $project, id: $schedule) { id }",
        f"{PROJECT}/schedules/{{schedule}}:pause",
    ),
    _change(
        "resumeSchedule",
        "(project: $project, id: $schedule) { id }",
        f"{PROJECT}/schedules/{{schedule}}:resume",
    ),
    _change(
        "changeHook",
        "(project: $project, id: $hook, enabled: false) { id }",
        f"{PROJECT}/hooks/{{hook}}",
        {"enabled": False},
        "PATCH",
    ),
    _change(
        "disableWebhook",
        "(project: $project, id: $webhook) { id }",
        f"{PROJECT}/webhooks/{{webhook}}:disable",
    ),
    _change(
        "enableWebhook",
        "(project: $project, id: $webhook) { id }",
        f"{PROJECT}/webhooks/{{webhook}}:enable",
    ),
    _change(
        "renameProject", "(id: $project, name: $name) { id }", PROJECT, {"name": "{name}"}, "PATCH"
    ),
    _change(
        "createProject",
        "(name: $name, environment: $environment) { id }",
        "/v1/projects",
        {"name": "{name}", "environment": "{environment}"},
    ),
    _change("archiveProject", "(id: $project) { id }", f"{PROJECT}:archive"),
    _change(
        "executePlan",
        f"(project: $project, plan: {_PLAN}) {{ status }}",
        f"{PROJECT}/plans:execute",
        _MOVED,
    ),
    _change("restoreProject", "(id: $project) { id }", f"{PROJECT}:restore"),
    _change(
        "removeWebhook",
        "(project: $project, id: $webhook) { id }",
        f"{PROJECT}/webhooks/{{webhook}}",
        None,
        "DELETE",
    ),
    _change(
        "removeHook",
        "(project: $project, id: $hook) { id }",
        f"{PROJECT}/hooks/{{hook}}",
        None,
        "DELETE",
    ),
    _change(
        "deleteSchedule",
        "(project: $project, id: $schedule) { id }",
        f"{PROJECT}/schedules/{{schedule}}",
        None,
        "DELETE",
    ),
)
STREAMS: Final = (
    Operation(
        field="Subscription.projectEvents",
        asked="projectEvents(project: $project) { id }",
        method="GET",
        path=f"{PROJECT}/events",
    ),
)


def operations() -> Iterator[Operation]:
    """Yield every operation, those that only read first, and what ends things last."""
    yield from (*QUERIES, *NODES, *CONTENTS, *STREAMS, *MUTATIONS)
