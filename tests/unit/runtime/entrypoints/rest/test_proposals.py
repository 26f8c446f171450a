"""A proposal for evaluation is what the platform would propose, and has no effect."""

from __future__ import annotations

from base64 import b64encode

import orjson
import pytest

from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.chat_model import Completion, TokenUsage
from runtime.sandbox import Sandbox
from tests.unit.runtime.entrypoints.rest.platform import Scripted, an_app, ask, called, said

WHO: JsonObject = {"id": "ann", "roles": ["auditor"], "grant": "interactive"}
COUNTER: JsonObject = {"counter": {"value": 7, "step": 1, "limit": 9}}


async def test_the_answer_is_all_that_the_planner_returned() -> None:
    """Nothing that scoring needs is left out."""
    answered = await ask(an_app(Scripted()), document=said())

    assert answered.status == 200
    assert answered.json == {
        "proposal": {
            "kind": "plan",
            "plan": {"steps": [{"action": "counter.set@1", "inputs": {"value": 3}}]},
            "message": "",
        },
        "problems": [],
        "dropped": [],
        "calls": 1,
        "repairs": 0,
        "retries": 0,
        "usage": {"prompt": 5, "completion": 2, "cached": 1},
        "cost_micros": 3,
        "model": "m-1",
        "latency_s": 1.0,
        "answer": 'counter_set({"value": 3})',
        "comparability": dict(Sandbox.named("counter").comparability),
    }


async def test_the_model_sees_the_situation_that_was_given() -> None:
    """State, facts, roles, grant, history, files and the seed reach the request."""
    model = Scripted()
    file = {"name": "a.txt", "mime": "text/plain", "base64": b64encode(b"hello").decode()}
    turns = [{"speaker": "user", "text": "Hi"}, {"speaker": "assistant", "text": "Yes?"}]

    await ask(
        an_app(model),
        document={
            "conversation": {"message": "Now", "history": turns, "attachments": [file]},
            "situation": {"state": COUNTER, "facts": {"likes": "tea"}, "principal": WHO},
            "seed": 5,
        },
    )

    request = model.seen[0]
    system = request.messages[0]["content"]
    assert '{"counter":{"limit":9,"step":1,"value":7}}' in system
    assert '{"likes":"tea"}' in system
    assert "roles: auditor. A plan has at most 1 step(s)." in system
    assert [item["content"] for item in request.messages[1:3]] == ["Hi", "Yes?"]
    assert "hello" in str(request.messages[3]["content"])
    assert request.seed == 5


async def test_what_is_left_out_is_the_environments_own() -> None:
    """The initial state and the principal of the environment stand in."""
    model = Scripted()

    await ask(an_app(model), document=said())

    assert '"value":0' in model.seen[0].messages[0]["content"]
    assert "roles: operator" in model.seen[0].messages[0]["content"]


async def test_only_the_actions_on_offer_are_shown() -> None:
    """The digests are those of what was offered."""
    model = Scripted()

    answered = await ask(an_app(model), document=said(actions=["counter.set"]))

    names = {tool["function"]["name"] for tool in model.seen[0].tools.definitions}
    assert names == {"counter_set", "ask_clarification", "decline"}
    whole = Sandbox.named("counter")
    only = Sandbox.of(whole.plugin, whole.environment, only=("counter.set",))
    assert answered.json["comparability"]["registry"] == only.registry.digest


async def test_an_answer_without_a_plan_says_what_was_wrong() -> None:
    """Unknown cost is null, half a character a question mark, and repairs are counted."""
    nothing = Completion(
        text="half \ud83d",
        tool_calls=(),
        finish_reason="stop",
        usage=TokenUsage(),
        cost_micros=None,
        model="m\ud83d",
    )

    answered = await ask(an_app(Scripted(lambda _: nothing)), document=said())

    assert answered.status == 200
    assert (answered.json["proposal"], answered.json["cost_micros"]) == (None, None)
    assert answered.json["problems"][0]["fault"] == "no_call"
    assert (answered.json["answer"], answered.json["model"]) == ("half ?", "m?")
    assert (answered.json["calls"], answered.json["repairs"]) == (3, 2)


async def test_authority_that_a_model_claims_is_dropped_and_told() -> None:
    """As the platform does everywhere."""
    arguments = '{"value": 3, "role": "admin"}'

    answered = await ask(an_app(Scripted(lambda _: called(arguments=arguments))), document=said())

    assert answered.json["dropped"] == ["counter.set.role"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"situation": {"state": {"counter": {}}}}, "state_invalid", id="schema"),
        pytest.param(
            {"situation": {"state": {"counter": {"value": 9, "step": 1, "limit": 2}}}},
            "state_invalid",
            id="an invariant",
        ),
        pytest.param({"actions": ["counter.explode"]}, "actions_unknown", id="an action"),
        pytest.param({"actions": [""]}, "request_invalid", id="an action without a name"),
        pytest.param({"actions": ["a"] * 501}, "request_invalid", id="too many actions"),
        pytest.param({"seed": -1}, "request_invalid", id="a seed below zero"),
        pytest.param({"seed": 2**31}, "request_invalid", id="a seed beyond 31 bits"),
        pytest.param({"situation": {"facts": [1]}}, "request_invalid", id="facts that are a list"),
        pytest.param(
            {"situation": {"now": "2026-03-02T10:00:00"}}, "request_invalid", id="no time zone"
        ),
        pytest.param(
            {"situation": {"now": "9999-12-31T23:59:59Z"}}, "request_invalid", id="the last day"
        ),
        pytest.param(
            {"situation": {"limits": {"day_zone": "Mars/Olympus"}}}, "request_invalid", id="no zone"
        ),
        pytest.param(
            {"situation": {"principal": {**WHO, "organization": "acme"}}},
            "request_invalid",
            id="an organization",
        ),
        pytest.param({"model": "openai/other"}, "request_invalid", id="a model of the caller's"),
    ],
)
async def test_what_can_not_be_is_refused_before_a_model_is_asked(
    changes: JsonObject, code: str
) -> None:
    """A caller learns what is wrong, and pays for nothing."""
    model = Scripted()

    answered = await ask(an_app(model), document=said(**changes))

    assert (answered.status, answered.code) == (422, code)
    assert model.seen == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"base64": "!"}, id="no base64"),
        pytest.param({"mime": "application/zip"}, id="a type that no model takes"),
        pytest.param({"base64": "/w==", "mime": "text/plain"}, id="text that is none"),
    ],
)
async def test_a_file_that_no_model_is_shown_is_refused(change: JsonObject) -> None:
    """The message names the file."""
    file: JsonValue = {"name": "a.bin", "mime": "image/png", "base64": "AA==", **change}
    document = {"conversation": {"message": "See", "attachments": [file]}}

    answered = await ask(an_app(Scripted()), document=document)

    assert (answered.status, answered.code) == (422, "attachment_invalid")
    assert "a.bin" in answered.json["detail"]


async def test_an_unknown_environment_is_not_found() -> None:
    """The message lists those that are."""
    path = "/v1/environments/nowhere/proposals:evaluate"

    answered = await ask(an_app(Scripted()), path, said())

    assert (answered.status, answered.code) == (404, "environment_unknown")
    assert "counter, helpdesk" in answered.json["detail"]


async def test_the_description_of_the_api_holds_the_route_and_its_problems() -> None:
    """Whoever generates a client learns of both, and that nothing can happen."""
    answered = await ask(an_app(), "/openapi.json", method="GET")

    path = "/v1/environments/{environment}/proposals:evaluate"
    described = answered.json["paths"][path]["post"]
    assert "it can have no effect" in described["description"]
    assert "ProblemOut" in orjson.dumps(described["responses"]["422"]).decode()
