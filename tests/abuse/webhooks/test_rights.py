"""Webhooks are their administrators'; nobody lets hear what they could not read themselves."""

from __future__ import annotations

from typing import Final

import pytest

from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting
from tests.abuse.execution.webhook_wishes import a_webhook_wish
from tests.api.app_builder import Answered
from tests.webhook_site import WebhookSite

LOOKING_AFTER: Final[tuple[tuple[str, str, JsonObject | None], ...]] = (
    ("GET", "/deliveries", None),
    ("GET", f"/deliveries/whd_{1:026d}", None),
    ("PATCH", "", {"at_once": 2}),
    ("POST", ":enable", None),
    ("POST", ":disable", None),
    ("POST", ":rotate-secret", {}),
    ("POST", ":ping", None),
    ("POST", ":resend", {}),
    ("POST", f"/deliveries/whd_{1:026d}:resend", None),
    ("DELETE", "", None),
)


async def tried_by(site: WebhookSite, who: Acting, webhook: JsonObject) -> list[Answered]:
    """Try all that changes a webhook or shows what went to it."""
    place = f"{site.root}/{webhook['id']}"
    return [
        await site.site.call(method, place + rest, document, who=who)
        for method, rest, document in LOOKING_AFTER
    ]


async def a_token(site: WebhookSite, *scopes: str) -> Acting:
    """Make a token of the owner with few scopes."""
    owner = site.site.owner
    wish: JsonObject = {"name": "few", "scopes": list(scopes)}
    made = await site.site.app.made("/v1/tokens", wish, token=owner.token)
    return Acting(organization=owner.organization, member=owner.member, token=made["text"])


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_only_admins_look_after_webhooks_of_a_project(
    project_site: WebhookSite, role: str
) -> None:
    """Others see which there are, and no secret."""
    made = await project_site.make()
    await project_site.end_delivery(made, number=1, status="failed")
    who = await project_site.site.member(role)
    wish = await a_webhook_wish(project_site.site.app)

    tried = [
        await project_site.site.call("POST", project_site.root, wish, who=who),
        *await tried_by(project_site, who, made),
    ]
    seen = await project_site.site.call("GET", f"{project_site.root}/{made['id']}", who=who)

    assert {(answer.status, answer.code) for answer in tried} == {(403, "not_allowed")}
    assert seen.status == 200


async def test_an_admin_of_the_project_looks_after_its_webhooks(project_site: WebhookSite) -> None:
    """Without being an owner."""
    made = await project_site.make()
    await project_site.end_delivery(made, number=1, status="failed")
    admin = await project_site.site.member("admin")

    tried = await tried_by(project_site, admin, made)

    assert {answer.status for answer in tried} <= {200, 201, 409}  # what is disabled meanwhile


async def test_webhooks_of_the_organization_are_its_owners(organization_site: WebhookSite) -> None:
    """Others don't even see which there are: they would hear of every project."""
    made = await organization_site.make()
    admin = await organization_site.site.member("admin")
    wish = await a_webhook_wish(organization_site.site.app)
    site = organization_site.site

    tried = [
        await site.call("POST", organization_site.root, wish, who=admin),
        await site.call("GET", organization_site.root, who=admin),
        await site.call("GET", f"{organization_site.root}/{made['id']}", who=admin),
        *await tried_by(organization_site, admin, made),
    ]

    assert {(answer.status, answer.code) for answer in tried} == {(403, "not_allowed")}


async def test_a_foreigner_finds_no_webhook(site: WebhookSite) -> None:
    """Whether there is one or not is answered alike."""
    made = await site.make()
    foreigner = await site.site.app.found()
    theirs = WebhookSite(
        site=site.site, root=f"/v1/organizations/{foreigner.organization}/webhooks"
    )

    for place in (site, theirs):
        tried = await tried_by(place, foreigner, made)
        assert {(answer.status, answer.code) for answer in tried} == {(404, "not_found")}
    for root in (site.root, f"{site.root}/{made['id']}"):
        answer = await site.site.call("GET", root, who=foreigner)
        assert (answer.status, answer.code) == (404, "not_found")


async def test_a_webhook_is_found_in_its_own_place_only(
    project_site: WebhookSite, organization_site: WebhookSite
) -> None:
    """Neither under another project, nor under the organization, nor the other way round."""
    of_project, of_organization = await project_site.make(), await organization_site.make()
    other = await project_site.site.app.project(project_site.site.owner)
    elsewhere = WebhookSite(site=project_site.site, root=f"/v1/projects/{other['id']}/webhooks")
    owner = project_site.site.owner

    for place, webhook in (
        (elsewhere, of_project),
        (organization_site, of_project),
        (project_site, of_organization),
    ):
        tried = await tried_by(place, owner, webhook)
        assert {(answer.status, answer.code) for answer in tried} == {(404, "not_found")}


async def test_who_may_not_read_events_lets_nobody_hear_them(site: WebhookSite) -> None:
    """A webhook would be a way around the scopes of a credential."""
    few = await a_token(site, "projects:manage", "organization:manage")
    made = await site.make(filter={"types": ["plan.*"]})
    of_projects = {"types": ["project.*"]}
    wish = await a_webhook_wish(site.site.app)

    tried = [
        await site.site.call("POST", site.root, wish, who=few),
        await site.site.call(
            "POST", site.root, {**wish, "filter": {"types": ["plan.executed"]}}, who=few
        ),
        await site.site.call(
            "PATCH", f"{site.root}/{made['id']}", {"url": "https://else.example.org/"}, who=few
        ),
        await site.site.call(
            "PATCH", f"{site.root}/{made['id']}", {"filter": {"types": ["job.*"]}}, who=few
        ),
        await site.site.call("POST", f"{site.root}/{made['id']}:enable", who=few),
    ]
    heard = await site.site.call("POST", site.root, {**wish, "filter": of_projects}, who=few)
    off = await site.site.call("POST", f"{site.root}/{made['id']}:disable", who=few)

    assert {(answer.status, answer.code) for answer in tried} == {(403, "not_allowed")}
    assert (heard.status, off.status) == (201, 200)


async def test_a_credential_without_the_scope_changes_nothing(site: WebhookSite) -> None:
    """Though its bearer is the owner."""
    scopes = set(Scope) - {Scope.PROJECTS_MANAGE, Scope.ORGANIZATION_MANAGE}
    many = await a_token(site, *(scope.value for scope in scopes))
    made = await site.make()

    tried = await tried_by(site, many, made)

    assert {(answer.status, answer.code) for answer in tried} == {(403, "not_allowed")}


async def test_a_member_who_was_removed_meanwhile_changes_nothing(site: WebhookSite) -> None:
    """What a replica remembers of them is asked again before anything is written."""
    made = await site.make()
    second = await site.site.app.colleague(site.site.owner)
    seen = await site.site.call("GET", f"{site.root}/{made['id']}", who=second)
    assert seen.status == 200
    await site.site.changed("update members set removed_at = now() where id = $1", second.member)

    answer = await site.site.call("POST", f"{site.root}/{made['id']}:ping", who=second)

    assert answer.status in {401, 403}
    assert await site.deliveries(made) == []
