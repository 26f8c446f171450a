"""Let models answer badly: for ever, with far too much, with what is no text (attack X10)."""

from __future__ import annotations

import pytest

from tests.api.conversations.test_turns import ONE_MORE, counter
from tests.database import session
from tests.talking import Talk, behaving


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("huge-body", id="nine megabytes"),
        pytest.param("huge-stream", id="nine megabytes of nothing"),
        pytest.param("huge-arguments", id="arguments of a megabyte"),
        pytest.param("not-utf8", id="what is no text"),
        pytest.param("thousand-calls", id="a thousand calls"),
        pytest.param("too-many-calls", id="more calls than a thousand"),
        pytest.param("broken-json", id="half an answer"),
        pytest.param("drop-mid-body", id="an answer that breaks off"),
        pytest.param("cut-off", id="an answer that was cut off"),
        pytest.param("refusal", id="a refusal of the provider's"),
        pytest.param("no-choices", id="nothing to choose from"),
    ],
)
async def test_a_bad_answer_is_a_turn_that_failed(talk: Talk, name: str) -> None:
    """With a reason; nothing is executed, and the conversation goes on."""
    turn = await talk.turn(behaving(name))

    after = await talk.turn(ONE_MORE)

    assert (turn["status"], turn["proposal"]) == ("failed", None)
    assert turn["problems"]
    assert (after["status"], await counter(talk)) == ("proposed", 0)


@pytest.mark.parametrize("name", ["endless", "hang"])
async def test_a_model_that_never_ends_is_given_up(talk: Talk, name: str) -> None:
    """Within the time that the project says; a turn may take twice as long in all."""
    path = f"{talk.project}/models"
    found = await talk.app.call("GET", path, token=talk.who.token)
    told = await talk.app.call(
        "PUT",
        path,
        {"timeout_s": 1},
        token=talk.who.token,
        headers={"If-Match": found.header("etag") or ""},
    )
    assert told.status == 200, told.body

    turn = await talk.turn(behaving(name))

    assert (turn["status"], turn["problems"][0]["fault"]) == ("failed", "model_too_slow")
    assert (await talk.turn(ONE_MORE))["status"] == "proposed"


async def test_a_failure_is_recorded_without_texts(talk: Talk) -> None:
    """That there was a turn and why it failed; not what anybody wrote."""
    await talk.turn(behaving("huge-body"))

    async with session(talk.app.urls.superuser_url) as superuser:
        rows = await superuser.fetch(
            "select kind, document from audit_records where kind like 'turn.%' order by id"
        )
        events = await superuser.fetchval("select count(*) from events where type like 'turn.%'")
    assert [row["kind"] for row in rows] == ["turn.asked", "turn.failed"]
    assert "behave" not in str(rows)
    assert events == 0
