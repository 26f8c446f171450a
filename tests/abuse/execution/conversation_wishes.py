"""Hold one valid request for every mutating route of conversations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting, RealApp
from tests.abuse.execution.wish import Make, Route, Wish
from tests.database import session
from tests.talking import Talk, a_talk

_ROUTE: Final = "/v1/projects/{project_id}/conversations"
_TURNS: Final = f"{_ROUTE}/{{conversation_id}}/turns"
_FACT: Final = "/v1/projects/{project_id}/facts/{key}"
_PROPOSED: Final = (
    '{"kind": "plan", "plan": {"steps": [{"action": "counter.increment@1", "inputs": {"by": 1}}]}}'
)


async def _talk(app: RealApp, who: Acting) -> Talk:
    return await a_talk(app, who, project=f"/v1/projects/{(await app.project(who))['id']}")


async def _conversation(app: RealApp, who: Acting) -> Wish:
    project = (await app.project(who))["id"]
    path = f"/v1/projects/{project}/conversations"
    return Wish(path=path, document={"title": "wished"}, token=who.token)


async def _deletion(app: RealApp, who: Acting) -> Wish:
    talk = await _talk(app, who)
    path = f"{talk.project}/conversations/{talk.conversation}"
    return Wish(path=path, token=who.token)


async def _message(app: RealApp, who: Acting) -> Wish:
    talk = await _talk(app, who)
    return Wish(path=talk.path, document={"message": "count one more"}, token=who.token)


def _of_turn(verb: str, document: JsonObject | None) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        talk = await _talk(app, who)
        turn = await talk.turn("count one more")
        async with session(app.urls.superuser_url) as superuser:
            await superuser.execute(
                "update turns set status = 'proposed', proposal = $1 where id = $2",
                _PROPOSED,
                turn["id"],
            )
        return Wish(path=f"{talk.path}/{turn['id']}:{verb}", document=document, token=who.token)

    return made


async def _fact(app: RealApp, who: Acting) -> Wish:
    project = (await app.project(who))["id"]
    return Wish(
        path=f"/v1/projects/{project}/facts/usual_step", document={"value": 2}, token=who.token
    )


async def _fact_deletion(app: RealApp, who: Acting) -> Wish:
    fact = await _fact(app, who)
    told = await app.call("PUT", fact.path, fact.document, token=who.token)
    assert told.status == 200, told.body
    return Wish(path=fact.path, token=who.token)


OF_CONVERSATIONS: Final[Mapping[Route, Make]] = MappingProxyType(
    {
        ("POST", _ROUTE): _conversation,
        ("DELETE", f"{_ROUTE}/{{conversation_id}}"): _deletion,
        ("POST", _TURNS): _message,
        ("POST", f"{_TURNS}/{{turn_id}}:execute"): _of_turn("execute", {}),
        ("POST", f"{_TURNS}/{{turn_id}}:edit"): _of_turn(
            "edit",
            {"plan": {"steps": [{"action": "counter.increment@1", "inputs": {"by": 2}}]}},
        ),
        ("POST", f"{_TURNS}/{{turn_id}}:reject"): _of_turn("reject", {"reason": "wished"}),
        ("PUT", _FACT): _fact,
        ("DELETE", _FACT): _fact_deletion,
    }
)
