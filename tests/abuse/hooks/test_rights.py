"""A hook acts as a service that can confirm nothing, with the rights that it has at that moment."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.domain.scope import Scope
from runtime.services.hooks.rights import HOOK_SCOPES
from tests.abuse.execution.hook_wishes import a_hook_wish
from tests.abuse.execution.real_app import Acting
from tests.hooks import BY_TWO, HookSite, spelled

BOMBS = [
    "body.items.map(a, body.items.map(b, body.items.map(c, a + b + c)))",
    "body.items.all(a, body.items.all(b, body.items.all(c, true)))",
    "body.text.matches('(a+)+$')",
    "body.a" + " + body.a" * 40,
    "[" * 200 + "]" * 200,
    "(" * 249 + "1" + ")" * 249,
    "[" + ", ".join(["body"] * 80) + "]",
    "''.join(body.items)",
    "{{7*7}}",
    "${7*7}",
    "body.__class__.__mro__[1].__subclasses__()",
    "body.text.format(body)",
    "{% for x in body %}{% endfor %}",
]


TEXTS = ["{{7*7}}", "${7*7}", "{% raw %}", "body.by + 1", "__class__", "\u202e", "' or 1=1 --"]
HOSTILE = {
    "nothing": b"",
    "a form": b"by=2",
    "a key twice": b'{"by": 2, "by": 40}',
    "two documents": b'{"by": 2}{"by": 40}',
    "no number": b'{"by": NaN}',
    "a number too great": b'{"by": 123456789012345678901234567890}',
    "a NUL": b'{"by": "\\u0000"}',
    "brackets": b"[" * 3_000 + b"]" * 3_000,
    "no text": b"\xff\xfe",
    "a text for a number": b'{"by": "two"}',
    "a list": b"[]",
    "null": b"null",
}


def test_a_hook_has_one_scope() -> None:
    """It neither confirms nor approves, and reads nothing."""
    assert {Scope.PLANS_EXECUTE} == HOOK_SCOPES


async def test_what_takes_a_confirmation_is_refused_whatever_the_body_says(
    hook_site: HookSite,
) -> None:
    """The refusal is an outcome: the delivery was taken, and nothing was done."""
    steps = [{"action": "counter.reset", "inputs": {}}]
    hook = await hook_site.hook(mapping={"steps": steps})
    body = spelled(
        confirm=True, confirmed=True, mode="autonomous", principal=hook_site.owner.member
    )
    headers = [
        *hook.signed(body),
        ("x-confirmed", "true"),
        ("x-user", hook_site.owner.member),
        ("authorization", f"Bearer {hook_site.owner.token}"),
    ]

    answer = await hook_site.deliver(hook.path, body, headers)

    assert answer.json["status"] == "executed"
    [known] = await hook_site.deliveries(hook)
    outcome = await hook_site.call("GET", f"{hook_site.project}/outcomes/{known['outcome']}")
    assert outcome.json["status"] == "refused"
    assert "confirm" in outcome.json["refusal"]["code"]
    assert outcome.json["principal"] == hook.document["service"]
    assert await hook_site.counter() == 1


@pytest.mark.parametrize("how", ["withdrawn", "removed", "removed by half"])
async def test_a_service_without_rights_does_nothing_more(hook_site: HookSite, how: str) -> None:
    """Whoever holds the secret; rights are asked at each delivery."""
    hook = await hook_site.hook()
    service = hook.document["service"]
    if how == "removed by half":  # its roles are left, which nobody's removal leaves
        await hook_site.changed("update members set removed_at = now() where id = $1", service)
    elif how == "withdrawn":
        gone = await hook_site.call("DELETE", f"{hook_site.project}/members/{service}")
        assert gone.status == 200, gone.body
    else:
        gone = await hook_site.call("POST", f"/v1/members/{service}:remove")
        assert gone.status == 200, gone.body

    answer = await hook_site.delivered(hook)

    assert (answer.status, answer.code) == (403, "not_allowed")
    assert await hook_site.counter() == 1


async def test_a_viewer_service_is_refused_by_the_rules(hook_site: HookSite) -> None:
    """A hook has the role of its service, and no other."""
    hook = await hook_site.hook()
    path = f"{hook_site.project}/members/{hook.document['service']}"
    await hook_site.call("PUT", path, {"role": "viewer"})

    await hook_site.delivered(hook)

    [known] = await hook_site.deliveries(hook)
    outcome = await hook_site.call("GET", f"{hook_site.project}/outcomes/{known['outcome']}")
    assert outcome.json["status"] == "refused"
    assert await hook_site.counter() == 1


async def test_an_archived_project_takes_nothing(hook_site: HookSite) -> None:
    """Until it is restored."""
    hook = await hook_site.hook()
    await hook_site.call("POST", f"{hook_site.project}:archive")

    await hook_site.delivered(hook)

    assert await hook_site.counter() == 1


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_only_admins_make_and_change_hooks(hook_site: HookSite, role: str) -> None:
    """Others see them, and no secret."""
    hook = await hook_site.hook()
    who = await hook_site.member(role)
    wish = await a_hook_wish(hook_site.app, hook_site.owner, hook_site.project)
    tried = [
        await hook_site.call("POST", f"{hook_site.project}/hooks", wish, who=who),
        await hook_site.call("PATCH", hook.own_path, {"enabled": False}, who=who),
        await hook_site.call("POST", f"{hook.own_path}:rotate", {}, who=who),
        await hook_site.call("DELETE", hook.own_path, who=who),
    ]

    assert [(answer.status, answer.code) for answer in tried] == [(403, "not_allowed")] * 4
    assert (await hook_site.call("GET", hook.own_path, who=who)).status == 200


async def test_a_foreigner_finds_no_hook(hook_site: HookSite) -> None:
    """Whether there is one or not is answered alike."""
    hook = await hook_site.hook()
    foreigner = await hook_site.app.found()
    other = await hook_site.app.project(foreigner)
    paths = [hook.own_path, f"/v1/projects/{other['id']}/hooks/{hook.document['id']}"]

    for path in paths:
        for method, end, document in (
            ("GET", "", None),
            ("GET", "/deliveries", None),
            ("PATCH", "", {"enabled": False}),
            ("POST", ":rotate", {}),
            ("POST", ":simulate", {"body": {}}),
            ("DELETE", "", None),
        ):
            answer = await hook_site.call(method, path + end, document, who=foreigner)
            assert (answer.status, answer.code) == (404, "not_found")

    listed = await hook_site.call("GET", f"/v1/projects/{other['id']}/hooks", who=foreigner)
    assert listed.json["items"] == []


async def test_a_hook_of_another_project_is_not_found_in_this_one(hook_site: HookSite) -> None:
    """Even for those who may see both."""
    hook = await hook_site.hook()
    other = await hook_site.app.project(hook_site.owner)
    path = f"/v1/projects/{other['id']}/hooks/{hook.document['id']}"

    for method in ("GET", "PATCH", "DELETE"):
        document = {"enabled": False} if method == "PATCH" else None
        assert (await hook_site.call(method, path, document)).status == 404


async def a_token(site: HookSite, *scopes: str) -> Acting:
    """Make a token of the owner with few scopes."""
    wish = {"name": "few", "scopes": list(scopes)}
    made = await site.app.made("/v1/tokens", wish, token=site.owner.token)
    return Acting(
        organization=site.owner.organization, member=site.owner.member, token=made["text"]
    )


async def test_a_credential_that_can_not_execute_lets_nobody_else_execute(
    hook_site: HookSite,
) -> None:
    """A hook would be a way around its scopes; to disable one it takes less."""
    hook = await hook_site.hook()
    who = await a_token(hook_site, "projects:manage")
    wish = await a_hook_wish(hook_site.app, hook_site.owner, hook_site.project)
    mapping = hook.document["mapping"]

    tried = [
        await hook_site.call("POST", f"{hook_site.project}/hooks", wish, who=who),
        await hook_site.call("PATCH", hook.own_path, {"mapping": mapping}, who=who),
        await hook_site.call("PATCH", hook.own_path, {"enabled": True}, who=who),
        await hook_site.call("POST", f"{hook.own_path}:rotate", {}, who=who),
    ]
    disabled = await hook_site.call("PATCH", hook.own_path, {"enabled": False}, who=who)

    assert [(answer.status, answer.code) for answer in tried] == [(403, "not_allowed")] * 4
    assert disabled.status == 200


async def test_a_hook_acts_as_no_person_and_for_nobody_outside(hook_site: HookSite) -> None:
    """Nor as a service that has no role in the project."""
    wish = await a_hook_wish(hook_site.app, hook_site.owner, hook_site.project)
    outside = await hook_site.app.service(hook_site.owner)

    for member in (hook_site.owner.member, outside):
        answer = await hook_site.call(
            "POST", f"{hook_site.project}/hooks", {**wish, "service": member}
        )
        assert (answer.status, answer.code) == (403, "not_allowed")


async def test_an_admin_binds_no_service_that_may_more_than_they_could_give(
    hook_site: HookSite,
) -> None:
    """An autonomous service is an owner's to bind."""
    admin = await hook_site.member("admin")
    wish = await a_hook_wish(hook_site.app, hook_site.owner, hook_site.project)
    path = f"{hook_site.project}/members/{wish['service']}"
    granted = await hook_site.call("PUT", path, {"role": "operator", "mode": "autonomous"})
    assert granted.status == 200, granted.body

    refused = await hook_site.call("POST", f"{hook_site.project}/hooks", wish, who=admin)
    made = await hook_site.call("POST", f"{hook_site.project}/hooks", wish)

    assert (refused.status, refused.code) == (403, "not_allowed")
    assert made.status == 201


async def test_a_bomb_is_no_mapping(hook_site: HookSite) -> None:
    """Neither one that takes long, nor one of a template language."""
    wish = await a_hook_wish(hook_site.app, hook_site.owner, hook_site.project)
    taken = list[tuple[str, str]]()
    for rule in BOMBS:
        step = {"action": "counter.set", "inputs": {"value": {"cel": rule}}}
        answer = await hook_site.call(
            "POST", f"{hook_site.project}/hooks", {**wish, "mapping": {"steps": [step]}}
        )
        if answer.status != 422 or answer.code not in {"request_invalid", "declaration_invalid"}:
            taken.append((rule, str(answer.status)))

    assert taken == []


async def test_a_text_of_a_body_stays_a_text(hook_site: HookSite) -> None:
    """It is never read as an expression or a template, whatever it looks like."""
    step = {"action": "counter.set", "inputs": {"value": {"pointer": "/text"}}}
    hook = await hook_site.hook(mapping={"steps": [step]})

    for text in TEXTS:
        tried = await hook_site.call("POST", f"{hook.own_path}:simulate", {"body": {"text": text}})
        assert tried.json["plan"]["steps"][0]["inputs"] == {"value": text}


async def test_a_hostile_body_does_nothing(hook_site: HookSite) -> None:
    """Though it is signed: it fails, or is refused by the engine."""
    hook = await hook_site.hook()

    for what, body in HOSTILE.items():
        answer = await hook_site.delivered(hook, body, named=what.replace(" ", "-"))
        assert answer.status in {200, 422}, (what, answer.body)

    assert await hook_site.counter() == 1
    known = await hook_site.deliveries(hook)
    assert {item["status"] for item in known} == {"failed", "executed"}
    assert len(known) == len(HOSTILE)


async def test_no_message_repeats_what_was_delivered(hook_site: HookSite) -> None:
    """A body may hold what is nobody's business."""
    hook = await hook_site.hook()
    private: dict[str, Any] = {"card": "4242-4242", "to": {"by": "5555-5555"}}

    answer = await hook_site.delivered(hook, spelled(**private))

    assert answer.status == 422
    for word in (b"4242", b"5555", BY_TWO):
        assert word not in answer.body
