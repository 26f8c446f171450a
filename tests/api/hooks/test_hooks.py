"""Hooks are made, tried, changed, rotated and removed; their secrets are shown once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hooks import BY_TWO, STYLES, HookSite, MadeHook, spelled


@pytest.mark.parametrize("style", STYLES)
async def test_a_signed_delivery_moves_the_counter_once(hook_site: HookSite, style: str) -> None:
    """And its sender is told that it was taken, and no more."""
    hook = await hook_site.hook(style)

    answer = await hook_site.delivered(hook)

    assert answer.status == 200, answer.body
    assert set(answer.json) == {"delivery", "status"}
    assert answer.json["status"] == "executed"
    assert await hook_site.counter() == 3
    [known] = await hook_site.deliveries(hook)
    assert (known["id"], known["status"], known["tries"]) == (
        answer.json["delivery"],
        "executed",
        1,
    )


async def test_the_outcome_is_the_services_and_names_the_hook(hook_site: HookSite) -> None:
    """So that an auditor finds who acted, and by which credential."""
    hook = await hook_site.hook()
    await hook_site.delivered(hook)
    [known] = await hook_site.deliveries(hook)

    outcome = await hook_site.call("GET", f"{hook_site.project}/outcomes/{known['outcome']}")

    assert outcome.json["principal"] == hook.document["service"]
    assert outcome.json["status"] == "done"


async def test_a_secret_is_shown_once(hook_site: HookSite) -> None:
    """Neither a repetition, nor a list, nor an export has it."""
    hook = await hook_site.hook()
    repeated = {"Idempotency-Key": "k"}
    wish = {
        "name": "again",
        "style": "github",
        "service": hook.document["service"],
        "mapping": hook.document["mapping"],
    }

    first, second = [
        await hook_site.app.call(
            "POST",
            f"{hook_site.project}/hooks",
            wish,
            token=hook_site.owner.token,
            headers=repeated,
        )
        for _ in range(2)
    ]
    shown = await hook_site.call("GET", hook.own_path)
    listed = await hook_site.call("GET", f"{hook_site.project}/hooks")

    assert (first.status, second.status) == (201, 201)
    assert first.json["secret"]
    assert second.json["secret"] is None
    assert {**first.json, "secret": None} == second.json
    for answer in (shown, listed):
        assert hook.secret.encode() not in answer.body
        assert b'"secret"' not in answer.body
    assert [item["name"] for item in listed.json["items"]] == [hook.document["name"], "again"]


async def test_a_sender_may_have_made_the_secret(hook_site: HookSite) -> None:
    """As Stripe does; one that can't be one is refused and not repeated."""
    hook = await hook_site.hook("stripe", secret="whsec_made-by-the-sender")  # noqa: S106  # a test's

    assert hook.secret == "whsec_made-by-the-sender"  # noqa: S105  # a test's
    assert (await hook_site.delivered(hook)).status == 200

    wish = {
        "name": "weak",
        "style": "standard-webhooks",
        "service": hook.document["service"],
        "mapping": hook.document["mapping"],
        "secret": "hunter2-hunter2",
    }
    refused = await hook_site.call("POST", f"{hook_site.project}/hooks", wish)
    assert (refused.status, refused.code) == (422, "declaration_invalid")
    assert b"hunter2" not in refused.body


async def test_two_secrets_fit_during_a_rotation(hook_site: HookSite) -> None:
    """For as long as the overlap says; a third one ends the first."""
    hook = await hook_site.hook()
    rotated = await rotate(hook_site, hook, overlap_s=60)

    assert len(rotated.document["secrets"]) == 1
    shown = await hook_site.call("GET", hook.own_path)
    assert [secret["ends_at"] is None for secret in shown.json["secrets"]] == [True, False]
    assert (await hook_site.delivered(hook, named="old")).status == 200
    assert (await hook_site.delivered(rotated, named="new")).status == 200

    third = await rotate(hook_site, hook, overlap_s=60)
    assert (await hook_site.delivered(hook, named="old-2")).status == 401
    assert (await hook_site.delivered(rotated, named="new-2")).status == 200
    assert (await hook_site.delivered(third, named="third")).status == 200


async def test_a_rotation_without_overlap_ends_the_old_secret(hook_site: HookSite) -> None:
    """At once, as after a leak."""
    hook = await hook_site.hook()
    rotated = await rotate(hook_site, hook, overlap_s=0)

    assert (await hook_site.delivered(hook)).status == 401
    assert (await hook_site.delivered(rotated)).status == 200


async def test_a_secret_whose_overlap_has_passed_fits_no_more(hook_site: HookSite) -> None:
    """Whatever was signed with it in time."""
    hook = await hook_site.hook()
    rotated = await rotate(hook_site, hook, overlap_s=60)
    await hook_site.changed(
        "update hook_secrets set ends_at = now() where hook_id = $1 and ends_at is not null",
        hook.document["id"],
    )

    assert (await hook_site.delivered(hook)).status == 401
    assert (await hook_site.delivered(rotated)).status == 200


async def rotate(site: HookSite, hook: MadeHook, *, overlap_s: int) -> MadeHook:
    """Give a hook a new secret."""
    answer = await site.call("POST", f"{hook.own_path}:rotate", {"overlap_s": overlap_s})
    assert answer.status == 201, answer.body
    return MadeHook(project=hook.project, document=answer.json)


async def test_a_disabled_hook_does_nothing_until_it_is_enabled(hook_site: HookSite) -> None:
    """Then the same delivery acts."""
    hook = await hook_site.hook()
    await hook_site.call("PATCH", hook.own_path, {"enabled": False})

    refused = await hook_site.delivered(hook)
    assert (refused.status, refused.code) == (409, "wrong_time")
    assert await hook_site.counter() == 1

    await hook_site.call("PATCH", hook.own_path, {"enabled": True})
    assert (await hook_site.delivered(hook)).status == 200
    assert await hook_site.counter() == 3


async def test_a_removed_hook_is_gone_with_its_address(hook_site: HookSite) -> None:
    """As if it had never been."""
    hook = await hook_site.hook()
    await hook_site.delivered(hook)

    removed = await hook_site.call("DELETE", hook.own_path)

    assert removed.status == 200
    assert (await hook_site.delivered(hook, named="next")).status == 401
    assert (await hook_site.call("GET", hook.own_path)).status == 404


async def test_a_condition_passes_deliveries_over(hook_site: HookSite) -> None:
    """They are answered like all others, and do nothing however often they come."""
    step = {"action": "counter.increment", "inputs": {"by": {"cel": "body.by * 2"}}}
    hook = await hook_site.hook(mapping={"when": "body.kind == 'paid'", "steps": [step]})
    passed_over, acting = spelled(kind="open", by=1), spelled(kind="paid", by=4)

    skipped = await hook_site.delivered(hook, passed_over, named="one")
    again = await hook_site.delivered(hook, passed_over, named="one")
    taken = await hook_site.delivered(hook, acting, named="two")

    assert (skipped.json["status"], again.json["status"]) == ("skipped", "skipped")
    assert again.header("idempotency-replayed") == "true"
    assert taken.json["status"] == "executed"
    assert await hook_site.counter() == 9


async def test_a_body_can_be_tried_without_a_delivery(hook_site: HookSite) -> None:
    """Which shows the plan, and executes nothing."""
    hook = await hook_site.hook()

    tried = await hook_site.call("POST", f"{hook.own_path}:simulate", {"body": {"by": 7}})
    unfit = await hook_site.call("POST", f"{hook.own_path}:simulate", {"body": {"to": 7}})

    assert tried.json == {
        "acts": True,
        "plan": {"steps": [{"action": "counter.increment", "inputs": {"by": 7}}]},
    }
    assert (unfit.status, unfit.code) == (422, "delivery_unfit")
    assert await hook_site.counter() == 1
    assert await hook_site.deliveries(hook) == []


async def test_a_changed_mapping_holds_from_the_next_delivery_on(hook_site: HookSite) -> None:
    """A name may change with it, and what is left out stays."""
    hook = await hook_site.hook()
    steps = [{"action": "counter.set", "inputs": {"value": {"pointer": "/by"}}}]

    changed = await hook_site.call(
        "PATCH", hook.own_path, {"name": "renamed", "mapping": {"steps": steps}}
    )
    await hook_site.delivered(hook, spelled(by=40))

    assert (changed.json["name"], changed.json["enabled"]) == ("renamed", True)
    assert changed.json["service"] == hook.document["service"]
    assert await hook_site.counter() == 40


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"style": "md5"}, "request_invalid", id="an unknown style"),
        pytest.param({"mapping": {"steps": []}}, "request_invalid", id="no step"),
        pytest.param(
            {"mapping": {"steps": [{"action": "a", "inputs": {"x": {"cel": "other.x"}}}]}},
            "declaration_invalid",
            id="an expression over something else",
        ),
        pytest.param({"service": "nobody"}, "not_found", id="no service"),
        pytest.param({"confirm": "x"}, "request_invalid", id="a confirmation"),
    ],
)
async def test_what_can_not_be_a_hook_is_refused(
    hook_site: HookSite, change: dict[str, Any], code: str
) -> None:
    """When it is made."""
    hook = await hook_site.hook()
    wish = {
        "name": "another",
        "style": "github",
        "service": hook.document["service"],
        "mapping": hook.document["mapping"],
        **change,
    }

    refused = await hook_site.call("POST", f"{hook_site.project}/hooks", wish)

    assert refused.code == code, refused.body


async def test_a_name_is_taken_once_in_a_project(hook_site: HookSite) -> None:
    """By a new one and by a renamed one."""
    first, second = await hook_site.hook(), await hook_site.hook()
    name = first.document["name"]
    wish = {
        "name": name,
        "style": "github",
        "service": first.document["service"],
        "mapping": first.document["mapping"],
    }

    made = await hook_site.call("POST", f"{hook_site.project}/hooks", wish)
    renamed = await hook_site.call("PATCH", second.own_path, {"name": name})

    assert {made.code, renamed.code} == {"name_taken"}


async def test_what_is_done_to_hooks_is_on_record(hook_site: HookSite) -> None:
    """Without any secret."""
    hook = await hook_site.hook()
    await rotate(hook_site, hook, overlap_s=0)
    await hook_site.call("PATCH", hook.own_path, {"enabled": False})
    await hook_site.call("DELETE", hook.own_path)

    answer = await hook_site.call("GET", f"/v1/organizations/{hook_site.owner.organization}:export")

    for kind in ("hook.created", "hook.secret_rotated", "hook.changed", "hook.removed"):
        assert kind.encode() in answer.body
    assert hook.secret.encode() not in answer.body


async def test_an_export_holds_hooks_and_deliveries_without_secrets(hook_site: HookSite) -> None:
    """Not even sealed ones."""
    hook = await hook_site.hook()
    await hook_site.delivered(hook, BY_TWO)

    answer = await hook_site.call("GET", f"/v1/organizations/{hook_site.owner.organization}:export")

    assert answer.status == 200, answer.body
    assert b'"hook_deliveries"' in answer.body
    assert b"sealed" not in answer.body
    assert hook.secret.encode() not in answer.body
