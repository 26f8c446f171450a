"""Pair every operation that changes something with its route of REST; what ends things is last."""

from __future__ import annotations

from typing import Final

from runtime.kit.json_value import JsonObject
from tests.abuse.graphql.operations import ORGANIZATION, PROJECT, change
from tests.abuse.graphql.twofold_pairs import policies, queues, removals, webhooks
from tests.gate_reports import ENVIRONMENT, MODEL

PLAN: Final[JsonObject] = {"steps": [{"action": "counter.increment", "inputs": {"by": 1}}]}
_PLAN: Final = '{steps: [{action: "counter.increment", inputs: {by: 1}}]}'
_MOVED: Final[JsonObject] = {"plan": PLAN}
_BALLOT: Final[JsonObject] = {"plan_digest": "{digest}", "reason": "as agreed"}
_VOTE: Final = (
    '(project: $project, id: $approval, planDigest: $digest, reason: "as agreed") { status }'
)
_TALK: Final = "project: $project, conversation: $conversation"
_TURN: Final = f"{_TALK}, id: $turn"
_TURNS: Final = f"{PROJECT}/conversations/{{conversation}}/turns/{{turn}}"
_MAPPING: Final[JsonObject] = {
    "steps": [{"action": "counter.increment", "inputs": {"by": {"pointer": "/by"}}}]
}
_MAPPED: Final = 'mapping: {steps: [{action: "counter.increment", inputs: {by: {pointer: "/by"}}}]}'
MUTATIONS: Final = (
    change(
        "simulatePlan",
        f"(project: $project, plan: {_PLAN}) {{ status }}",
        f"{PROJECT}/plans:simulate",
        _MOVED,
    ),
    change(
        "executePlan",
        f"(project: $project, plan: {_PLAN}) {{ status }}",
        f"{PROJECT}/plans:execute",
        _MOVED,
    ),
    change(
        "executePlan",
        f'(project: $project, plan: {_PLAN}, confirm: "x") {{ status }}',
        f"{PROJECT}/plans:execute",
        {**_MOVED, "confirm": "x"},
    ),
    change(
        "revertState",
        "(project: $project, version: $version) { revertedTo }",
        f"{PROJECT}/state:revert",
        {"version": ("version",)},
    ),
    change(
        "withdrawApproval",
        "(project: $project, id: $approval) { status }",
        f"{PROJECT}/approvals/{{approval}}:withdraw",
    ),
    change("overrideApproval", _VOTE, f"{PROJECT}/approvals/{{approval}}:override", _BALLOT),
    change("grantApproval", _VOTE, f"{PROJECT}/approvals/{{approval}}:grant", _BALLOT),
    change("denyApproval", _VOTE, f"{PROJECT}/approvals/{{approval}}:deny", _BALLOT),
    change(
        "cancelJob",
        '(project: $project, id: $job, reason: "late") { status }',
        f"{PROJECT}/jobs/{{job}}:cancel",
        {"reason": "late"},
    ),
    change(
        "redriveJob", "(project: $project, id: $job) { status }", f"{PROJECT}/jobs/{{job}}:redrive"
    ),
    change(
        "pauseSchedule",
        "(project: $project, id: $schedule) { id }",
        f"{PROJECT}/schedules/{{schedule}}:pause",
    ),
    change(
        "resumeSchedule",
        "(project: $project, id: $schedule) { id }",
        f"{PROJECT}/schedules/{{schedule}}:resume",
    ),
    change(
        "changeHook",
        "(project: $project, id: $hook, enabled: false) { id }",
        f"{PROJECT}/hooks/{{hook}}",
        {"enabled": False},
        "PATCH",
    ),
    change(
        "createConversation",
        '(project: $project, title: "wished") { id }',
        f"{PROJECT}/conversations",
        {"title": "wished"},
    ),
    change(
        "say",
        f'({_TALK}, message: "count one more") {{ status }}',
        f"{PROJECT}/conversations/{{conversation}}/turns",
        {"message": "count one more"},
    ),
    change("simulateTurn", f"({_TURN}) {{ status }}", f"{_TURNS}:simulate"),
    change(
        "editTurn",
        f"({_TURN}, plan: {_PLAN}) {{ status }}",
        f"{_TURNS}:edit",
        _MOVED,
    ),
    change("exportTurn", f"({_TURN}) {{ filename }}", f"{_TURNS}:export"),
    change("executeTurn", f"({_TURN}) {{ status }}", f"{_TURNS}:execute", {}),
    change(
        "rejectTurn", f'({_TURN}, reason: "no") {{ status }}', f"{_TURNS}:reject", {"reason": "no"}
    ),
    change(
        "putFact",
        "(project: $project, key: $fact, value: 2) { key }",
        f"{PROJECT}/facts/{{fact}}",
        {"value": 2},
        "PUT",
    ),
    change(
        "deleteFact",
        "(project: $project, key: $fact) { key }",
        f"{PROJECT}/facts/{{fact}}",
        None,
        "DELETE",
    ),
    change(
        "createSchedule",
        f'(project: $project, schedule: {{name: $name, cron: "0 3 * * *", plan: {_PLAN}}}) '
        "{ id }",
        f"{PROJECT}/schedules",
        {"name": "{name}", "cron": "0 3 * * *", **_MOVED},
    ),
    change(
        "changeSchedule",
        '(project: $project, id: $schedule, schedule: {zone: "Europe/Berlin"}) { zone }',
        f"{PROJECT}/schedules/{{schedule}}",
        {"zone": "Europe/Berlin"},
        "PATCH",
    ),
    change(
        "createHook",
        f'(project: $project, name: $name, style: "github", service: $service, {_MAPPED}) '
        "{ secret hook { id } }",
        f"{PROJECT}/hooks",
        {"name": "{name}", "style": "github", "service": "{service}", "mapping": _MAPPING},
    ),
    change(
        "rotateHookSecret",
        "(project: $project, id: $hook, overlapS: 60) { secret }",
        f"{PROJECT}/hooks/{{hook}}:rotate",
        {"overlap_s": 60},
    ),
    change(
        "simulateDelivery",
        "(project: $project, hook: $hook, body: {by: 1}) { acts }",
        f"{PROJECT}/hooks/{{hook}}:simulate",
        {"body": {"by": 1}},
    ),
    *webhooks(),
    change(
        "redriveJobs",
        '(project: $project, jobs: {status: ["dead"]}) { found }',
        f"{PROJECT}/jobs:redrive",
        {"status": ["dead"]},
    ),
    *queues(),
    *policies(),
    change(
        "putMembership",
        '(project: $project, member: $service, grant: {role: "viewer"}) { role }',
        f"{PROJECT}/members/{{service}}",
        {"role": "viewer"},
        "PUT",
    ),
    change(
        "replaceModels",
        "(project: $project, settings: {daily_tokens: 100000}) { version }",
        f"{PROJECT}/models",
        {"daily_tokens": 100_000},
        "PUT",
    ),
    change(
        "replaceModels",
        "(settings: {daily_tokens: 1000000}) { version }",
        f"{ORGANIZATION}/models",
        {"daily_tokens": 1_000_000},
        "PUT",
    ),
    change("replaceLimits", "(limits: {}) { number }", f"{ORGANIZATION}/limits", {}, "PUT"),
    change(
        "uploadGate",
        f'(model: "{MODEL}", environment: "{ENVIRONMENT}", report: $report) {{ id }}',
        f"{ORGANIZATION}/gates",
        {"model": MODEL, "environment": ENVIRONMENT, "report": ("report",)},
    ),
    change(
        "renameOrganization", "(name: $name) { name }", ORGANIZATION, {"name": "{name}"}, "PATCH"
    ),
    change(
        "disablePlugin",
        "(name: $plugin) { enabled }",
        f"{ORGANIZATION}/plugins/{{plugin}}:disable",
    ),
    change(
        "enablePlugin", "(name: $plugin) { enabled }", f"{ORGANIZATION}/plugins/{{plugin}}:enable"
    ),
    change(
        "changeProject", "(id: $project, name: $name) { id }", PROJECT, {"name": "{name}"}, "PATCH"
    ),
    change(
        "createProject",
        "(name: $name, environment: $environment) { id }",
        "/v1/projects",
        {"name": "{name}", "environment": "{environment}"},
    ),
    change(
        "deleteConversation",
        "(project: $project, id: $conversation) { turns }",
        f"{PROJECT}/conversations/{{conversation}}",
        None,
        "DELETE",
    ),
    change(
        "removeMembership",
        "(project: $project, member: $service) { role }",
        f"{PROJECT}/members/{{service}}",
        None,
        "DELETE",
    ),
    change("archiveProject", "(id: $project) { id }", f"{PROJECT}:archive"),
    change(
        "executePlan",
        f"(project: $project, plan: {_PLAN}) {{ status }}",
        f"{PROJECT}/plans:execute",
        _MOVED,
    ),
    change("restoreProject", "(id: $project) { id }", f"{PROJECT}:restore"),
    *removals(),
    change(
        "removeHook",
        "(project: $project, id: $hook) { id }",
        f"{PROJECT}/hooks/{{hook}}",
        None,
        "DELETE",
    ),
    change(
        "deleteSchedule",
        "(project: $project, id: $schedule) { id }",
        f"{PROJECT}/schedules/{{schedule}}",
        None,
        "DELETE",
    ),
)
