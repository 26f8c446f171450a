"""Whatever a mutating route does, or refuses by rights, is on record under a kind that is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from runtime.domain.audit_catalogue import RECORD_KINDS
from runtime.kit.json_value import JsonObject
from tests.abuse.audit.recorded_app import ASKING, left_by
from tests.abuse.execution.real_app import OPERATOR, Acting, RealApp
from tests.abuse.execution.wish import Make, Route, Wish
from tests.abuse.execution.wishes import ELSEWHERE, WISHES

UNRECORDED: Final = {
    ("POST", "/v1/environments/{environment}/proposals:evaluate"): (
        "nobody asks: it takes no credential of an organization, and changes nothing"
    ),
}
TRIED_ELSEWHERE: Final = {
    (
        "POST",
        "/v1/projects/{project_id}/conversations/{conversation_id}/turns/{turn_id}:simulate",
    ): "tests/api/conversations: plan.simulated, as of any plan",
    (
        "POST",
        "/v1/projects/{project_id}/conversations/{conversation_id}/turns/{turn_id}:export",
    ): "tests/api/conversations: turn.exported",
    ("POST", "/graphql"): "tests/abuse/graphql: the same use cases as REST's",
    ("POST", "/v1/hooks/{address}"): "tests/abuse/hooks: an execution, by the hook's service",
    ("POST", "/v1/invitations:accept"): "tests/api/tenancy: invitation.accepted",
    ("POST", "/v1/sessions:logout"): "tests/api/identity: session.closed",
    ("POST", "/v1/secrets/rotations"): "tests/integration/secrets: secret.rotated",
}
ARCHIVING: Final = ("POST", "/v1/organizations/{organization_id}:archive")
RESTORING: Final = ("POST", "/v1/organizations/{organization_id}:restore")
AT_ONCE: Final = 15
"""Routes that one organization's owner is refused: more are not recorded one by one."""


def walked() -> Iterator[tuple[Route, Make]]:
    """Yield every route that is walked, and how to make a request of it."""
    yield from WISHES.items()
    yield from ASKING.items()


def test_no_route_is_left_out_without_a_reason() -> None:
    """Every route that others leave to tests of their own is walked here, or explained."""
    assert {*ASKING, *UNRECORDED, *TRIED_ELSEWHERE} == set(ELSEWHERE)


async def test_what_a_route_does_is_on_record(app: RealApp) -> None:
    """One record at least, each of a kind of the catalogue, each by somebody who is known."""
    who, wrong = await app.found(), dict[Route, list[str]]()
    for route, make in walked():
        answer, left = await left_by(app, route, await make(app, who))
        kinds = [item.kind for item in left]
        if answer.status >= 300 or not kinds or not set(kinds) <= set(RECORD_KINDS):
            wrong[route] = [str(answer.status), *kinds]

    assert wrong == {}


async def test_what_a_route_refuses_by_rights_is_on_record(app: RealApp) -> None:
    """Whoever brings a credential that was made for something else; nothing else is recorded."""
    wrong = dict[Route, list[str]]()
    waiting = walked()
    while routes := tuple(islice(waiting, AT_ONCE)):
        who = await app.found()
        for route, make in routes:
            wish = await weakened(app, who, make)
            answer, left = await left_by(app, route, wish)
            kinds = [item.kind for item in left]
            if (answer.status, kinds) != (403, ["access.refused"]):
                wrong[route] = [str(answer.status), answer.code, *kinds]

    assert wrong == {}


async def weakened(app: RealApp, who: Acting, make: Make) -> Wish:
    """Return a request under a token of the same member that was made for reading outcomes."""
    if make is WISHES[RESTORING]:  # in an archived organization no token is made any more
        archive = await WISHES[ARCHIVING](app, who)
        few = await a_token(app, archive.token)
        await app.made(archive.path, None, token=archive.token)
        return Wish(path=archive.path.replace(":archive", ":restore"), token=few)
    wish = await make(app, who)
    few = await a_token(app, who.token if wish.token == OPERATOR else wish.token)
    return replace(wish, token=few)


async def a_token(app: RealApp, holder: str) -> str:
    """Make a token for reading outcomes."""
    wish: JsonObject = {"name": "few", "scopes": ["outcomes:read"]}
    return str((await app.made("/v1/tokens", wish, token=holder))["text"])
