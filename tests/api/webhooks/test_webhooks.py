"""Webhooks are made, changed, switched, rotated and removed; what is secret is shown once."""

from __future__ import annotations

from typing import Any

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.webhook_wishes import a_webhook_wish
from tests.webhook_site import WebhookSite

PATH = "https://hooks.example.com/services/T0/B0/very-private"


async def test_a_webhook_is_made_and_read(site: WebhookSite) -> None:
    """With the parts that were stated, and defaults for the rest."""
    made = await site.make(
        url=PATH,
        headers={"X-Team": "private-word"},
        filter={"types": ["plan.*", "limit.reached"], "condition": "event.data.percent >= 90"},
        format="slack",
        per_minute=60,
        ordered=True,
    )

    read = (await site.call("GET", made)).json
    listed = (await site.site.call("GET", site.root)).json["items"]

    assert made["url"] == "https://hooks.example.com"
    assert made["headers"] == ["x-team"]
    assert read == {key: value for key, value in made.items() if key != "secret"}
    assert (read["at_once"], read["status"], read["failures"]) == (8, "enabled", 0)
    assert [item["id"] for item in listed] == [made["id"]]


async def test_addresses_headers_and_secrets_are_nowhere_to_be_read(site: WebhookSite) -> None:
    """Neither in an answer, nor in a list, an export or the database."""
    made = await site.make(url=PATH, headers={"Authorization": "Bearer private-word"})
    await site.call("PATCH", made, "", {"name": "renamed"})
    export = f"/v1/organizations/{site.site.owner.organization}:export"

    answers = [
        await site.call("GET", made),
        await site.site.call("GET", site.root),
        await site.site.call("GET", export),
    ]

    for answer in answers:
        assert answer.status == 200, answer.body
        for word in (made["secret"], "very-private", "private-word"):
            assert word.encode() not in answer.body
    assert b"sealed" not in answers[2].body


async def test_a_secret_is_not_shown_by_a_repetition(site: WebhookSite) -> None:
    """Whose answer is otherwise the same."""
    wish = await a_webhook_wish(site.site.app)
    first, second = [
        await site.site.app.call(
            "POST",
            site.root,
            wish,
            token=site.site.owner.token,
            headers={"Idempotency-Key": "k"},
        )
        for _ in range(2)
    ]

    assert (first.status, second.status) == (201, 201)
    assert first.json["secret"].startswith("whsec_")
    assert second.json == {**first.json, "secret": None}


async def test_a_pair_shows_its_public_half_alone(site: WebhookSite) -> None:
    """The private one is nobody else's."""
    made = await site.make(scheme="v1a")

    [secret] = (await site.call("GET", made)).json["secrets"]

    assert made["secret"] is None
    assert secret["scheme"] == "v1a"
    assert secret["public_key"].startswith("whpk_")


async def test_what_is_left_out_of_a_change_stays(site: WebhookSite) -> None:
    """And what is stated is replaced, headers and filter as a whole."""
    made = await site.make(
        headers={"x-a": "1"}, filter={"types": ["plan.*"]}, per_minute=60, ordered=True
    )

    changed = await site.call("PATCH", made, "", {"at_once": 2, "filter": {"types": ["job.*"]}})
    freed = await site.call("PATCH", made, "", {"per_minute": None, "headers": {}})

    assert (changed.json["at_once"], changed.json["per_minute"]) == (2, 60)
    assert changed.json["ordered"] is True
    assert changed.json["headers"] == ["x-a"]
    assert changed.json["filter"] == {"types": ["job.*"], "projects": [], "condition": ""}
    assert (freed.json["per_minute"], freed.json["headers"]) == (None, [])


async def test_headers_do_not_follow_to_another_address(site: WebhookSite) -> None:
    """They may hold what the new one must not learn; who states them again may."""
    made = await site.make(headers={"authorization": "Bearer private-word"})
    elsewhere = "https://else.example.org/in"

    refused = await site.call("PATCH", made, "", {"url": elsewhere})
    stated = await site.call("PATCH", made, "", {"url": elsewhere, "headers": {}})

    assert (refused.status, refused.code) == (422, "webhook_refused")
    assert stated.json["url"] == "https://else.example.org"
    assert stated.json["headers"] == []


async def test_a_webhook_is_disabled_and_enabled(site: WebhookSite) -> None:
    """Enabling makes it as good as new."""
    made = await site.make()
    off = await site.call("POST", made, ":disable")
    await site.site.changed(
        "update webhook_endpoints set status = 'failed', failures = 7, failing_since = now() "
        "where id = $1",
        made["id"],
    )

    on = await site.call("POST", made, ":enable")

    assert (off.json["status"], off.json["status_reason"]) == (
        "disabled",
        "A person switched it off.",
    )
    assert (on.json["status"], on.json["status_reason"]) == ("enabled", None)
    assert (on.json["failures"], on.json["failing_since"]) == (0, None)


async def test_a_new_secret_signs_beside_the_old_one(site: WebhookSite) -> None:
    """For as long as was asked; of each scheme there are two at most."""
    made = await site.make()

    first = await site.call("POST", made, ":rotate-secret", {"overlap_s": 600})
    second = await site.call("POST", made, ":rotate-secret", {"overlap_s": 60})
    at_once = await site.call("POST", made, ":rotate-secret", {"overlap_s": 0})

    ends = [[item["ends_at"] is None for item in answer.json["secrets"]] for answer in
            (first, second, at_once)]  # fmt: skip
    assert ends == [[True, False], [True, False], [True]]
    assert second.json["secrets"][1]["id"] == first.json["secrets"][0]["id"]
    assert len({made["secret"], *(item.json["secret"] for item in (first, second, at_once))}) == 4


async def test_a_scheme_is_added_and_the_other_given_up(site: WebhookSite) -> None:
    """Both sign until somebody says that only the one shall."""
    made = await site.make()

    both = await site.call("POST", made, ":rotate-secret", {"scheme": "v1a"})
    one = await site.call(
        "POST", made, ":rotate-secret", {"scheme": "v1a", "only": True, "overlap_s": 0}
    )

    assert [item["scheme"] for item in both.json["secrets"]] == ["v1a", "v1"]
    assert {item["ends_at"] for item in both.json["secrets"]} == {None}
    assert [item["scheme"] for item in one.json["secrets"]] == ["v1a"]


async def test_a_removed_webhook_is_gone(site: WebhookSite) -> None:
    """With its secrets, its deliveries and its lane."""
    made = await site.make()
    await site.call("POST", made, ":ping")

    removed = await site.call("DELETE", made)

    assert removed.status == 200
    assert (await site.call("GET", made)).status == 404
    assert (await site.call("GET", made, "/deliveries")).status == 404
    assert (await site.site.call("GET", site.root)).json["items"] == []


async def test_a_name_is_taken_once_in_a_place(site: WebhookSite) -> None:
    """By a new one and by a renamed one."""
    first, second = await site.make(), await site.make()

    made = await site.tried(name=first["name"])
    renamed = await site.call("PATCH", second, "", {"name": first["name"]})

    assert [made.code, renamed.code] == ["name_taken", "name_taken"]


REFUSED: dict[str, tuple[JsonObject, str, str]] = {
    "http": ({"url": "http://hooks.example.com/in"}, "webhook_refused", "/url"),
    "a private address": ({"url": "https://10.0.0.7/in"}, "webhook_refused", "/url"),
    "the metadata": ({"url": "https://169.254.169.254/"}, "webhook_refused", "/url"),
    "loopback in IPv6": ({"url": "https://[::1]/"}, "webhook_refused", "/url"),
    "loopback as a number": ({"url": "https://2130706433/"}, "webhook_refused", "/url"),
    "a user": ({"url": "https://a:b@hooks.example.com/"}, "webhook_refused", "/url"),
    "a local name": ({"url": "https://intranet/"}, "webhook_refused", "/url"),
    "a port": ({"url": "https://hooks.example.com:6379/"}, "webhook_refused", "/url"),
    "no address": ({"url": "hooks"}, "webhook_refused", "/url"),
    "a header that frames": ({"headers": {"Host": "x"}}, "webhook_refused", "/headers"),
    "a header that signs": (
        {"headers": {"Webhook-Signature": "v1,x"}},
        "webhook_refused",
        "/headers",
    ),
    "a header with a line break": (
        {"headers": {"x-a": "b\r\nc: d"}},
        "webhook_refused",
        "/headers",
    ),
    "a header twice": ({"headers": {"x-a": "1", "X-A": "2"}}, "webhook_refused", "/headers"),
    "too many headers": (
        {"headers": {f"x-{number}": "1" for number in range(21)}},
        "request_invalid",
        "/headers",
    ),
    "an unknown type": (
        {"filter": {"types": ["plan.*", "plan.dreamt"]}},
        "webhook_refused",
        "/filter/types/1",
    ),
    "a condition that is none": (
        {"filter": {"condition": "event.data.x >"}},
        "webhook_refused",
        "/filter/condition",
    ),
    "a condition over something else": (
        {"filter": {"condition": "other == 1"}},
        "webhook_refused",
        "/filter/condition",
    ),
    "a condition that loops": (
        {"filter": {"condition": "event.data.a.all(x, x > 1)"}},
        "webhook_refused",
        "/filter/condition",
    ),
    "a foreign project": (
        {"filter": {"projects": ["prj_0123456789ABCDEFGHJKMNPQRS"]}},
        "webhook_refused",
        "/filter/projects",
    ),
    "none at once": ({"at_once": 0}, "request_invalid", "/at_once"),
    "too many at once": ({"at_once": 65}, "request_invalid", "/at_once"),
    "none a minute": ({"per_minute": 0}, "request_invalid", "/per_minute"),
    "another format": ({"format": "discord"}, "request_invalid", "/format"),
}


async def test_what_can_not_be_a_webhook_is_refused(site: WebhookSite) -> None:
    """With the place that is wrong, and nothing of an address or a header's value."""
    wrong = list[Any]()
    for what, (changes, code, pointer) in REFUSED.items():
        answer = await site.tried(**changes)
        faults = [] if answer.status != 422 else answer.json["errors"]
        if answer.code != code or not any(item["pointer"].startswith(pointer) for item in faults):
            wrong.append((what, answer.status, answer.body))

    assert wrong == []
    assert (await site.site.call("GET", site.root)).json["items"] == []


async def test_a_refusal_repeats_no_secret(site: WebhookSite) -> None:
    """Neither of the address, nor of a header."""
    answer = await site.tried(
        url="https://ann:private-word@hooks.example.com/very-private",
        headers={"x-a": "private-word\r\n"},
    )

    assert answer.status == 422
    assert b"private" not in answer.body
    assert len(answer.json["errors"]) == 2


async def test_a_filter_may_name_projects_of_the_organization(
    organization_site: WebhookSite,
) -> None:
    """For a webhook of the organization."""
    project = organization_site.site.project.rpartition("/")[2]

    made = await organization_site.make(filter={"projects": [project, project]})

    assert made["filter"]["projects"] == [project]


async def test_an_organization_has_a_hundred_webhooks_at_most(site: WebhookSite) -> None:
    """Those of its projects included."""
    made = await site.make()
    await site.site.changed(
        "insert into webhook_endpoints (organization_id, id, project_id, name, sealed_url, "
        "shown_url, header_names, filter, form, format, at_once, ordered, status, failures, "
        "created_at, created_by, updated_at) select organization_id, 'whe_' || lpad(n::text, 26, "
        "'0'), project_id, 'many ' || n, sealed_url, shown_url, '[]', filter, form, format, 8, "
        "false, 'disabled', 0, now(), created_by, now() "
        "from webhook_endpoints, generate_series(1, 99) as n where id = $1",
        made["id"],
    )

    refused = await site.tried()

    assert (refused.status, refused.code) == (409, "wrong_time")


async def test_an_archived_project_keeps_only_what_ends(project_site: WebhookSite) -> None:
    """Its webhooks can be disabled and removed."""
    made = await project_site.make()
    await project_site.site.call("POST", f"{project_site.site.project}:archive")

    tried = [
        await project_site.tried(),
        await project_site.call("PATCH", made, "", {"at_once": 2}),
        await project_site.call("POST", made, ":ping"),
        await project_site.call("POST", made, ":enable"),
    ]
    ended = [await project_site.call("POST", made, ":disable"),
             await project_site.call("DELETE", made)]  # fmt: skip

    assert {answer.code for answer in tried} == {"project_archived"}
    assert {answer.status for answer in ended} == {200}


async def test_what_is_done_to_webhooks_is_on_record(site: WebhookSite) -> None:
    """Each under its own name."""
    made = await site.make()
    for verb in (":ping", ":disable", ":enable", ":rotate-secret"):
        answer = await site.call("POST", made, verb)
        assert answer.status in {200, 201}, answer.body
    await site.call("PATCH", made, "", {"at_once": 2})
    await site.call("DELETE", made)

    export = f"/v1/organizations/{site.site.owner.organization}:export"
    body = (await site.site.call("GET", export)).body

    for what in ("created", "ping", "disabled", "enabled", "secret_rotated", "changed", "removed"):
        assert f'"endpoint.{what}"'.encode() in body, what
