"""Who was invited accepts over HTTP, by a token of their identity provider and the text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from runtime.domain.identity import IdentityRefusal
from runtime.domain.member import ProjectRole
from runtime.kit.canonical_json import canonical_bytes
from runtime.services.tenancy.invitations import Invitations
from tests.api.app_builder import Answered, TenancyApp, a_tenancy_app, an_app, asked
from tests.tenants import KEYS, Tenant, a_project, an_identity, an_offer, kinds_of

NEW = "new@people.example"
BEARER = "a.b.c"


async def invited(tenant: Tenant, **changes: object) -> str:
    """Invite somebody, and return the text."""
    made = await tenant.tenancy.invitations.create(tenant.owner, offer=an_offer(**changes))
    text: str = made.document["text"]
    return text


async def accept(
    app: TenancyApp, text: str, *, headers: Mapping[str, str] | None = None
) -> Answered:
    """Bring a text, by default with a bearer token."""
    sent = {"authorization": f"Bearer {BEARER}"} if headers is None else headers
    return await asked(
        app.app,
        "POST",
        "/v1/invitations:accept",
        headers=[("content-type", "application/json"), *sent.items()],
        body=canonical_bytes({"invitation": text}),
    )


async def test_an_invited_person_becomes_a_member(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """Repeated, at once or later, the request makes one member and is answered alike."""
    project = await a_project(tenant)
    text = await invited(tenant, project_id=project, role=ProjectRole.VIEWER)
    tenancy_app.tenancy.identities.by_bearer[BEARER] = an_identity(NEW, tenant.id)

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(accept(tenancy_app, text)) for _ in range(3)]
    later = await accept(tenancy_app, text)

    assert {item.result().status for item in tries} == {200}
    assert all(item.result().json == later.json for item in tries)
    assert (later.json["email"], later.json["logs_in"]) == (NEW, True)
    assert (await kinds_of(tenant)).count("invitation.accepted") == 1


async def test_a_key_belongs_to_one_text(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """With it, the first answer is kept; with another text it is refused, and accepts nothing."""
    first, second = await invited(tenant), await invited(tenant)
    tenancy_app.tenancy.identities.by_bearer[BEARER] = an_identity(NEW, tenant.id)
    keyed = {"authorization": f"Bearer {BEARER}", "idempotency-key": "k"}

    answers = [await accept(tenancy_app, first, headers=keyed) for _ in range(2)]
    other = await accept(tenancy_app, second, headers=keyed)

    assert [answer.header("idempotency-replayed") for answer in answers] == [None, "true"]
    assert answers[0].json == answers[1].json
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert (await kinds_of(tenant)).count("invitation.accepted") == 1


async def test_a_text_that_is_not_theirs_is_not_found(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """To another address, not proven, revoked, or no text at all: one answer."""
    text = await invited(tenant)
    revoked = await invited(tenant, email="gone@people.example")
    gone = (await tenancy_app.call(tenant.owner, "GET", "/v1/invitations")).json["items"]
    for item in gone:
        if item["email"] == "gone@people.example":
            await tenancy_app.call(tenant.owner, "POST", f"/v1/invitations/{item['id']}:revoke")
    known = tenancy_app.tenancy.identities.by_bearer

    answers = set()
    for identity, brought in (
        (an_identity("else@people.example", tenant.id), text),
        (an_identity(NEW, tenant.id, email_verified=False), text),
        (an_identity("gone@people.example", tenant.id), revoked),
        (an_identity(NEW, tenant.id), "nonsense"),
        (an_identity(NEW, tenancy_app.tenancy.ids.new("org")), text),
    ):
        known[BEARER] = identity
        answered = await accept(tenancy_app, brought)
        answers.add((answered.status, answered.body))

    assert len(answers) == 1
    assert answers.pop()[0] == 404


async def test_a_member_proves_an_accepted_invitation_only_as_its_own(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """Somebody else's accepted text is nothing to another member."""
    known = tenancy_app.tenancy.identities.by_bearer
    texts = {}
    for name in ("ann", "bob"):
        email = f"{name}@people.example"
        texts[name] = await invited(tenant, email=email)
        known[BEARER] = an_identity(email, tenant.id)
        assert (await accept(tenancy_app, texts[name])).status == 200

    stranger = await accept(tenancy_app, texts["ann"])

    assert (stranger.status, stranger.code) == (404, "not_found")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"authorization": "Bearer other"}, id="one that nobody vouches for"),
        pytest.param({"authorization": f"Basic {BEARER}"}, id="another scheme"),
        pytest.param({"cookie": "plangate_session=pgs_x"}, id="a session"),
    ],
)
async def test_without_a_proof_of_who_asks_nothing_is_read(
    tenancy_app: TenancyApp, tenant: Tenant, headers: Mapping[str, str]
) -> None:
    """The text alone opens nothing."""
    text = await invited(tenant)
    tenancy_app.tenancy.identities.by_bearer[BEARER] = an_identity(NEW, tenant.id)

    refused = await accept(tenancy_app, text, headers=headers)

    assert (refused.status, refused.code) == (401, "token_refused")


async def test_a_provider_that_does_not_answer_is_told(
    tenancy_app: TenancyApp, tenant: Tenant
) -> None:
    """The same request may be accepted later."""
    tenancy_app.tenancy.identities.by_bearer[BEARER] = IdentityRefusal.UNAVAILABLE

    refused = await accept(tenancy_app, await invited(tenant))

    assert (refused.status, refused.code) == (503, "credential_unverifiable")


async def test_a_body_of_another_type_is_refused(tenancy_app: TenancyApp, tenant: Tenant) -> None:
    """As everywhere."""
    tenancy_app.tenancy.identities.by_bearer[BEARER] = an_identity(NEW, tenant.id)

    refused = await asked(
        tenancy_app.app,
        "POST",
        "/v1/invitations:accept",
        headers=[("authorization", f"Bearer {BEARER}"), ("content-type", "text/plain")],
        body=b"{}",
    )

    assert refused.status == 415


async def test_a_platform_that_trusts_no_provider_accepts_nobody(tenant: Tenant) -> None:
    """There is nobody who could vouch for anybody."""
    built = a_tenancy_app(tenant.tenancy.database)
    alone = Invitations(
        database=tenant.tenancy.database,
        ids=tenant.tenancy.ids,
        keys=KEYS,
        forget=tenant.tenancy.forgotten.append,
    )
    services = replace(built.app.state.services, invitations=alone)
    app = TenancyApp(app=an_app(services), tenancy=built.tenancy, callers=built.callers)

    refused = await accept(app, await invited(tenant))

    assert (refused.status, refused.code) == (401, "token_refused")
