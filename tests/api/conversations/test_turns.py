"""Prove that turns are proposed, decided about and executed as the API says, over the real app."""

from __future__ import annotations

import asyncio

import pytest

from runtime.kit.json_value import JsonObject
from tests.database import session
from tests.servers.openai_stub import OpenAiStub
from tests.talking import Talk, behaving, calls, streamed

ONE_MORE = calls(("counter_increment", {"by": 1}))
STREAM = {"Accept": "text/event-stream"}


def a_step(by: int) -> JsonObject:
    """Build a step that moves the counter."""
    return {"action": "counter.increment@1", "inputs": {"by": by}}


async def counter(talk: Talk) -> int:
    """Return where the counter stands."""
    state = await talk.app.call("GET", f"{talk.project}/state", token=talk.who.token)
    return int(state.json["components"]["counter"]["value"])


async def test_a_message_becomes_a_plan_that_waits_for_consent(talk: Talk) -> None:
    """Nothing is executed by saying something."""
    turn = await talk.turn(ONE_MORE)

    assert turn["status"] == "proposed"
    assert turn["proposal"]["plan"]["steps"] == [a_step(1)]
    assert (turn["number"], turn["state_version"], turn["outcome"]) == (1, 0, None)
    assert turn["usage"] == {"prompt": 100, "completion": 20, "cached": 64}
    assert await talk.read(turn) == turn
    assert await counter(talk) == 0


async def test_where_the_plugin_is_turned_off_no_model_is_asked(
    talk: Talk, stub: OpenAiStub
) -> None:
    """Its actions are not shown to a model either; a repeated request has its first answer."""
    key = {"Idempotency-Key": "before"}
    switch = f"/v1/organizations/{talk.who.organization}/plugins/counter"
    first = await talk.said(ONE_MORE, headers=key)
    asked = len(stub.requests)

    await talk.app.call("POST", f"{switch}:disable", token=talk.who.token)
    refused = await talk.said(ONE_MORE)
    repeated = await talk.said(ONE_MORE, headers=key)
    asked_while_off = len(stub.requests)
    turns = await talk.call("GET")
    await talk.app.call("POST", f"{switch}:enable", token=talk.who.token)
    after = await talk.said(ONE_MORE)

    assert (refused.status, refused.code) == (409, "plugin_disabled")
    assert "ask an owner" in refused.json["detail"]
    assert (repeated.status, repeated.json["id"]) == (201, first.json["id"])
    assert len(turns.json["items"]) == 1
    assert asked_while_off == asked
    assert after.status == 201


async def test_a_simulation_changes_nothing(talk: Talk) -> None:
    """It says what executing would come to."""
    turn = await talk.turn(ONE_MORE)

    outcome = await talk.done(turn, "simulate")

    assert (outcome["status"], outcome["after"]["version"]) == ("done", 1)
    assert await counter(talk) == 0
    assert (await talk.read(turn))["status"] == "proposed"


async def test_a_plan_is_executed_once(talk: Talk) -> None:
    """The turn names its outcome, and executing it again is refused."""
    turn = await talk.turn(ONE_MORE)

    outcome = await talk.done(turn, "execute")
    again = await talk.call("POST", f"/{turn['id']}:execute")

    found = await talk.read(turn)
    assert (outcome["status"], found["status"]) == ("done", "executed")
    assert found["outcome"] == outcome["id"]
    assert (again.status, again.code) == (409, "wrong_time")
    assert await counter(talk) == 1


async def test_a_repeated_execution_is_answered_as_the_first(talk: Talk) -> None:
    """With its key; whoever lost the answer may ask for it again."""
    turn = await talk.turn(ONE_MORE)
    key = {"Idempotency-Key": "once"}

    first = await talk.call("POST", f"/{turn['id']}:execute", {}, headers=key)
    second = await talk.call("POST", f"/{turn['id']}:execute", {}, headers=key)

    assert (first.status, second.status) == (200, 200)
    assert first.json == second.json
    assert second.header("idempotency-replayed") == "true"
    assert await counter(talk) == 1


async def test_executions_at_the_same_time_are_one(talk: Talk) -> None:
    """However many ask, there is one outcome."""
    turn = await talk.turn(ONE_MORE)

    answers = await asyncio.gather(  # at once is what is tested
        *(talk.call("POST", f"/{turn['id']}:execute") for _ in range(6))
    )

    assert {answer.status for answer in answers} <= {200, 409}
    assert len({answer.json["id"] for answer in answers if answer.status == 200}) == 1
    assert await counter(talk) == 1


async def test_a_refused_plan_may_be_executed_again(talk: Talk) -> None:
    """Nothing was done; the same turn with the confirmation that was missing goes through."""
    await talk.done(await talk.turn(ONE_MORE), "execute")
    turn = await talk.turn(calls(("counter_reset", {})))

    refused = await talk.done(turn, "execute")
    between = await talk.read(turn)
    confirmed = await talk.done(turn, "execute", confirm=refused["plan_digest"])

    assert (refused["status"], between["status"]) == ("refused", "refused")
    assert between["feedback"]["refusal"] == "confirmation_required"
    assert confirmed["id"] != refused["id"]
    assert (await talk.read(turn))["outcome"] == confirmed["id"]
    assert (confirmed["status"], await counter(talk)) == ("done", 0)


async def test_a_person_may_replace_the_plan(talk: Talk) -> None:
    """Their own is executed, and the turn says that it is theirs."""
    turn = await talk.turn(ONE_MORE)

    edited = await talk.done(turn, "edit", plan={"steps": [a_step(3)]})
    await talk.done(turn, "execute")

    assert edited["edited"] is True
    assert edited["proposal"]["plan"]["steps"] == [a_step(3)]
    assert await counter(talk) == 3


async def test_a_rejected_plan_is_never_executed(talk: Talk) -> None:
    """Who said no has to say anew what they want."""
    turn = await talk.turn(ONE_MORE)

    rejected = await talk.done(turn, "reject", reason="too many")
    answer = await talk.call("POST", f"/{turn['id']}:execute")

    assert (rejected["status"], rejected["feedback"]) == (
        "rejected",
        {"status": "rejected", "reason": "too many"},
    )
    assert (answer.status, answer.code) == (409, "wrong_time")
    assert await counter(talk) == 0


@pytest.mark.parametrize("verb", ["edit", "reject"])
async def test_what_was_executed_is_decided_about(talk: Talk, verb: str) -> None:
    """Neither another plan nor a no undoes it."""
    turn = await talk.turn(ONE_MORE)
    await talk.done(turn, "execute")
    body = {"plan": {"steps": [a_step(3)]}} if verb == "edit" else {}

    answer = await talk.call("POST", f"/{turn['id']}:{verb}", body)

    assert (answer.status, answer.code) == (409, "wrong_time")
    assert (await talk.read(turn))["status"] == "executed"


async def test_the_next_prompt_is_told_what_became_of_the_plan(
    talk: Talk, stub: OpenAiStub
) -> None:
    """As data beside what was proposed: executed, refused, rejected with a reason, or replaced."""
    executed = await talk.turn(ONE_MORE)
    await talk.done(executed, "execute")
    rejected = await talk.turn(ONE_MORE)
    await talk.done(rejected, "reject", reason="enough for today")
    await talk.turn(ONE_MORE)

    said = [message["content"] for message in stub.requests[-1]["messages"]]

    assert '{"status":"executed"}' in said[2]
    assert '{"reason":"enough for today","status":"rejected"}' in said[4]
    assert [message["role"] for message in stub.requests[-1]["messages"]] == [
        "system", "user", "assistant", "user", "assistant", "user",
    ]  # fmt: skip


async def test_a_repeated_message_is_the_same_turn(talk: Talk, stub: OpenAiStub) -> None:
    """The model is asked once for each key."""
    key = {"Idempotency-Key": "said once"}

    first = await talk.said(ONE_MORE, headers=key)
    second = await talk.said(ONE_MORE, headers=key)

    assert (first.status, second.status) == (201, 201)
    assert first.json["id"] == second.json["id"]
    assert second.header("idempotency-replayed") == "true"
    assert stub.served["as-told"] == 1


async def test_one_turn_at_a_time_is_answered(talk: Talk, stub: OpenAiStub) -> None:
    """A second message beside one that is being answered is told so."""
    stub.latency_s = 0.5
    first = asyncio.create_task(talk.said(ONE_MORE))
    await stub.arrived.wait()

    second = await talk.said(ONE_MORE)

    assert (second.status, second.code) == (409, "conversation_busy")
    assert (await first).status == 201
    assert (await talk.said(ONE_MORE)).json["number"] == 2


async def test_a_turn_is_streamed_as_it_comes_about(talk: Talk) -> None:
    """Accepted, asked, proposed; the last event is the whole turn."""
    answer = await talk.said(ONE_MORE, headers=STREAM)

    events = streamed(answer.body)
    assert answer.status == 200
    assert answer.header("content-type") == "text/event-stream; charset=utf-8"
    assert [name for name, _ in events] == ["turn", "asking", "proposal"]
    assert events[1][1] == {"model": "openai/as-told", "attempt": 1}
    assert events[2][1] == await talk.read(events[0][1])


async def test_a_turn_that_failed_ends_its_stream_with_a_problem(talk: Talk) -> None:
    """It is stored all the same."""
    answer = await talk.said(behaving("broken-json"), headers=STREAM)

    events = streamed(answer.body)
    assert events[-1][0] == "error"
    assert events[-1][1]["code"] == "model_failed"
    assert (await talk.read({"id": events[-1][1]["turn"]}))["status"] == "failed"


async def test_a_failed_turn_is_a_turn(talk: Talk) -> None:
    """A model that fails is told of as data, and the conversation goes on."""
    turn = await talk.turn(behaving("broken-json"))

    assert (turn["status"], turn["proposal"]) == ("failed", None)
    assert [problem["fault"] for problem in turn["problems"]] == ["model_failed"]
    assert (await talk.turn(ONE_MORE))["status"] == "proposed"


@pytest.mark.parametrize("name", ["unknown-tool", "lookalike"])
async def test_an_action_that_nobody_offered_becomes_a_question(talk: Talk, name: str) -> None:
    """Hallucinated, or spelled with letters that only look alike (attack X7)."""
    turn = await talk.turn(behaving(name))

    assert turn["proposal"]["kind"] == "clarification"
    assert "Move the counter" in turn["proposal"]["choices"]
    assert {problem["fault"] for problem in turn["problems"]} == {"unknown_action"}
    answer = await talk.call("POST", f"/{turn['id']}:execute")
    assert (answer.status, answer.code) == (409, "wrong_time")


async def test_the_model_confirms_nothing(talk: Talk) -> None:
    """What it writes of confirmation is dropped, told of, and has no effect (HEAD D8)."""
    await talk.done(await talk.turn(ONE_MORE), "execute")
    turn = await talk.turn(calls(("counter_reset", {"confirmed": True, "user_id": "admin"})))

    outcome = await talk.done(turn, "execute")

    assert sorted(turn["dropped"]) == ["counter.reset.confirmed", "counter.reset.user_id"]
    assert (outcome["status"], await counter(talk)) == ("refused", 1)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        pytest.param("interactive", "refused", id="a mode below the own grant holds"),
        pytest.param("autonomous", "refused", id="a mode above the own grant raises nothing"),
        pytest.param("assisted", "done", id="the own grant"),
    ],
)
async def test_a_mode_only_lowers_the_own_grant(talk: Talk, asked: str, status: str) -> None:
    """Nobody takes more steps by a label (HEAD D16)."""
    steps = 6 if asked == "autonomous" else 3
    turn = await talk.turn(calls(*[("counter_increment", {"by": 1})] * steps), mode=asked)

    outcome = await talk.done(turn, "execute")

    assert outcome["status"] == status
    assert await counter(talk) == (3 if status == "done" else 0)


async def test_nobody_else_reads_a_conversation(talk: Talk) -> None:
    """Not even who owns the organization: it looks as if there were none."""
    turn = await talk.turn(ONE_MORE)
    other = talk.as_other(await talk.app.colleague(talk.who))

    answers = [
        await other.call("GET"),
        await other.call("GET", f"/{turn['id']}"),
        await other.said(ONE_MORE),
        await other.call("POST", f"/{turn['id']}:execute"),
        await other.call("POST", f"/{turn['id']}:simulate"),
        await other.call("POST", f"/{turn['id']}:edit", {"plan": {"steps": [a_step(1)]}}),
        await other.call("POST", f"/{turn['id']}:reject"),
        await other.call("POST", f"/{turn['id']}:export"),
    ]

    assert {answer.status for answer in answers} == {404}
    assert await counter(talk) == 0


async def test_a_turn_whose_end_was_not_noted_shows_its_true_outcome(talk: Talk) -> None:
    """A process that ended between the two commits hides nothing, and nothing is done twice."""
    turn = await talk.turn(ONE_MORE)
    outcome = await talk.done(turn, "execute")
    async with session(talk.app.urls.superuser_url) as superuser:
        await superuser.execute(
            "update turns set status = 'proposed', outcome_id = null, trying = $1, "
            "tried_at = now() where id = $2",
            outcome["id"],
            turn["id"],
        )

    found = await talk.read(turn)
    again = await talk.call("POST", f"/{turn['id']}:execute")

    assert (found["status"], found["outcome"]) == ("executed", outcome["id"])
    assert (again.status, again.json["id"]) == (200, outcome["id"])
    assert again.header("idempotency-replayed") == "true"
    assert await counter(talk) == 1


async def test_a_conversation_is_free_again_after_a_crash(talk: Talk) -> None:
    """What was being answered then has failed, and the next message is answered."""
    turn = await talk.turn(ONE_MORE)
    async with session(talk.app.urls.superuser_url) as superuser:
        await superuser.execute(
            "update turns set status = 'asking', proposal = null, created_at = now() - "
            "interval '1 hour' where id = $1",
            turn["id"],
        )
        await superuser.execute(
            "update conversations set answering = $1, free_at = now() - interval '1 second'",
            turn["id"],
        )

    stale = await talk.read(turn)
    after = await talk.turn(ONE_MORE)

    assert (stale["status"], stale["problems"][0]["fault"]) == ("failed", "interrupted")
    assert (after["status"], after["number"]) == ("proposed", 2)
