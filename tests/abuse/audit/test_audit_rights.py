"""A log is its organization's: owners and their auditors read it, and nobody else learns of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import pytest_asyncio

from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting
from tests.audit_site import AuditSite, audit_site
from tests.database import DatabaseUrls

READING: Final = (
    "/records",
    "/heads",
    "/heads/latest",
    "/keys",
    "/settings",
    "/export",
    "/proofs/consistency?first=1&second=2",
)
KEEPING: Final[tuple[tuple[str, str, JsonObject | None], ...]] = (
    ("PUT", "/settings", {"strict": False, "keep_days": 9}),
    ("POST", "/holds", {"name": "case", "reason": "a court asks"}),
    ("GET", "/holds", None),
    ("POST", f"/holds/ahd_{1:026d}:release", None),
    ("POST", "/erasures", {"subject": "operator", "confirm": "operator"}),
)


@pytest_asyncio.fixture
async def site(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[AuditSite]:
    """Serve the platform with a log that has some records."""
    async with audit_site(database_urls, redis_url) as started:
        await started.app.project(started.owner)
        await started.number()
        yield started


async def read_by(site: AuditSite, who: Acting) -> set[tuple[int, str]]:
    """Try to read everything of the log."""
    record = (await site.read("/records"))["items"][0]["id"]
    tried = [await site.call("GET", path, who=who) for path in (*READING, f"/records/{record}")]
    return {(answer.status, answer.code if answer.status >= 300 else "") for answer in tried}


async def kept_by(site: AuditSite, who: Acting) -> set[tuple[int, str]]:
    """Try to change how the log is kept."""
    tried = [await site.call(*request, who=who) for request in KEEPING]
    return {(answer.status, answer.code) for answer in tried}


async def test_an_auditor_reads_everything_and_changes_nothing(site: AuditSite) -> None:
    """A service whose token was made for that alone."""
    auditor = await site.auditor()

    assert await read_by(site, auditor) == {(200, "")}
    assert await kept_by(site, auditor) == {(403, "not_allowed")}
    made = await site.app.call("POST", "/v1/projects", {"name": "p"}, token=auditor.token)
    assert made.status == 422 or made.code == "not_allowed"


async def test_a_member_reads_nothing_and_changes_nothing(site: AuditSite) -> None:
    """Whatever scopes their token has, as it was made while they were an owner."""
    member = await site.app.colleague(site.owner, role="owner")
    assert await read_by(site, member) == {(200, "")}
    demoted = await site.app.call(
        "PATCH", f"/v1/members/{member.member}", {"organization_role": "member"},
        token=site.owner.token,
    )  # fmt: skip
    assert demoted.status == 200, demoted.body

    assert await read_by(site, member) == {(403, "not_allowed")}
    assert await kept_by(site, member) == {(403, "not_allowed")}


async def test_an_owners_token_without_the_scope_reads_nothing(site: AuditSite) -> None:
    """Not by any other scope."""
    scopes = sorted(scope.value for scope in set(Scope) - {Scope.AUDIT_READ})
    wish: JsonObject = {"name": "all else", "scopes": scopes}
    made = await site.app.made("/v1/tokens", wish, token=site.owner.token)
    owner = site.owner
    narrow = Acting(organization=owner.organization, member=owner.member, token=made["text"])

    assert await read_by(site, narrow) == {(403, "not_allowed")}


async def test_nobody_grants_the_scope_who_has_it_not(site: AuditSite) -> None:
    """A member's login has it not, so no token of theirs ever has."""
    member = await site.app.colleague(site.owner, role="member")
    few: JsonObject = {"name": "few", "scopes": ["tokens:manage"]}
    narrow = (await site.app.made("/v1/tokens", few, token=member.token))["text"]
    wish: JsonObject = {"name": "auditor", "scopes": ["audit:read"]}

    answer = await site.app.call("POST", "/v1/tokens", wish, token=narrow)

    assert (answer.status, answer.code) == (403, "not_allowed")


async def test_another_organization_sees_nothing_of_it(site: AuditSite) -> None:
    """Its owner reads their own log, which has none of it, and finds no record or hold by id."""
    stranger = await site.app.found()
    await site.number()
    own = await site.read("/records")
    hold = (await site.call("POST", "/holds", {"name": "case", "reason": "a court asks"})).json
    answers = [
        await site.call("GET", f"/records/{item['id']}", who=stranger) for item in own["items"]
    ]
    answers.append(await site.call("POST", f"/holds/{hold['id']}:release", who=stranger))
    theirs = await site.read("/records", who=stranger)
    exported = await site.export(who=stranger)

    assert {(answer.status, answer.code) for answer in answers} == {(404, "not_found")}
    assert own["items"]
    assert {item["id"] for item in own["items"]}.isdisjoint(item["id"] for item in theirs["items"])
    assert site.owner.organization not in str(exported)
    assert (await site.read("/holds", who=stranger))["items"] == []


async def test_what_was_refused_fills_no_log(site: AuditSite) -> None:
    """Of a hundred refusals of one member some are recorded, and how many were left out."""
    auditor = await site.auditor()
    for _ in range(100):
        await site.call("GET", "/holds", who=auditor)
    await site.number()

    page = await site.read(f"/records?kind=access.refused&principal={auditor.member}&limit=200")

    assert 60 <= len(page["items"]) < 70
    first = page["items"][0]["document"]
    assert (first["route"], first["left_out"]) == ("GET /v1/audit/holds", 0)
    assert "organization:manage" in first["needs"]
