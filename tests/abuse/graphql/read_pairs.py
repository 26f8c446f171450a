"""Pair every operation that reads with the route of REST that does the same."""

from __future__ import annotations

from typing import Final

from tests.abuse.graphql.operations import (
    ITEMS,
    ORGANIZATION,
    PROJECT,
    Operation,
    inside,
    node,
    read,
)

QUERIES: Final = (
    read("me", "me { member { id } }", "/v1/me"),
    read(
        "organization", "organization(id: $organization) { id }", "/v1/organizations/{organization}"
    ),
    read("members", f"members {ITEMS}", "/v1/members"),
    read("member", "member(id: $member) { id }", "/v1/members/{member}"),
    read("projects", f"projects {ITEMS}", "/v1/projects"),
    read("webhooks", f"webhooks {ITEMS}", "/v1/organizations/{own}/webhooks"),
    read("webhook", "webhook(id: $org_webhook) { id }", f"{ORGANIZATION}/webhooks/{{org_webhook}}"),
    read(
        "webhookDeliveries",
        f"webhookDeliveries(webhook: $org_webhook) {ITEMS}",
        f"{ORGANIZATION}/webhooks/{{org_webhook}}/deliveries",
    ),
    read(
        "webhookDelivery",
        "webhookDelivery(webhook: $org_webhook, id: $org_delivery) { tries { number } }",
        f"{ORGANIZATION}/webhooks/{{org_webhook}}/deliveries/{{org_delivery}}",
    ),
    read("limits", "limits { number }", f"{ORGANIZATION}/limits"),
    read("usage", "usage { number }", f"{ORGANIZATION}/usage"),
    read("projectUsages", f"projectUsages {ITEMS}", f"{ORGANIZATION}/usage:projects"),
    read("models", "models { version }", f"{ORGANIZATION}/models"),
    read("modelUsage", "modelUsage { asOf }", f"{ORGANIZATION}/models:usage"),
    read("gates", f"gates {ITEMS}", f"{ORGANIZATION}/gates"),
    read("gate", "gate(id: $gate) { report }", f"{ORGANIZATION}/gates/{{gate}}"),
    read("plugins", "plugins { name }", f"{ORGANIZATION}/plugins"),
    read("queue", "queue { jobs }", f"{ORGANIZATION}/queue"),
    read("givenUpJobs", f"givenUpJobs {ITEMS}", f"{ORGANIZATION}/jobs"),
    read("policies", f"policies {ITEMS}", f"{ORGANIZATION}/policies"),
    read("policy", "policy(version: 1) { version }", f"{ORGANIZATION}/policies/1"),
    read("activePolicy", "activePolicy { number }", f"{ORGANIZATION}/policies:active"),
    read(
        "policyActivations",
        f"policyActivations {ITEMS}",
        f"{ORGANIZATION}/policies:activations",
    ),
    read("auditRecords", f"auditRecords {ITEMS}", "/v1/audit/records"),
    read("auditRecord", "auditRecord(id: $record) { id }", "/v1/audit/records/{record}"),
)
NODES: Final = (
    node("Organization", "{organization}", "/v1/organizations/{organization}"),
    node("Member", "{member}", "/v1/members/{member}"),
    node("Project", "{project}", PROJECT),
    node("AuditRecord", "{record}", "/v1/audit/records/{record}"),
    node("Outcome", "{project}/{outcome}", f"{PROJECT}/outcomes/{{outcome}}"),
    node("Approval", "{project}/{approval}", f"{PROJECT}/approvals/{{approval}}"),
    node("Job", "{project}/{job}", f"{PROJECT}/jobs/{{job}}"),
    node("Schedule", "{project}/{schedule}", f"{PROJECT}/schedules/{{schedule}}"),
    node("Hook", "{project}/{hook}", f"{PROJECT}/hooks/{{hook}}"),
    node("Webhook", "{project}/{webhook}", f"{PROJECT}/webhooks/{{webhook}}"),
    node("Webhook", "{org_webhook}", "/v1/organizations/{own}/webhooks/{org_webhook}"),
)
CONTENTS: Final = (
    inside("about", "about { id }", ""),
    inside("state", "state { version }", "/state"),
    inside("state", "state(version: $version) { version }", "/state?version={version}"),
    inside(
        "difference",
        "difference(before: 0, after: $version) { diff }",
        "/state:diff?before=0&after={version}",
    ),
    inside("snapshots", f"snapshots {ITEMS}", "/snapshots"),
    inside("snapshot", "snapshot(version: $version) { version }", "/snapshots/{version}"),
    inside("outcomes", f"outcomes {ITEMS}", "/outcomes"),
    inside("outcome", "outcome(id: $outcome) { id }", "/outcomes/{outcome}"),
    inside("registry", "registry { digest }", "/registry"),
    inside("usage", "usage { day }", "/usage"),
    inside("approvals", f"approvals {ITEMS}", "/approvals"),
    inside("approval", "approval(id: $approval) { id }", "/approvals/{approval}"),
    inside("jobs", f"jobs {ITEMS}", "/jobs"),
    inside("jobs", f"jobs(outcome: $outcome) {ITEMS}", "/jobs?outcome={outcome}"),
    inside("job", "job(id: $job) { id }", "/jobs/{job}"),
    inside("members", f"members {ITEMS}", "/members"),
    inside("events", "events { more }", "/events"),
    inside("schedules", f"schedules {ITEMS}", "/schedules"),
    inside("schedule", "schedule(id: $schedule) { id }", "/schedules/{schedule}"),
    inside("firings", f"firings(schedule: $schedule) {ITEMS}", "/schedules/{schedule}/firings"),
    inside("hooks", f"hooks {ITEMS}", "/hooks"),
    inside("hook", "hook(id: $hook) { id }", "/hooks/{hook}"),
    inside("hookDeliveries", f"hookDeliveries(hook: $hook) {ITEMS}", "/hooks/{hook}/deliveries"),
    inside("webhooks", f"webhooks {ITEMS}", "/webhooks"),
    inside("webhook", "webhook(id: $webhook) { id }", "/webhooks/{webhook}"),
    inside(
        "webhookDeliveries",
        f"webhookDeliveries(webhook: $webhook) {ITEMS}",
        "/webhooks/{webhook}/deliveries",
    ),
    inside(
        "webhookDelivery",
        "webhookDelivery(webhook: $webhook, id: $delivery) { tries { number } }",
        "/webhooks/{webhook}/deliveries/{delivery}",
    ),
    inside("models", "models { version }", "/models"),
    inside("modelUsage", "modelUsage { asOf }", "/models:usage"),
    inside("queue", "queue { jobs }", "/queue"),
    inside("conversations", f"conversations {ITEMS}", "/conversations"),
    inside(
        "conversations",
        f"conversations(everyones: true) {ITEMS}",
        "/conversations?everyones=true",
    ),
    inside(
        "conversation", "conversation(id: $conversation) { id }", "/conversations/{conversation}"
    ),
    inside(
        "turns",
        f"turns(conversation: $conversation) {ITEMS}",
        "/conversations/{conversation}/turns",
    ),
    inside(
        "turn",
        "turn(conversation: $conversation, id: $turn) { id }",
        "/conversations/{conversation}/turns/{turn}",
    ),
    inside("facts", "facts { key }", "/facts"),
    inside("policyActivations", f"policyActivations {ITEMS}", "/policies:activations"),
    inside("verification", "verification { versions }", "/state:verify"),
    inside("policies", f"policies {ITEMS}", "/policies"),
    inside("policy", "policy(version: 1) { version }", "/policies/1"),
    inside("activePolicy", "activePolicy { number }", "/policies:active"),
)
STREAMS: Final = (
    Operation(
        field="Subscription.projectEvents",
        asked="projectEvents(project: $project) { id }",
        method="GET",
        path=f"{PROJECT}/events",
    ),
)
