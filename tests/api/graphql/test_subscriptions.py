"""A subscription is a stream of what happens, opened and kept by the rights of each moment."""

from __future__ import annotations

import asyncio

import orjson

from runtime.kit.json_value import JsonObject
from runtime.services.live.events import MOST_OF_CREDENTIAL
from tests.abuse.execution.real_app import moved
from tests.api.app_builder import Answered
from tests.graphql_site import GraphqlSite, opened

NOBODY = "plg_nobody"
_FOLLOW = """
subscription($project: ID!, $types: [String!], $after: String) {
  projectEvents(project: $project, types: $types, after: $after) { type data cursor project }
}
"""


def parts_of(answered: Answered) -> list[tuple[str, JsonObject]]:
    """Return the events of a stream with their documents; comments are left out."""
    found = []
    for part in answered.body.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in part.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines["event"], orjson.loads(lines["data"]) if "data" in lines else {}))
    return found


async def test_what_happens_is_told_with_the_fields_that_were_asked_for(
    site: GraphqlSite,
) -> None:
    """As the protocol of graphql-sse spells it, and no other type than wanted."""
    who = await site.real.found()
    project = await site.project(who)
    begun = asyncio.Event()
    variables: JsonObject = {"project": project, "types": ["state.changed"]}
    following = asyncio.create_task(
        opened(site.real.app, _FOLLOW, variables, token=who.token, parts=2, begun=begun)
    )
    await begun.wait()

    await site.real.made(f"/v1/projects/{project}/plans:execute", moved(4), token=who.token)
    answered = await following

    assert answered.headers["content-type"].startswith("text/event-stream")
    ((kind, document),) = parts_of(answered)
    event = document["data"]["projectEvents"]
    assert (kind, event["type"], event["project"]) == ("next", "state.changed", project)
    assert event["data"]["after"]["version"] == 2


async def test_a_stream_takes_up_behind_a_cursor(site: GraphqlSite) -> None:
    """Of a page, or of an event."""
    who = await site.real.found()
    project = await site.project(who)
    page = f'{{ project(id: "{project}") {{ events(first: 1) {{ cursor items {{ type }} }} }} }}'
    data = await site.got(page, token=who.token)
    first = data["project"]["events"]
    assert [item["type"] for item in first["items"]] == ["project.created"]

    answered = await opened(
        site.real.app,
        _FOLLOW,
        {"project": project, "after": first["cursor"]},
        token=who.token,
        parts=3,
    )

    types = [document["data"]["projectEvents"]["type"] for _, document in parts_of(answered)]
    assert types[:2] == ["plan.executed", "state.changed"]


async def test_who_loses_their_role_hears_no_more(site: GraphqlSite) -> None:
    """Within seconds the stream says why it ends, and ends."""
    who = await site.real.found()
    project = await site.project(who)
    viewer = await site.real.colleague(who, role="member")
    place = f"/v1/projects/{project}/members/{viewer.member}"
    granted = await site.real.call("PUT", place, {"role": "viewer"}, token=who.token)
    assert granted.status == 200
    begun = asyncio.Event()
    following = asyncio.create_task(
        opened(
            site.real.app, _FOLLOW, {"project": project}, token=viewer.token, parts=99, begun=begun
        )
    )
    await begun.wait()

    await site.real.call("DELETE", place, token=who.token)
    answered = await asyncio.wait_for(following, timeout=20)

    kinds = parts_of(answered)
    assert kinds[-1] == ("complete", {})
    assert kinds[-2][1]["errors"][0]["extensions"]["code"] == "not_found"


async def test_a_credential_has_a_few_streams_and_no_more(site: GraphqlSite) -> None:
    """One more is refused before it begins; one that is left makes room."""
    who = await site.real.found()
    project = await site.project(who)
    variables: JsonObject = {"project": project, "types": ["project.archived"]}
    begun = [asyncio.Event() for _ in range(MOST_OF_CREDENTIAL)]
    following = [
        asyncio.create_task(
            opened(site.real.app, _FOLLOW, variables, token=who.token, parts=99, begun=each)
        )
        for each in begun
    ]
    for each in begun:
        await each.wait()

    one_more = await opened(site.real.app, _FOLLOW, variables, token=who.token)
    for task in following:
        task.cancel()
    await asyncio.wait(following)
    again = await opened(site.real.app, _FOLLOW, variables, token=who.token)

    assert one_more.json["errors"][0]["extensions"]["code"] == "streams_busy"
    assert again.headers["content-type"].startswith("text/event-stream")


async def test_nothing_begins_for_who_has_no_right_to_it(site: GraphqlSite) -> None:
    """Neither for nobody, nor for a stranger, nor for types that nobody knows."""
    who, stranger = await site.real.found(), await site.real.found()
    project = await site.project(who)
    app = site.real.app

    nobody = await opened(app, _FOLLOW, {"project": project}, token=NOBODY)
    other = await opened(app, _FOLLOW, {"project": project}, token=stranger.token)
    unknown = await opened(app, _FOLLOW, {"project": project, "types": ["none"]}, token=who.token)
    cursor = await opened(app, _FOLLOW, {"project": project, "after": "x"}, token=who.token)

    assert (nobody.status, nobody.code) == (401, "token_refused")
    codes = [item.json["errors"][0]["extensions"]["code"] for item in (other, unknown, cursor)]
    assert codes == ["not_found", "request_invalid", "cursor_invalid"]


async def test_a_subscription_needs_a_reader_of_streams(site: GraphqlSite) -> None:
    """Else it is refused with what to send."""
    who = await site.real.found()
    project = await site.project(who)

    told = await site.ask(_FOLLOW, {"project": project}, token=who.token)

    assert told.answered.status == 422
    assert told.errors[0]["extensions"]["reason"] == "no_stream"


async def test_there_is_no_other_way_to_begin_a_stream(site: GraphqlSite) -> None:
    """A WebSocket is closed before anything is said on it (A8)."""
    said: list[str] = []

    async def receive() -> JsonObject:
        return {"type": "websocket.connect"}

    async def send(message: JsonObject) -> None:
        said.append(str(message["type"]))

    scope = {
        "type": "websocket",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "scheme": "ws",
        "query_string": b"",
        "headers": [(b"sec-websocket-protocol", b"graphql-transport-ws")],
        "subprotocols": ["graphql-transport-ws"],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }
    await site.real.app(scope, receive, send)  # type: ignore[arg-type]  # as ASGI says

    assert said == ["websocket.close"]
