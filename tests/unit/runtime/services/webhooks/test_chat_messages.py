"""Tests of messages for people in chats."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from runtime.domain.webhook import EventToSend
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.webhooks.chat_messages import slack_message, teams_message
from runtime.services.webhooks.wording import WORDS

TIME = "2026-01-31T12:30:00Z"
REACHED: JsonObject = {
    "limit": 100,
    "measure": "units_a_day",
    "percent": 90,
    "period": "2026-01-31",
    "project": "prj_1",
    "scope": "project",
    "subject": "prj_1",
    "used": 91,
}
HOSTILE = (
    "<!channel>",
    "<!here|x>",
    "<!everyone>",
    "<@U024BE7LH>",
    "<#C024BE7LR>",
    "<https://evil.example|click>",
    "&lt;!channel&gt;",
    "@here @channel",
    "```code",
    "a\nb\rc\u2028d",
    "\u202eevil",
    "{principal}{outcome}",
)


def an_event(event_type: str) -> EventToSend:
    """Return an event; what it says comes beside it."""
    return EventToSend(
        id="evt_1",
        type=event_type,
        organization_id="org_1",
        project_id="prj_1",
        document="{}",
        created_at=datetime(2026, 1, 31, tzinfo=UTC),
    )


def texts(message: JsonValue) -> list[str]:
    """Return all texts that a message shows."""
    if isinstance(message, dict):
        own = [value for key, value in message.items() if key == "text" and isinstance(value, str)]
        return own + [text for value in message.values() for text in texts(value)]
    if isinstance(message, list):
        return [text for item in message for text in texts(item)]
    return []


def test_a_reached_threshold_is_said_in_slack() -> None:
    """A person reads which share of which limit is used, without opening anything."""
    message = slack_message(an_event("limit.reached"), REACHED, time=TIME)

    assert message["text"] == (
        "90 % of a limit is used: 91 of 100 units_a_day by project prj_1 on 2026-01-31."
    )
    assert isinstance(message["blocks"], list)
    assert message["blocks"][0] == {
        "type": "section",
        "text": {
            "type": "mrkdwn",
            "text": f"*Budget threshold reached*\n{message['text']}",
            "verbatim": True,
        },
    }
    assert "event: limit.reached evt_1" in texts(message["blocks"][1])[0]


def test_a_reached_threshold_is_said_in_teams() -> None:
    """The card says the same, in runs of text that are never read as Markdown."""
    message = teams_message(an_event("limit.reached"), REACHED, time=TIME)

    assert message["type"] == "message"
    said = texts(message)
    assert said[:2] == [
        "Budget threshold reached",
        "90 % of a limit is used: 91 of 100 units_a_day by project prj_1 on 2026-01-31.",
    ]
    assert b'"TextBlock"' not in orjson.dumps(message)
    assert b'"FactSet"' not in orjson.dumps(message)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("event_type", ["approval.denied", "unknown.type"])
def test_what_tenants_wrote_marks_nothing_up_in_slack(event_type: str, hostile: str) -> None:
    """No mention, no link, no block of code and no field of ours comes out of a value."""
    message = slack_message(
        an_event(event_type), {"approval": "apr_1", "reason": hostile, hostile: "x"}, time=TIME
    )

    for text in texts(message):
        assert not set("<>`\u202e\u2028\r") & set(text)
        assert "@here" not in text
        assert text.count("\n") <= 1, "only the one after the title"
        for part in text.split("&")[1:]:
            assert part.startswith(("amp;", "lt;", "gt;")), text
    assert message["link_names"] is False


@pytest.mark.parametrize("filler", ["x", "&", "<", "@", "é"])
def test_messages_are_bounded_and_cut_no_escape_in_two(filler: str) -> None:
    """However much an event says, Slack and Teams take the message."""
    data: JsonObject = {
        **{f"key{n}{filler * 400}": filler * 5_000 for n in range(60)},
        "approval": "apr_1",
        "reason": filler * 5_000,
    }
    for event_type in ("approval.denied", "unknown.type"):
        slack = slack_message(an_event(event_type), data, time=TIME)
        for text in texts(slack):
            assert len(text) <= 3_000
            for part in text.split("&")[1:]:
                assert part.startswith(("amp;", "lt;", "gt;"))
        assert len(orjson.dumps(teams_message(an_event(event_type), data, time=TIME))) < 28_000


@pytest.mark.parametrize("event_type", [*WORDS, "unknown.type"])
def test_each_type_can_be_said_of_an_event_that_says_nothing(event_type: str) -> None:
    """Thin events and types without words of their own are messages as well."""
    for message in (
        slack_message(an_event(event_type), {}, time=TIME),
        teams_message(an_event(event_type), {}, time=TIME),
    ):
        assert all(text and "{" not in text for text in texts(message))
