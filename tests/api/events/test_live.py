"""Events of a project arrive as they happen, once each, in order, where they may be seen."""

from __future__ import annotations

import asyncio

import pytest

from runtime.kit.canonical_json import parse
from runtime.kit.cursors import decode_cursor, encode_cursor
from tests.api.events.streams import followed
from tests.api.execution.conftest import OPERATOR, Api, increment

JSON = {"accept": "application/json"}


async def _token(api: Api, *scopes: str) -> tuple[str, str]:
    made = await api.call("POST", "/v1/tokens", {"name": "reader", "scopes": list(scopes)})
    assert made.status == 201, made.body
    return made.json["id"], made.json["text"]


def _path(api: Api, query: str = "") -> str:
    return f"/v1/projects/{api.project}/events{query}"


async def test_an_execution_is_told_as_it_happens(api: Api) -> None:
    """A stream begins now, and says what was executed and that the state moved."""
    await api.execute(increment())
    async with followed(api.app, _path(api), token=api.token) as stream:
        outcome = (await api.execute(increment(2))).json
        executed, changed = await stream.events(2)

    assert stream.status == 200
    assert (executed.event, changed.event) == ("plan.executed", "state.changed")
    assert executed.data["data"]["outcome"] == changed.data["data"]["outcome"] == outcome["id"]
    assert changed.data["data"]["after"]["version"] == 2
    assert executed.data["type"] == "plan.executed"
    assert executed.data["project"] == api.project


async def test_a_reader_who_comes_back_misses_nothing(api: Api) -> None:
    """Behind the last event's id comes what happened meanwhile, then what happens."""
    async with followed(api.app, _path(api), token=api.token) as stream:
        await api.execute(increment())
        last = (await stream.events(2))[-1]
    missed = [(await api.execute(increment())).json["id"] for _ in range(3)]
    headers = {"last-event-id": last.id}
    async with followed(
        api.app, _path(api, "?types=plan.*"), token=api.token, headers=headers
    ) as stream:
        found = await stream.events(3)
        coming = (await api.execute(increment())).json["id"]
        found.append(await stream.event())

    assert [told.data["data"]["outcome"] for told in found] == [*missed, coming]


async def test_many_who_listen_hear_the_same_once(api: Api) -> None:
    """However many streams there are of a project, each gets each event once, in order."""
    async with (
        followed(api.app, _path(api, "?types=state.changed"), token=api.token) as first,
        followed(api.app, _path(api, "?types=state.*"), token=api.token) as second,
    ):
        await asyncio.sleep(0)
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(api.execute(increment()))
        heard = [await stream.events(20) for stream in (first, second)]

    versions = [[told.data["data"]["after"]["version"] for told in one] for one in heard]
    assert versions == [list(range(1, 21))] * 2


async def test_pages_tell_the_same_as_streams(api: Api) -> None:
    """Who accepts JSON alone reads what happened in pages, without a gap."""
    for _ in range(3):
        await api.execute(increment())
    found, cursor, more = [], "", True
    while more:
        page = await api.call("GET", _path(api, f"?limit=2&after={cursor}"), headers=JSON)
        assert page.status == 200, page.body
        found += [item["type"] for item in page.json["items"]]
        cursor, more = page.json["cursor"], page.json["more"]

    assert found == ["project.created", *["plan.executed", "state.changed"] * 3]


async def test_a_revoked_token_hears_no_more(api: Api) -> None:
    """A stream ends within seconds of the end of its credential, and says why."""
    token_id, text = await _token(api, "outcomes:read")
    async with followed(api.app, _path(api), token=text) as stream:
        await api.call("POST", f"/v1/tokens/{token_id}:revoke")
        told = await stream.event()
        assert await stream.part() == b""

    assert told.event == "error"
    assert told.data["code"] == "token_refused"


async def test_a_credential_sees_what_it_was_made_for(api: Api) -> None:
    """Without a scope for them, events of a kind are left out, and can't be asked for."""
    _, text = await _token(api, "outcomes:read")
    await api.execute(increment())

    page = await api.call("GET", _path(api), headers=JSON, token=text)
    refused = await api.call("GET", _path(api, "?types=project.created"), token=text)

    assert [item["type"] for item in page.json["items"]] == ["plan.executed", "state.changed"]
    assert (refused.status, refused.code) == (403, "not_allowed")


async def test_a_credential_that_shows_nothing_opens_no_stream(api: Api) -> None:
    """A scope that shows no events is told so, not left listening to silence."""
    _, text = await _token(api, "plans:execute")

    refused = await api.call("GET", _path(api), token=text)

    assert (refused.status, refused.code) == (403, "not_allowed")


async def test_strangers_find_no_project(api: Api) -> None:
    """A project of others looks like none."""
    founded = await Api(app=api.app, token=OPERATOR, project="").call(
        "POST",
        "/v1/organizations",
        {"name": "Other", "owner": {"display_name": "Bob", "email": "bob@example.com"}},
    )

    refused = await api.call("GET", _path(api), token=founded.json["token"]["text"])

    assert refused.status == 404


@pytest.mark.parametrize(
    ("cursor", "status", "code"),
    [
        pytest.param("nonsense", 422, "cursor_invalid", id="no cursor"),
        pytest.param(
            encode_cursor(["prj_of_others", 1, "", 0]), 422, "cursor_invalid", id="others"
        ),
        pytest.param(encode_cursor([1, 2]), 422, "cursor_invalid", id="of another list"),
        pytest.param("{p} 1 0", 410, "cursor_expired", id="too old"),
        pytest.param("{p} 9000000000000 4000000000", 422, "cursor_invalid", id="of the future"),
    ],
)
async def test_a_cursor_that_leads_nowhere_is_refused(
    api: Api, cursor: str, status: int, code: str
) -> None:
    """Whoever comes with a cursor that can't be gone on from is told what to do."""
    if cursor.startswith("{p}"):
        _, position, at_s = cursor.split()
        cursor = encode_cursor([api.project, int(position), "", int(at_s)])

    refused = await api.call("GET", _path(api, f"?after={cursor}"))

    assert (refused.status, refused.code) == (status, code)


async def test_an_unknown_type_is_refused(api: Api) -> None:
    """A filter that could never let anything through is a mistake."""
    refused = await api.call("GET", _path(api, "?types=plan.dreamt"))

    assert (refused.status, refused.code) == (422, "request_invalid")


async def test_a_token_has_ten_streams(api: Api) -> None:
    """The eleventh is refused, and a stream that was closed makes room."""
    async with asyncio.TaskGroup() as group:
        closing = asyncio.Event()
        opened = [asyncio.Event() for _ in range(10)]

        async def follow(event: asyncio.Event) -> None:
            async with followed(api.app, _path(api), token=api.token):
                event.set()
                await closing.wait()

        for event in opened:
            group.create_task(follow(event))
        for event in opened:
            await event.wait()
        refused = await api.call("GET", _path(api))
        closing.set()
    async with followed(api.app, _path(api), token=api.token) as stream:
        assert stream.status == 200

    assert (refused.status, refused.code) == (429, "streams_busy")
    assert refused.header("retry-after") == "30"


async def test_the_end_of_the_server_ends_streams(api: Api) -> None:
    """Readers are told to come back, so that no server waits for them."""
    async with followed(api.app, _path(api), token=api.token) as stream:
        api.app.state.services.live_events.end()
        told = await stream.event()
        assert await stream.part() == b""
    refused = await api.call("GET", _path(api))

    assert told.data["code"] == "closing"
    assert refused.status == 429


async def test_the_page_spells_cursors_that_streams_take(api: Api) -> None:
    """A page's cursor names the project, so that no other project takes it."""
    page = await api.call("GET", _path(api), headers=JSON)

    assert decode_cursor(page.json["cursor"])[0] == api.project
    assert parse(page.body) == page.json
