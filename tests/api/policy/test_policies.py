"""Rules over HTTP, from the first upload to the day on which none holds any more."""

from __future__ import annotations

import asyncio

import pytest

from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.kit.json_value import JsonObject
from tests.api.policy.app import REASON, PolicyApp, an_upload_body, spelled
from tests.policies import some_modules

LEVELS = ("organization", "project")


def scope_of(app: PolicyApp, level: str) -> str:
    """Return the scope of a level."""
    return ORGANIZATION_SCOPE if level == "organization" else app.site.first


@pytest.mark.parametrize("level", LEVELS)
async def test_the_life_of_rules(policy_app: PolicyApp, level: str) -> None:
    """Uploaded, read, activated, replaced, brought back, taken away."""
    scope = scope_of(policy_app, level)
    path, owner = policy_app.places[scope], policy_app.site.owner
    call = policy_app.served.call

    nothing = await call(owner, "GET", f"{path}:active")
    made = await call(owner, "POST", path, an_upload_body(scope))
    read = await call(owner, "GET", f"{path}/1")
    activated = await call(owner, "POST", f"{path}/1:activate", REASON)
    active = await call(owner, "GET", f"{path}:active")
    replaced = await call(owner, "POST", path, an_upload_body(scope, activate=True))
    back = await call(owner, "POST", f"{path}/1:activate", REASON)
    gone = await call(owner, "POST", f"{path}:deactivate", REASON)
    listed = await call(owner, "GET", f"{path}:activations")
    versions = await call(owner, "GET", path)

    assert (nothing.status, nothing.json) == (200, {"activation": None})
    assert (made.status, made.json["version"], made.json["tests"]) == (201, 1, 1)
    assert read.json == {
        **{key: made.json[key] for key in ("scope", "version", "digest", "note")},
        "created_at": "2026-01-05T12:00:00Z",
        "created_by": policy_app.site.tenant.owner_id,
        "modules": spelled(some_modules(scope)),
    }
    assert (activated.status, active.json) == (200, {"activation": activated.json})
    assert replaced.json["activation"]["number"] == 2
    assert (back.json["number"], back.json["version"], back.json["reason"]) == (3, 1, "as agreed")
    assert (gone.json["number"], gone.json["version"]) == (4, None)
    assert [item["version"] for item in listed.json["items"]] == [None, 1, 2, 1]
    assert [item["version"] for item in versions.json["items"]] == [2, 1]
    assert "modules" not in versions.json["items"][0]


@pytest.mark.parametrize("level", LEVELS)
async def test_lists_come_in_pages(policy_app: PolicyApp, level: str) -> None:
    """A cursor leads from one to the next until there is none."""
    scope = scope_of(policy_app, level)
    path, owner = policy_app.places[scope], policy_app.site.owner
    for _ in range(5):
        await policy_app.served.call(owner, "POST", path, an_upload_body(scope, activate=True))

    for place, key in ((path, "version"), (f"{path}:activations", "number")):
        seen, cursor = list[int](), ""
        while True:
            page = (await policy_app.served.call(owner, "GET", f"{place}?limit=2{cursor}")).json
            seen += [item[key] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert seen == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("level", LEVELS)
async def test_a_check_says_what_an_upload_would_be_told(policy_app: PolicyApp, level: str) -> None:
    """Usable or not, it keeps nothing, under a key as well."""
    scope = scope_of(policy_app, level)
    path, owner = policy_app.places[scope], policy_app.site.owner
    call = policy_app.served.call

    fine = await call(
        owner, "POST", f"{path}:check", {"modules": spelled(some_modules(scope))}, key="k"
    )
    failing = {"modules": spelled(some_modules(scope, passes=False))}
    failed = await call(owner, "POST", f"{path}:check", failing, key="k")
    untested = {"modules": spelled(some_modules(scope, tests=False))}
    bare = await call(owner, "POST", f"{path}:check", untested)

    assert fine.status == 200
    assert (fine.json["usable"], fine.json["problems"]) == (True, [])
    assert [test["passed"] for test in fine.json["tests"]] == [True]
    assert fine.json["uncovered"][0]["lines"] == [1]
    assert failed.json["usable"] is False
    assert "failed: it is not true" in failed.json["problems"][0]
    assert "there is no test" in bare.json["problems"][0]
    assert (await call(owner, "GET", path)).json["items"] == []


async def test_a_refused_upload_names_every_problem(policy_app: PolicyApp) -> None:
    """In `errors`, where programs find them."""
    path, owner = policy_app.places[ORGANIZATION_SCOPE], policy_app.site.owner
    body = an_upload_body(modules=spelled(some_modules(mark="# broken: a\n# broken: b")))

    refused = await policy_app.served.call(owner, "POST", path, body)

    assert (refused.status, refused.code) == (422, "policy_refused")
    assert "and 1 more" in refused.json["detail"]
    assert [item["detail"] for item in refused.json["errors"]] == [
        "organization/refunds.rego:1: broken a",
        "organization/refunds.rego:1: broken b",
    ]


async def test_one_key_makes_one_version_however_often_it_is_sent(policy_app: PolicyApp) -> None:
    """At once and later; without a key each upload is a version."""
    path, owner = policy_app.places[ORGANIZATION_SCOPE], policy_app.site.owner
    call, body = policy_app.served.call, an_upload_body()

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(call(owner, "POST", path, body, key="k")) for _ in range(4)]
    later = await call(owner, "POST", path, body, key="k")
    other = await call(owner, "POST", path, an_upload_body(note="other"), key="k")
    async with asyncio.TaskGroup() as group:
        free = [group.create_task(call(owner, "POST", path, body)) for _ in range(2)]

    answers = [*(item.result() for item in tries), later]
    assert {(answer.status, answer.json["version"]) for answer in answers} == {(201, 1)}
    assert [answer.header("idempotency-replayed") for answer in answers].count("true") == 4
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert sorted(item.result().json["version"] for item in free) == [2, 3]


async def test_activations_at_once_are_numbered_one_after_the_other(policy_app: PolicyApp) -> None:
    """Each is answered with a number of its own, without gaps."""
    path, owner = policy_app.places[policy_app.site.first], policy_app.site.owner
    call = policy_app.served.call
    await call(owner, "POST", path, an_upload_body(policy_app.site.first))

    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(call(owner, "POST", f"{path}/1:activate", REASON)) for _ in range(6)
        ]

    assert sorted(item.result().json["number"] for item in tries) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("method", "verb", "body"),
    [
        pytest.param("GET", "/1", None, id="read"),
        pytest.param("POST", "/1:activate", REASON, id="activate"),
    ],
)
async def test_a_version_that_is_none_is_not_found(
    policy_app: PolicyApp, level: str, method: str, verb: str, body: JsonObject | None
) -> None:
    """Nothing was uploaded."""
    path = policy_app.places[scope_of(policy_app, level)]

    answered = await policy_app.served.call(policy_app.site.owner, method, f"{path}{verb}", body)

    assert (answered.status, answered.code) == (404, "not_found")


async def test_taking_away_what_does_not_hold_is_a_conflict(policy_app: PolicyApp) -> None:
    """It is the wrong time for it."""
    path = policy_app.places[ORGANIZATION_SCOPE]

    refused = await policy_app.served.call(
        policy_app.site.owner, "POST", f"{path}:deactivate", REASON
    )

    assert (refused.status, refused.code) == (409, "wrong_time")
