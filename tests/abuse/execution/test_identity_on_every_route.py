"""On every mutating route, who acts is the credential's, whatever else is claimed (A1)."""

from __future__ import annotations

from itertools import product

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting, RealApp
from tests.abuse.execution.wish import Route
from tests.abuse.execution.wishes import WISHES
from tests.audited import recorded

WORDS = (
    "user_id",
    "user",
    "member_id",
    "principal",
    "organization_id",
    "organization",
    "role",
    "roles",
    "scopes_granted",
    "confirmed",
    "mode_granted",
    "is_admin",
)
HEADERS = (
    "X-User",
    "X-User-Id",
    "X-Organization",
    "X-Organization-Id",
    "X-Tenant",
    "X-Roles",
    "X-Confirmed",
    "X-Forwarded-User",
    "X-Remote-User",
    "X-Plangate-Principal",
    "X-Plangate-Organization",
    "Plangate-Organization",
    "X-HTTP-Method-Override",
)


async def test_no_body_says_who_acts_or_that_it_was_confirmed(app: RealApp) -> None:
    """Each word in each body that is taken: 422 that points at it, and nothing is done."""
    who, stranger = await app.found(), await app.found()
    taken = list[tuple[Route, str, int]]()
    for route, make in WISHES.items():
        wish = await make(app, who)
        if wish.document is None:
            continue
        before = await records(app)
        for word, value in product(WORDS, (stranger.member, True)):
            document = {**wish.document, word: value}
            answer = await app.call(route[0], wish.path, document, token=wish.token)
            pointers = [fault["pointer"] for fault in answer.json.get("errors", ())]
            if answer.status != 422 or f"/{word}" not in pointers:
                taken.append((route, word, answer.status))
        if await records(app) != before:
            taken.append((route, "it was done", 0))

    assert taken == []


async def test_no_header_and_no_query_says_who_acts(app: RealApp) -> None:
    """With all of them at once every route does the same, for the same member, on record."""
    who, stranger = await app.found(), await app.found()
    headers = dict.fromkeys(HEADERS, stranger.organization)
    headers |= {"X-User": stranger.member, "X-HTTP-Method-Override": "GET"}
    query = "&".join(f"{word}={stranger.member}" for word in WORDS)
    before = await acted(app, stranger)
    unlike = list[tuple[Route, int]]()
    for route, make in WISHES.items():
        wish = await make(app, who)
        answer = await app.call(
            route[0], f"{wish.path}?{query}", wish.document, token=wish.token, headers=headers
        )
        if answer.status >= 300:
            unlike.append((route, answer.status))

    assert unlike == []
    assert await acted(app, stranger) == before
    assert await actors(app, who.organization) == {who.member}


async def test_a_body_that_no_route_asked_for_is_not_looked_at(app: RealApp) -> None:
    """Routes without a body do what they do for the caller, whatever one claims."""
    who, stranger = await app.found(), await app.found()
    claims: JsonObject = dict.fromkeys(WORDS, stranger.member)
    statuses = dict[Route, int]()
    for route, make in WISHES.items():
        wish = await make(app, who)
        if wish.document is None:
            answer = await app.call(route[0], wish.path, claims, token=wish.token)
            statuses[route] = answer.status

    assert len(statuses) >= 8
    assert set(statuses.values()) == {200}
    assert await actors(app, who.organization) == {who.member}


async def records(app: RealApp) -> int:
    """Count what was done, by everybody."""
    return len(await recorded(app.urls.superuser_url))


async def acted(app: RealApp, who: Acting) -> int:
    """Count what a member did."""
    found = await recorded(app.urls.superuser_url)
    return sum(item.principal == who.member for item in found)


async def actors(app: RealApp, organization: str) -> set[str]:
    """Return who did anything in an organization, but for the platform's operator, who made it."""
    found = await recorded(app.urls.superuser_url)
    return {item.principal for item in found if item.organization == organization} - {"operator"}
