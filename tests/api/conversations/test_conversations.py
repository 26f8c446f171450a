"""Prove who begins, lists and deletes conversations, and who is told what of them."""

from __future__ import annotations

import asyncio

from tests.api.conversations.test_turns import ONE_MORE
from tests.database import session
from tests.talking import Talk, a_talk, held_up


async def test_conversations_are_listed_for_their_owner(talk: Talk) -> None:
    """The newest first, with how much was said."""
    await talk.turn(ONE_MORE)
    second = await a_talk(talk.app, talk.who, project=talk.project)

    path = f"{talk.project}/conversations"
    found = (await talk.app.call("GET", path, token=talk.who.token)).json["items"]

    assert [(item["id"], item["title"], item["turns"]) for item in found] == [
        (second.conversation, "Counting", 0),
        (talk.conversation, "Counting", 1),
    ]


async def test_conversations_that_are_begun_at_once_are_counted(talk: Talk) -> None:
    """The last free place is given to one of them."""
    async with session(talk.app.urls.superuser_url) as superuser:
        await superuser.execute(
            "insert into conversations (organization_id, id, project_id, owner_id, title, "
            "created_at, turns) select organization_id, 'cnv_' || n, project_id, owner_id, '', "
            "now(), 0 from conversations, generate_series(1, 998) n"
        )

    async with held_up(talk.app, "conversations") as waiting:
        calls = [
            asyncio.create_task(
                talk.app.call("POST", f"{talk.project}/conversations", {}, token=talk.who.token)
            )
            for _ in range(4)
        ]
        await waiting(2)
    answers = await asyncio.gather(*calls)

    assert sorted(answer.status for answer in answers) == [201] + [409] * 3


async def test_admins_see_that_there_are_conversations_and_no_text(talk: Talk) -> None:
    """The title of somebody else is a text as well."""
    other = await talk.app.colleague(talk.who)
    path = f"{talk.project}/conversations"

    own = await talk.app.call("GET", path, token=other.token)
    everyones = await talk.app.call("GET", f"{path}?everyones=true", token=other.token)

    assert own.json["items"] == []
    assert [(item["owner"], item["title"]) for item in everyones.json["items"]] == [
        (talk.who.member, "")
    ]


async def test_members_ask_for_everyones_in_vain(talk: Talk) -> None:
    """It takes who administers the project."""
    other = await talk.app.colleague(talk.who, role="member")
    granted = await talk.app.call(
        "PUT",
        f"{talk.project}/members/{other.member}",
        {"role": "operator"},
        token=talk.who.token,
    )
    assert granted.status == 200

    path = f"{talk.project}/conversations?everyones=true"
    answer = await talk.app.call("GET", path, token=other.token)

    assert (answer.status, answer.code) == (403, "not_allowed")


async def test_a_deleted_conversation_leaves_no_text(talk: Talk) -> None:
    """Neither of its turns nor of its title, not even in the answers of keys."""
    path = f"{talk.project}/conversations"
    key = {"Idempotency-Key": "k"}
    made = await talk.app.call(
        "POST", path, {"title": "Secret plans"}, token=talk.who.token, headers=key
    )
    await talk.turn(ONE_MORE)

    for conversation in (made.json["id"], talk.conversation):
        gone = await talk.app.call("DELETE", f"{path}/{conversation}", token=talk.who.token)
        assert gone.status == 200

    async with session(talk.app.urls.superuser_url) as superuser:
        kept = await superuser.fetch("select answer from idempotency_keys")
        assert await superuser.fetchval("select count(*) from turns") == 0
    assert "Secret" not in str(kept)


async def test_a_conversation_that_is_deleted_meanwhile_gets_no_answer(talk: Talk) -> None:
    """The model's answer is given to who waits for it, and written nowhere."""
    admin = await talk.app.colleague(talk.who)
    path = f"{talk.project}/conversations/{talk.conversation}"

    assert (await talk.app.call("DELETE", path, token=admin.token)).status == 200

    assert (await talk.said(ONE_MORE)).status == 404


async def test_who_leaves_takes_what_they_said_along(talk: Talk) -> None:
    """Conversations and facts go with the role in the project, and with the membership."""
    other = await talk.app.colleague(talk.who, role="member")
    membership = f"{talk.project}/members/{other.member}"
    assert (
        await talk.app.call("PUT", membership, {"role": "operator"}, token=talk.who.token)
    ).status == 200
    theirs = await a_talk(talk.app, other, project=talk.project)
    await theirs.turn(ONE_MORE)
    fact = f"{talk.project}/facts/usual_step"
    assert (await talk.app.call("PUT", fact, {"value": 2}, token=other.token)).status == 200

    assert (await talk.app.call("DELETE", membership, token=talk.who.token)).status == 200

    async with session(talk.app.urls.superuser_url) as superuser:
        assert await superuser.fetchval("select count(*) from facts") == 0
        owners = await superuser.fetch("select owner_id from conversations")
    assert [row["owner_id"] for row in owners] == [talk.who.member]
