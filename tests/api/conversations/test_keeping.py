"""Prove what is kept of texts, for how long, and that it is erased when its time has come."""

from __future__ import annotations

import pytest

from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.services.conversations.erasing import Erasing, ErasingPace
from runtime.store.session import Database
from tests.api.conversations.test_turns import ONE_MORE
from tests.database import session
from tests.talking import Talk, a_talk, calls

SECRET = "sk-" + "a" * 24


async def keep(talk: Talk, keeps: str, *, days: int = 30) -> None:
    """Say what is kept of the texts of a project, and for how long."""
    path = f"{talk.project}/models"
    found = await talk.app.call("GET", path, token=talk.who.token)
    wish = {"keeps": keeps, "retention_days": days}
    answer = await talk.app.call(
        "PUT", path, wish, token=talk.who.token, headers={"If-Match": found.header("etag") or "*"}
    )
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("keeps", "kept"),
    [
        pytest.param("everything", SECRET, id="as it was said"),
        pytest.param("redacted", "[redacted]", id="without secrets"),
        pytest.param("nothing", None, id="not at all"),
    ],
)
async def test_what_is_kept_is_what_the_project_says(
    talk: Talk, keeps: str, kept: str | None
) -> None:
    """The answer has all of it; storage has no more than was allowed."""
    await keep(talk, keeps)

    turn = await talk.turn(f"my key is {SECRET}")
    found = await talk.read(turn)

    assert SECRET in turn["message"]
    if kept is None:
        assert found["message"] is None
    else:
        assert kept in found["message"]
    async with session(talk.app.urls.superuser_url) as superuser:
        rows = str(await superuser.fetch("select * from turns"))
        rows += str(await superuser.fetch("select * from audit_records, events"))
    assert (SECRET in rows) is (keeps == "everything")


async def test_a_text_that_grows_by_what_is_taken_out_is_cut(talk: Talk) -> None:
    """It is never longer than what was said may be."""
    await keep(talk, "redacted")

    turn = await talk.turn("a@b.c " * 3_333)
    await talk.done(await talk.turn(ONE_MORE), "reject", reason="a@b.c " * 166)

    message = (await talk.read(turn))["message"]
    assert message == ("[personal] " * 3_333)[:20_000]


async def test_a_plan_waits_for_consent_whatever_is_kept(talk: Talk) -> None:
    """Where no text is kept, what was proposed can be executed all the same."""
    await keep(talk, "nothing")
    turn = await talk.turn(ONE_MORE)

    outcome = await talk.done(turn, "execute")
    exported = await talk.call("POST", f"/{turn['id']}:export")

    assert outcome["status"] == "done"
    assert (exported.status, exported.code) == (409, "wrong_time")


async def test_texts_are_erased_when_their_time_has_come(talk: Talk) -> None:
    """All of them, a few at a time; what became of the turn stays."""
    turns = [await talk.turn(calls(("counter_increment", {"by": 1}))) for _ in range(3)]
    await talk.done(turns[0], "execute")
    await talk.done(turns[1], "reject", reason="not now")
    database = await Database.opened(talk.app.urls.app_url)
    erasing = Erasing(database, Ids(SystemClock()), pace=ErasingPace(most=2, rest_s=0.0))
    early = await erasing.look()
    async with session(talk.app.urls.superuser_url) as superuser:
        await superuser.execute("update turns set erase_at = now() where number < 3")

    erased = await erasing.look()

    await database.close()
    first, second, third = [await talk.read(turn) for turn in turns]
    assert (early, erased) == (0, 2)
    assert (first["message"], first["proposal"], first["status"]) == (None, None, "executed")
    assert second["feedback"] == {"status": "rejected"}
    assert third["message"] == ONE_MORE


@pytest.mark.parametrize(
    ("keeps", "title"),
    [
        pytest.param("everything", "ask ann@example.org", id="as it was given"),
        pytest.param("redacted", "ask [personal]", id="without persons"),
        pytest.param("nothing", "", id="not at all"),
    ],
)
async def test_a_title_is_kept_as_texts_are(talk: Talk, keeps: str, title: str) -> None:
    """It may say as much as a message."""
    await keep(talk, keeps)
    path, wish = f"{talk.project}/conversations", {"title": "ask ann@example.org"}

    made = await talk.app.made(path, wish, token=talk.who.token)

    found = await talk.app.call("GET", f"{path}/{made['id']}", token=talk.who.token)
    assert (made["title"], found.json["title"]) == (title, title)


async def test_a_title_goes_with_the_last_texts(talk: Talk) -> None:
    """Not before, and no other conversation's."""
    other = await a_talk(talk.app, talk.who, project=talk.project)
    for told in (talk, talk, other):
        await told.turn(ONE_MORE)
    database = await Database.opened(talk.app.urls.app_url)
    erasing = Erasing(database, Ids(SystemClock()))
    titles = []

    for number in (1, 2):
        async with session(talk.app.urls.superuser_url) as superuser:
            await superuser.execute(
                "update turns set erase_at = now() where number = $1 and conversation_id = $2",
                number,
                talk.conversation,
            )
            await erasing.look()
            found = await superuser.fetch("select title from conversations order by id")
        titles.append([row["title"] for row in found])

    await database.close()
    assert titles == [["Counting", "Counting"], ["", "Counting"]]


async def test_facts_that_hold_no_more_are_deleted(talk: Talk) -> None:
    """The sweep takes them as well."""
    path = f"{talk.project}/facts/a"
    await talk.app.call("PUT", path, {"value": 1, "ttl_s": 60}, token=talk.who.token)
    async with session(talk.app.urls.superuser_url) as superuser:
        await superuser.execute("update facts set expires_at = now()")
    database = await Database.opened(talk.app.urls.app_url)

    erased = await Erasing(database, Ids(SystemClock())).look()

    await database.close()
    assert erased == 1
