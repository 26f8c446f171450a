"""Hooks, webhooks and schedules are made and changed by GraphQL, and show a secret once."""

from __future__ import annotations

import pytest

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.hook_wishes import a_hook_wish
from tests.abuse.execution.webhook_wishes import a_webhook_wish
from tests.graphql_site import GraphqlSite

_HOOK = """
mutation($p: ID!, $name: String!, $style: String!, $service: ID!, $mapping: Json!, $key: String) {
  made: createHook(project: $p, name: $name, style: $style, service: $service, mapping: $mapping,
    idempotencyKey: $key) { secret hook { id path secrets { id } } }
}
"""
_ROTATED = """
mutation($p: ID!, $id: ID!, $key: String) {
  made: rotateHookSecret(project: $p, id: $id, idempotencyKey: $key) {
    secret hook { secrets { endsAt } }
  }
}
"""
_WEBHOOK = """
mutation($webhook: WebhookInput!, $key: String) {
  made: createWebhook(webhook: $webhook, idempotencyKey: $key) { secret webhook { id } }
}
"""
_ROTATED_WEBHOOK = """
mutation($id: ID!, $key: String) {
  made: rotateWebhookSecret(id: $id, idempotencyKey: $key) { secret webhook { secrets { endsAt } } }
}
"""
_CHANGED = """
mutation($id: ID!, $webhook: WebhookInput!) {
  changeWebhook(id: $id, webhook: $webhook) { name perMinute atOnce filter headers }
}
"""
_SCHEDULE = """
mutation($p: ID!, $schedule: ScheduleInput!, $grant: GrantInput) {
  createSchedule(project: $p, schedule: $schedule, grant: $grant) {
    id cron zone catchUp principal nextAt plan
  }
}
"""
_PLAN: JsonObject = {"steps": [{"action": "counter.increment", "inputs": {"by": 1}}]}
_NIGHTLY: JsonObject = {"name": "nightly", "cron": "0 3 * * *", "plan": _PLAN}


async def test_a_hooks_secret_is_shown_once(site: GraphqlSite) -> None:
    """To whoever made or rotated it; a repetition and a reader see when it fits, and no more."""
    who = await site.real.found()
    project = await site.project(who)
    wish = await a_hook_wish(site.real, who, f"/v1/projects/{project}")
    asked: JsonObject = {"p": project, "key": "one", **wish}

    first = await site.got(_HOOK, asked, token=who.token)
    again = await site.ask(_HOOK, asked, token=who.token)
    turned: JsonObject = {"p": project, "id": first["made"]["hook"]["id"], "key": "two"}
    rotated = await site.got(_ROTATED, turned, token=who.token)
    rotated_again = await site.ask(_ROTATED, turned, token=who.token)

    secrets = [str(made["made"]["secret"]) for made in (first, rotated)]
    assert secrets[0] != secrets[1]
    assert all(len(secret) > 20 for secret in secrets)
    assert again.data["made"] == {**first["made"], "secret": None}
    assert rotated_again.data["made"] == {**rotated["made"], "secret": None}
    assert [item["endsAt"] is None for item in rotated["made"]["hook"]["secrets"]].count(True) == 1


async def test_a_webhooks_secret_is_shown_once(site: GraphqlSite) -> None:
    """As a hook's is."""
    who = await site.real.found()
    asked: JsonObject = {"webhook": await a_webhook_wish(site.real), "key": "one"}

    first = await site.got(_WEBHOOK, asked, token=who.token)
    again = await site.got(_WEBHOOK, asked, token=who.token)
    turned: JsonObject = {"id": first["made"]["webhook"]["id"], "key": "two"}
    rotated = await site.got(_ROTATED_WEBHOOK, turned, token=who.token)
    rotated_again = await site.got(_ROTATED_WEBHOOK, turned, token=who.token)

    assert first["made"]["secret"].startswith("whsec_")
    assert rotated["made"]["secret"] not in {None, first["made"]["secret"]}
    assert (again["made"]["secret"], rotated_again["made"]["secret"]) == (None, None)


async def test_what_a_webhook_is_not_told_stays(site: GraphqlSite) -> None:
    """And a limit that is null where it is stated is none."""
    who = await site.real.found()
    wish: JsonObject = {
        **await a_webhook_wish(site.real), "perMinute": 30, "headers": {"X-Key": "hidden"},
        "filter": {"types": ["plan.*"]},
    }  # fmt: skip
    made = await site.got(_WEBHOOK, {"webhook": wish}, token=who.token)
    named = made["made"]["webhook"]["id"]

    async def changed(change: JsonObject) -> JsonObject:
        data = await site.got(_CHANGED, {"id": named, "webhook": change}, token=who.token)
        found: JsonObject = data["changeWebhook"]
        return found

    left = await changed({"atOnce": 2})
    lifted = await changed({"perMinute": None})

    assert (left["perMinute"], left["atOnce"], left["headers"]) == (30, 2, ["x-key"])
    assert left["filter"] == {"types": ["plan.*"], "projects": [], "condition": ""}
    assert (lifted["perMinute"], lifted["atOnce"]) == (None, 2)


async def test_a_plan_comes_due_as_it_is_said(site: GraphqlSite) -> None:
    """Executed by a service with the grant that was given."""
    who = await site.real.found()
    project = await site.project(who)
    asked: JsonObject = {
        "p": project,
        "schedule": {**_NIGHTLY, "zone": "Europe/Berlin"},
        "grant": {"role": "viewer"},
    }

    data = await site.got(_SCHEDULE, asked, token=who.token)
    made = data["createSchedule"]
    members = await site.got(
        f'{{ project(id: "{project}") {{ members {{ nodes {{ member role }} }} }} }}',
        token=who.token,
    )

    assert (made["zone"], made["catchUp"], made["plan"]["steps"][0]["action"]) == (
        "Europe/Berlin", "last", "counter.increment",
    )  # fmt: skip
    assert {"member": made["principal"], "role": "viewer"} in members["project"]["members"]["nodes"]


@pytest.mark.parametrize(
    ("field", "place"),
    [
        pytest.param('createHook({P}, {H}, style: "none") { secret }', "style", id="style"),
        pytest.param(
            'createHook({P}, {H}, style: "github", secret: "") { secret }', "secret", id="no secret"
        ),
        pytest.param(
            'createHook({P}, name: "h", service: "mem_1", mapping: {}, style: "github") { secret }',
            "mapping", id="a mapping that maps nothing",
        ),
        pytest.param('rotateHookSecret({P}, id: "x", overlapS: -1) { secret }', "overlapS", id="-"),
        pytest.param('createWebhook(webhook: {name: "w"}) { secret }', "webhook", id="no url"),
        pytest.param('createWebhook(webhook: {url: ""}) { secret }', "url", id="an empty url"),
        pytest.param('changeWebhook(id: "x", webhook: {atOnce: 65}) { id }', "atOnce", id="much"),
        pytest.param(
            'changeWebhook(id: "x", webhook: {perMinute: 0}) { id }', "perMinute", id="per minute"
        ),
        pytest.param('changeWebhook(id: "x", webhook: {form: "x"}) { id }', "form", id="form"),
        pytest.param(
            'changeWebhook(id: "x", webhook: {filter: {types: [""]}}) { id }', "types", id="a type"
        ),
        pytest.param(
            'rotateWebhookSecret(id: "x", overlapS: 604801) { secret }', "overlapS", id="a week on"
        ),
        pytest.param(
            'resendDeliveries(webhook: "x", deliveries: {status: ["pending"]}) { left }',
            "deliveries.status", id="what has not ended",
        ),
        pytest.param(
            'resendDeliveries(webhook: "x", deliveries: {most: 0}) { left }', "deliveries.most",
            id="none again",
        ),
        pytest.param('createSchedule({P}, schedule: {name: "s"}) { id }', "schedule", id="no plan"),
        pytest.param('createSchedule({P}, schedule: {cron: "x"}) { id }', "cron", id="no cron"),
        pytest.param('createSchedule({P}, schedule: {zone: "x"}) { id }', "zone", id="no zone"),
        pytest.param(
            "createSchedule({P}, schedule: {plan: {steps: []}}) { id }", "plan", id="no steps"
        ),
        pytest.param('changeSchedule({P}, id: "x", schedule: {}) { id }', "schedule", id="nothing"),
        pytest.param(
            'changeSchedule({P}, id: "x", schedule: {jitterS: -1}) { id }', "jitterS", id="jitter"
        ),
        pytest.param('redriveJobs({P}, jobs: {status: ["done"]}) { found }', "jobs", id="done"),
        pytest.param("redriveJobs({P}, jobs: {status: []}) { found }", "jobs", id="no status"),
        pytest.param("redriveJobs({P}, jobs: {most: 0}) { found }", "jobs.most", id="no jobs"),
        pytest.param("limitQueue({P}, atOnce: 0) { atOnce }", "atOnce", id="none at once"),
        pytest.param('pauseQueue({P}, why: "") { pausedAt }', "why", id="no why"),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_a_422(site: GraphqlSite, field: str, place: str) -> None:
    """With the argument that does not fit, before anything is looked up."""
    who = await site.real.found()
    step = '{action: "counter.increment", inputs: {by: {pointer: "/by"}}}'
    filled = field.replace("{P}", 'project: "prj_1"').replace(
        "{H}", f'name: "h", service: "mem_1", mapping: {{steps: [{step}]}}'
    )

    told = await site.ask(f"mutation {{ {filled} }}", token=who.token)

    assert told.codes == ["request_invalid"], told.errors
    assert told.errors[0]["extensions"]["errors"][0]["pointer"].startswith(f"/{place}")


async def test_what_does_not_fit_is_not_repeated(site: GraphqlSite) -> None:
    """A header's value may be a secret."""
    who = await site.real.found()
    hidden = "hidden" * 1_000
    wish: JsonObject = {**await a_webhook_wish(site.real), "headers": {"X-Key": hidden}}

    told = await site.ask(_WEBHOOK, {"webhook": wish}, token=who.token)

    assert told.codes == ["request_invalid"]
    assert b"hiddenhidden" not in told.answered.body
