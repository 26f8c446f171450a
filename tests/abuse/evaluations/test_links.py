"""A link opens one organization's evaluations to one browser, and nothing else to anybody."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import CredentialRefusedError
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.services.context import Context
from runtime.services.evaluations.links import IDENTITY_VISIT_LIFE, LINK_LIFE, VISIT_LIFE
from runtime.services.identity.authentication import Authentication
from tests.abuse.evaluations.links import COOKIE, a_link, a_visit, cookie_of, links_at, opened
from tests.api.evaluations.conftest import Shown
from tests.database import session


async def test_a_link_becomes_a_visit_that_no_script_and_no_other_site_uses(shown: Shown) -> None:
    """The address is left at once, nothing keeps or tells it, and the pages are there."""
    answer = await opened(shown, await a_link(shown))
    cookie = cookie_of(answer)[COOKIE]
    page = await opened(shown, f"{shown.root}/", cookie=f"{COOKIE}={cookie.value}")

    assert answer.status == 200
    assert f'content="0;url={shown.root}/"' in answer.body.decode()
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", shown.root)
    assert answer.header("referrer-policy") == "no-referrer"
    assert answer.header("cache-control") == "no-store"
    assert page.status == 200
    assert b"run_01" in page.body


async def test_a_link_is_used_once(shown: Shown) -> None:
    """Whoever finds it in a history is too late; of two at once one gets in."""
    link = await a_link(shown)
    at_once = [asyncio.ensure_future(opened(shown, link)) for _ in range(4)]
    answers = [await answer for answer in at_once]
    later = await opened(shown, link)

    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401]
    assert later.status == 401
    assert later.header("set-cookie") is None
    assert b"plangate org evaluations" in later.body


async def test_a_link_ends_after_two_minutes(shown: Shown) -> None:
    """To whoever it was sent."""
    ticket = (await a_link(shown)).partition("ticket=")[2]
    now = datetime.now(UTC)
    organization = shown.owner.organization
    async with links_at(shown, now + LINK_LIFE + timedelta(seconds=1)) as late:
        with pytest.raises(CredentialRefusedError):
            await late.visit(organization, ticket)
    async with links_at(shown, now + LINK_LIFE - timedelta(seconds=30)) as early:
        visit = await early.visit(organization, ticket)

    assert visit.life == VISIT_LIFE


async def test_a_visit_ends(shown: Shown) -> None:
    """After eight hours."""
    text = (await a_visit(shown)).partition("=")[2]
    now = datetime.now(UTC)
    async with links_at(shown, now + VISIT_LIFE - timedelta(seconds=30)) as early:
        before = await early.visitor(text)
    async with links_at(shown, now + VISIT_LIFE + timedelta(seconds=1)) as late:
        after = await late.visitor(text)

    assert before is not None
    assert after is None


async def test_a_visit_ends_no_later_than_its_token(shown: Shown) -> None:
    """By itself: nobody has to take the token back."""
    wish = {"name": "short", "scopes": ["evaluations:read"], "expires_in_days": 1}
    token = await shown.app.made("/v1/tokens", wish, token=shown.owner.token)
    end = datetime.fromisoformat(str(token["expires_at"]))
    authentication: Authentication = shown.app.app.state.services.authentication
    caller = await authentication.caller_of(str(token["text"]))
    organization = shown.owner.organization
    async with links_at(shown, end - timedelta(hours=1)) as links:
        made = await links.create(Context(caller=caller), organization, reached_at="http://x")
        ticket = str(made.document["url"]).partition("ticket=")[2]
        visit = await links.visit(organization, ticket)
    async with links_at(shown, end) as links:
        with pytest.raises(CredentialRefusedError):
            await links.create(Context(caller=caller), organization, reached_at="http://x")

    assert visit.life == timedelta(hours=1)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda link: link[:-3] + "AAA", id="a letter"),
        pytest.param(lambda link: link.partition("ticket=")[0] + "ticket=", id="none"),
        pytest.param(lambda link: link.partition("?")[0], id="no query"),
        pytest.param(lambda link: link + "&ticket=" + "A" * 1_100, id="a long one"),
    ],
)
async def test_a_forged_link_opens_nothing(shown: Shown, changed: object) -> None:
    """Nor does it use the real one up."""
    link = await a_link(shown)
    answer = await opened(shown, changed(link))  # type: ignore[operator]  # of the table
    real = await opened(shown, link)

    assert answer.status in {401, 422}
    assert answer.header("set-cookie") is None
    assert real.status == 200


async def test_a_link_is_of_one_organization(shown: Shown) -> None:
    """Neither it nor the visit opens another's pages, whatever the path names."""
    theirs = shown.root.replace(shown.owner.organization, shown.stranger.organization)
    link = await a_link(shown)
    turned = await opened(shown, link.replace(shown.owner.organization, theirs.split("/")[3]))
    visit = await a_visit(shown)
    strange = await opened(shown, f"{theirs}/runs/run_secret", cookie=visit)
    asked_for = await shown.app.call(
        "POST", f"{theirs}:link", token=shown.owner.token, headers={"idempotency-key": "k"}
    )

    assert turned.status == 401
    assert (strange.status, strange.code) == (404, "not_found")
    assert asked_for.code == "not_found"


async def test_a_visit_reads_these_pages_and_nothing_else(shown: Shown) -> None:
    """Neither another path nor another verb, nor another link."""
    visit = await a_visit(shown)
    organization = f"/v1/organizations/{shown.owner.organization}"
    paths = (
        "/v1/me", "/v1/projects", organization, f"{organization}/gates", f"{organization}/usage"
    )  # fmt: skip
    elsewhere = [await opened(shown, path, cookie=visit) for path in paths]
    link = await opened(shown, f"{shown.root}:link", cookie=visit, method="POST")
    verbs = [
        await opened(shown, f"{shown.root}/", cookie=visit, method=method)
        for method in ("POST", "PUT", "PATCH", "DELETE")
    ]

    assert {answer.status for answer in elsewhere} == {401}
    assert link.status == 401
    assert {answer.status for answer in verbs} == {405}


async def test_a_ticket_is_no_cookie_and_a_cookie_no_ticket(shown: Shown) -> None:
    """Each opens what it was made for."""
    ticket = (await a_link(shown)).partition("ticket=")[2]
    visit = (await a_visit(shown)).partition("=")[2]

    as_cookie = await opened(shown, f"{shown.root}/", cookie=f"{COOKIE}={ticket}")
    as_ticket = await opened(shown, f"{shown.root}:open?ticket={visit}")

    assert (as_cookie.status, as_ticket.status) == (401, 401)


async def test_a_header_goes_before_the_cookie(shown: Shown) -> None:
    """Whoever brings a credential is judged by it, as on every other route."""
    headers = {"cookie": await a_visit(shown)}
    answer = await shown.app.call("GET", f"{shown.root}/", token="x" * 20, headers=headers)

    assert answer.status == 401


async def test_a_visit_ends_with_a_token_that_is_replaced(shown: Shown) -> None:
    """Once the old one opens nothing any more, though it was made to last for longer."""
    wish = {"name": "browser", "scopes": ["evaluations:read"]}
    token = await shown.app.made("/v1/tokens", wish, token=shown.owner.token)
    who = type(shown.owner)(
        organization=shown.owner.organization, member=shown.owner.member, token=str(token["text"])
    )
    text = (await a_visit(shown, who)).partition("=")[2]
    rotation = f"/v1/tokens/{token['id']}:rotate"
    await shown.app.made(rotation, {"overlap_s": 600}, token=shown.owner.token)
    async with links_at(shown, datetime.now(UTC) + timedelta(seconds=570)) as links:
        before = await links.visitor(text)
    async with links_at(shown, datetime.now(UTC) + timedelta(seconds=601)) as links:
        after = await links.visitor(text)

    assert before is not None
    assert after is None


async def test_both_end_with_the_token_that_asked(shown: Shown) -> None:
    """At once, on every replica: nothing is remembered of it."""
    wish = {"name": "browser", "scopes": ["evaluations:read"]}
    token = await shown.app.made("/v1/tokens", wish, token=shown.owner.token)
    who = type(shown.owner)(
        organization=shown.owner.organization, member=shown.owner.member, token=str(token["text"])
    )
    link, visit = await a_link(shown, who), await a_visit(shown, who)
    before = await opened(shown, f"{shown.root}/", cookie=visit)
    await shown.app.made(f"/v1/tokens/{token['id']}:revoke", None, token=shown.owner.token)

    assert before.status == 200
    assert (await opened(shown, f"{shown.root}/", cookie=visit)).status == 401
    assert (await opened(shown, link)).status == 401


async def test_both_end_with_the_member_who_asked(shown: Shown) -> None:
    """However long their token would have lasted."""
    member = await shown.app.colleague(shown.owner, role="member")
    link, visit = await a_link(shown, member), await a_visit(shown, member)
    before = await opened(shown, f"{shown.root}/", cookie=visit)
    await shown.app.made(f"/v1/members/{member.member}:remove", None, token=shown.owner.token)

    assert before.status == 200
    assert (await opened(shown, f"{shown.root}/", cookie=visit)).status == 401
    assert (await opened(shown, link)).status == 401


async def test_a_person_of_an_identity_provider_visits_for_an_hour(shown: Shown) -> None:
    """Their bearer token can't be taken back here, but they can: then it ends at once."""
    member = await shown.app.person(shown.owner)
    caller = Caller(
        member_id=member,
        organization_id=shown.owner.organization,
        organization_role=OrganizationRole.MEMBER,
        member_kind=MemberKind.PERSON,
        scopes=frozenset(Scope),
        credential_id=f"oidc:{member}",
        credential_kind=CredentialKind.OIDC,
    )
    async with links_at(shown, datetime.now(UTC)) as links:
        made = await links.create(
            Context(caller=caller), shown.owner.organization, reached_at="http://127.0.0.1/"
        )
        ticket = str(made.document["url"]).partition("ticket=")[2]
        visit = await links.visit(shown.owner.organization, ticket)
        before = await links.visitor(visit.text)
        await shown.app.made(f"/v1/members/{member}:remove", None, token=shown.owner.token)
        after = await links.visitor(visit.text)

    assert visit.life == IDENTITY_VISIT_LIFE
    assert before is not None
    assert before.scopes == {Scope.EVALUATIONS_READ}
    assert after is None


async def test_who_may_not_read_evaluations_gets_no_link(shown: Shown) -> None:
    """It would be a way around the scopes of a token."""
    wish = {"name": "auditor", "scopes": ["audit:read"]}
    token = await shown.app.made("/v1/tokens", wish, token=shown.owner.token)
    answer = await shown.app.call("POST", f"{shown.root}:link", token=str(token["text"]))

    assert (answer.status, answer.code) == (403, "not_allowed")


async def test_a_link_is_told_once(shown: Shown) -> None:
    """A repeated request makes no other, and reads none."""
    headers = {"idempotency-key": "a-link"}
    first, second = [
        await shown.app.call("POST", f"{shown.root}:link", token=shown.owner.token, headers=headers)
        for _ in range(2)
    ]

    assert (first.status, second.status) == (200, 200)
    assert second.json == {**first.json, "url": None}


async def test_what_a_link_did_is_on_record_without_its_ticket(shown: Shown) -> None:
    """Who took it, and that a browser came; not what would open it."""
    link = await a_link(shown)
    await opened(shown, link)
    await opened(shown, link)
    async with session(shown.app.urls.superuser_url) as superuser:
        rows = await superuser.fetch(
            "select kind, row_to_json(it)::text as whole from audit_records it "
            "where kind like 'evaluations.%' order by id"
        )
    whole = "".join(row["whole"] for row in rows)

    assert [row["kind"] for row in rows] == ["evaluations.link_made", "evaluations.link_opened"]
    assert "lnk_" in whole
    assert link.partition("ticket=")[2] not in whole
