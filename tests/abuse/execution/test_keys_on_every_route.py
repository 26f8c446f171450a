"""On every mutating route a key finds its own request and no other's, and acts once (A11)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from tests.abuse.execution.real_app import Acting, RealApp
from tests.abuse.execution.wish import Route, Wish
from tests.abuse.execution.wishes import ELSEWHERE, WISHES, mutating_routes
from tests.api.app_builder import Answered
from tests.audited import recorded
from tests.database import session

AT_ONCE = 4
KEY = {"Idempotency-Key": "one key for everything"}
REPLAYED = "idempotency-replayed"
FOUNDING = ("POST", "/v1/organizations")


async def sent(app: RealApp, route: Route, wish: Wish) -> Answered:
    """Send a wish under the key that all of them share."""
    return await app.call(route[0], wish.path, wish.document, token=wish.token, headers=KEY)


async def sent_often(app: RealApp, route: Route, wish: Wish) -> list[Answered]:
    """Send a wish several times at the same moment, and once more."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(sent(app, route, wish)) for _ in range(AT_ONCE)]
    return [*(task.result() for task in tasks), await sent(app, route, wish)]


async def all_sent(app: RealApp, route: Route, wishes: Iterable[Wish]) -> list[Answered]:
    """Send one wish after the other."""
    return [await sent(app, route, wish) for wish in wishes]


async def records(app: RealApp) -> int:
    """Count what was done, by everybody."""
    return len(await recorded(app.urls.superuser_url))


async def organizations(app: RealApp) -> int:
    """Count the organizations that are there."""
    async with session(app.urls.superuser_url) as superuser:
        return int(await superuser.fetchval("select count(*) from organizations"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hold how often a wish was answered anew, how often from memory, and how often it acted."""

    answered: int
    replayed: int
    acted: float
    refused: int = 0


async def acting(
    app: RealApp, route: Route, who: Acting, send: Callable[[], Awaitable[list[Answered]]]
) -> tuple[Found, list[Answered]]:
    """Send, and count what it did by what one plain request of that route does."""
    plain = await WISHES[route](app, who)
    start = await records(app)
    answer = await app.call(route[0], plain.path, plain.document, token=plain.token)
    assert answer.status < 300, answer.body
    before = await records(app)
    answers = await send()
    done = [answer for answer in answers if answer.status < 300]
    found = Found(
        answered=sum(REPLAYED not in answer.headers for answer in done),
        replayed=sum(REPLAYED in answer.headers for answer in done),
        acted=(await records(app) - before) / (before - start),
        refused=len(answers) - len(done),
    )
    return found, answers


def test_every_mutating_route_is_walked_or_has_a_reason_not_to_be(app: RealApp) -> None:
    """A new route needs a wish here, or tests of its own."""
    assert {*WISHES, *ELSEWHERE} == set(mutating_routes(app.app))


async def test_duplicates_at_once_act_once_and_are_answered_alike(app: RealApp) -> None:
    """Whatever the route; the key was used on every other route before, which does not matter."""
    who = await app.found()
    found, unlike = dict[Route, Found](), list[Route]()
    for route, make in WISHES.items():
        if route == FOUNDING:
            continue
        wish = await make(app, who)
        found[route], answers = await acting(app, route, who, partial(sent_often, app, route, wish))
        if len({frozenset(shown(answer)) for answer in answers}) > 1:
            unlike.append(route)

    once = Found(answered=1, replayed=AT_ONCE, acted=1)
    assert {route: item for route, item in found.items() if item != once} == {}
    assert unlike == []


async def test_an_organization_is_made_once_however_often_it_is_asked_for(app: RealApp) -> None:
    """Repetitions are told of it; while its first token is unused, each of them replaces that."""
    who = await app.found()
    wish = await WISHES[FOUNDING](app, who)
    before = await organizations(app)

    answers = await sent_often(app, FOUNDING, wish)

    assert await organizations(app) == before + 1
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["organization"]["id"] for answer in answers}) == 1
    assert sum(REPLAYED in answer.headers for answer in answers) == AT_ONCE


def shown(answer: Answered) -> Iterator[str]:
    """Yield what an answer says, but for texts that are shown once and times of day."""
    for name, value in answer.json.items():
        is_link = name == "url" and (value is None or "?ticket=" in value)
        if not is_link and name not in {"text", "token", "invitation", "secret"}:
            yield f"{name}={value}"


async def test_a_key_is_refused_for_anything_but_its_own_request(app: RealApp) -> None:
    """Another query, another body or another subject: 409, and nothing is done."""
    who = await app.found()
    found = dict[Route, list[str]]()
    for route, make in WISHES.items():
        wish = await make(app, who)
        assert (await sent(app, route, wish)).status < 300
        others = [replace(wish, path=f"{wish.path}?other=1")]
        other = await make(app, who)
        if other.token == wish.token and (other.path, other.document) != (wish.path, wish.document):
            others += [other, replace(wish, document=other.document)]
        others = [item for item in others if item != wish]
        before = await records(app)
        codes = [(await sent(app, route, item)).json.get("code", "done") for item in others]
        found[route] = [*codes, *["acted"] * (await records(app) - before)]

    reused = {"idempotency_key_reused"}
    assert {route: codes for route, codes in found.items() if set(codes) != reused} == {}


async def test_a_colleague_and_a_stranger_find_nothing_under_the_same_key(app: RealApp) -> None:
    """Neither gets an answer that was meant for somebody else: both act for themselves."""
    who = await app.found()
    others = [await app.colleague(who), await app.found()]
    found = dict[Route, Found]()
    for route, make in WISHES.items():
        if route == FOUNDING:
            continue  # the operator has no colleague
        await sent(app, route, await make(app, who))
        wishes = [await make(app, other) for other in others]
        found[route], _ = await acting(app, route, who, partial(all_sent, app, route, wishes))

    each = Found(answered=2, replayed=0, acted=2)
    assert {route: item for route, item in found.items() if item != each} == {}


async def test_a_colleague_who_repeats_a_request_letter_by_letter_acts_again(
    app: RealApp,
) -> None:
    """The same route, path, body and key of another member: an execution of their own."""
    who = await app.found()
    colleague = await app.colleague(who)
    route = ("POST", "/v1/projects/{project_id}/plans:execute")
    wish = await WISHES[route](app, who)

    own, theirs = [
        (await sent(app, route, replace(wish, token=acting.token))).json
        for acting in (who, colleague)
    ]

    assert own["id"] != theirs["id"]
    assert (own["principal"], theirs["principal"]) == (who.member, colleague.member)
    assert theirs["after"]["version"] == own["after"]["version"] + 1
