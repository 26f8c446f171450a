"""Prove that a spent budget refuses messages before they are turns, and says until when."""

from __future__ import annotations

import pytest

from runtime.kit.json_value import JsonObject
from tests.api.conversations.test_turns import ONE_MORE, STREAM
from tests.servers.openai_stub import OpenAiStub
from tests.talking import Talk

A_DAY_S = 86_400


async def limited(talk: Talk, where: str, limits: JsonObject) -> None:
    """Replace what the organization, or the project, may use of models."""
    place = (
        f"/v1/organizations/{talk.who.organization}" if where == "organization" else talk.project
    )
    answer = await talk.app.call("PUT", f"{place}/models", limits, token=talk.who.token)
    assert answer.status == 200, answer.body


BUDGETS = [
    pytest.param("organization", {"daily_tokens": 1}, id="organization"),
    pytest.param("organization", {"member_daily_tokens": 1}, id="member"),
    pytest.param("organization", {"model_daily_tokens": 1}, id="the only model"),
    pytest.param("project", {"daily_tokens": 1}, id="project"),
]


@pytest.mark.parametrize(("where", "limits"), BUDGETS)
async def test_where_nothing_is_left_no_turn_is_made(
    talk: Talk, stub: OpenAiStub, where: str, limits: JsonObject
) -> None:
    """The request is refused, with the seconds until the budget renews."""
    key = {"Idempotency-Key": "said in time"}
    in_time = await talk.said(ONE_MORE, headers=key)
    await limited(talk, where, limits)

    answer = await talk.said(ONE_MORE)
    streamed = await talk.said(ONE_MORE, headers=STREAM)
    again = await talk.said(ONE_MORE, headers=key)

    assert (answer.status, answer.code) == (429, "model_budget_spent")
    assert 0 < int(answer.header("retry-after") or 0) <= A_DAY_S
    assert "is used up" in answer.json["detail"]
    assert (streamed.status, streamed.code) == (429, "model_budget_spent")
    assert (again.status, again.json["id"]) == (201, in_time.json["id"])
    assert stub.served["as-told"] == 1
    turns = await talk.call("GET")
    assert [turn["id"] for turn in turns.json["items"]] == [in_time.json["id"]]


async def test_where_too_little_is_left_the_turn_has_failed(talk: Talk, stub: OpenAiStub) -> None:
    """How much an answer may take is known only once its prompt is; the problem says which."""
    await talk.turn(ONE_MORE)
    await limited(talk, "organization", {"daily_tokens": 500})

    turn = await talk.turn(ONE_MORE)

    assert turn["status"] == "failed"
    assert [problem["fault"] for problem in turn["problems"]] == ["model_budget_spent"]
    assert stub.served["as-told"] == 1


async def test_without_a_limit_nothing_is_refused(talk: Talk) -> None:
    """Though everything is counted."""
    await talk.turn(ONE_MORE)

    assert (await talk.turn(ONE_MORE))["status"] == "proposed"
