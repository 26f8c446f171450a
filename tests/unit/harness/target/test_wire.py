"""A scenario is spelled in full, and an answer is read only where all of it fits."""

from __future__ import annotations

import orjson
import pytest

from harness.target.wire import (
    UnreadableAnswerError,
    body_of,
    read_answer,
    read_listing,
    read_refusal,
)
from runtime.public import JsonObject, JsonValue, ParseFault, PlanProposal
from tests.servers.platform_stub import a_listing, an_answer
from tests.worlds import prepared

STEP: JsonObject = {"action": "counter.set@1", "inputs": {"value": 3}}


def test_all_that_is_given_is_spelled() -> None:
    """The platform has nothing else to go by."""
    scenario = prepared(
        given={
            "actions": ["counter.set"],
            "state": {"/counter/value": 2},
            "facts": {"likes": "tea"},
            "history": [{"user": "Hi"}, {"assistant": "Yes?"}],
            "principal": {"id": "ann", "roles": ["operator"], "grant": "interactive"},
            "consent": {"confirm": False, "approve": True},
            "limits": {"per_minute": 4},
            "usage": {"last_minute": 1},
            "now": "2026-03-03T09:00:00+00:00",
        },
        when={
            "message": "Three",
            "attachments": [{"name": "a.txt", "mime": "text/plain", "text": "hello"}],
        },
    )

    spelled = orjson.loads(body_of(scenario, seed=11))

    assert spelled["conversation"] == {
        "message": "Three",
        "history": [{"speaker": "user", "text": "Hi"}, {"speaker": "assistant", "text": "Yes?"}],
        "attachments": [{"name": "a.txt", "mime": "text/plain", "base64": "aGVsbG8="}],
    }
    situation = spelled["situation"]
    assert situation["state"]["counter"]["value"] == 2
    assert situation["facts"] == {"likes": "tea"}
    assert situation["principal"] == {"id": "ann", "roles": ["operator"], "grant": "interactive"}
    assert situation["consent"] == {"confirm": False, "approve": True}
    assert (situation["limits"]["per_minute"], situation["usage"]["last_minute"]) == (4, 1)
    assert situation["now"] == "2026-03-03T09:00:00+00:00"
    assert (spelled["actions"], spelled["seed"]) == (["counter.set"], 11)


def test_an_answer_is_read_in_full() -> None:
    """What a newer platform adds is left out."""
    problem = {"fault": "unknown_action", "detail": "no such", "newer": 1}
    document = an_answer(problems=[problem], dropped=["a.role"], repairs=1, retries=2, newer=True)

    proposed, found = read_answer(orjson.dumps(document))

    assert isinstance(proposed.proposal, PlanProposal)
    assert proposed.proposal.plan.steps[0].inputs == {"value": 3}
    assert proposed.problems[0].fault is ParseFault.UNKNOWN_ACTION
    assert (proposed.dropped, proposed.repairs, proposed.retries) == (("a.role",), 1, 2)
    assert (proposed.usage.prompt, proposed.usage.completion, proposed.usage.cached) == (5, 2, 1)
    assert (proposed.cost_micros, proposed.model, proposed.latency_s) == (3, "m-1", 0.5)
    assert found.model_dump() == document["comparability"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"calls": "1"}, id="a count as text"),
        pytest.param({"calls": 1.5}, id="half a call"),
        pytest.param({"calls": True}, id="a count as a truth"),
        pytest.param({"calls": -1}, id="a count below zero"),
        pytest.param({"retries": 10**18}, id="more than anybody retries"),
        pytest.param({"cost_micros": -5}, id="money back"),
        pytest.param({"cost_micros": 10**13}, id="ten million dollars"),
        pytest.param({"latency_s": -0.1}, id="an answer before the question"),
        pytest.param({"latency_s": 1e300}, id="an answer after the end"),
        pytest.param({"latency_s": None}, id="no latency"),
        pytest.param({"usage": {"prompt": 1, "completion": 2}}, id="tokens missing"),
        pytest.param({"usage": {"prompt": 10**10, "completion": 0, "cached": 0}}, id="tokens"),
        pytest.param({"proposal": {"kind": "poem"}}, id="another kind"),
        pytest.param({"proposal": {"kind": "plan", "plan": {"steps": STEP}}}, id="no list"),
        pytest.param(
            {"proposal": {"kind": "plan", "plan": {"steps": [{**STEP, "as": "root"}]}}},
            id="a step with more",
        ),
        pytest.param(
            {"proposal": {"kind": "plan", "plan": {"steps": [{"action": 5}]}}}, id="no name"
        ),
        pytest.param({"proposal": {"kind": "decline", "reason": ""}}, id="no reason"),
        pytest.param(
            {"proposal": {"kind": "plan", "plan": {"steps": [STEP] * 1_001}}}, id="1,001 steps"
        ),
        pytest.param({"problems": [{"fault": "tired", "detail": ""}]}, id="another fault"),
        pytest.param({"dropped": ["x"] * 10_001}, id="a long list"),
        pytest.param({"answer": "x" * 100_001}, id="a long text"),
        pytest.param({"model": ""}, id="nobody answered"),
        pytest.param({"comparability": {"registry": "r"}}, id="digests missing"),
    ],
)
def test_an_answer_that_does_not_fit_is_no_answer(changes: JsonObject) -> None:
    """One wrong part is enough, and the message stays short."""
    with pytest.raises(UnreadableAnswerError) as caught:
        read_answer(orjson.dumps(an_answer(**changes), default=str))

    assert len(str(caught.value)) <= 500


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="a page"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(orjson.dumps(an_answer()).replace(b"0.5", b"NaN"), id="not a number"),
        pytest.param(orjson.dumps(an_answer()).replace(b"m-1", b"\\ud800"), id="half a letter"),
        pytest.param(orjson.dumps(an_answer()).replace(b":3}", b":NaN}"), id="NaN in the inputs"),
    ],
)
def test_what_is_no_document_is_no_answer(body: bytes) -> None:
    """A proxy's page must not become a plan."""
    with pytest.raises(UnreadableAnswerError):
        read_answer(body)


def test_environments_are_read_by_id() -> None:
    """Each has its digests."""
    found = read_listing(orjson.dumps(a_listing(registry="other")))

    assert found["counter"].registry == "other"


@pytest.mark.parametrize("document", [None, [], {}, {"items": {}}, {"items": [{"id": 5}]}])
def test_what_is_no_list_of_environments_is_refused(document: JsonValue) -> None:
    """Any server may answer 200."""
    with pytest.raises(UnreadableAnswerError):
        read_listing(orjson.dumps(document))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"code": "c", "detail": "d", "more": 1}', "c: d"),
        (b'{"detail": "d"}', "d"),
        (b"<h1>Bad gateway</h1>", "<h1>Bad gateway</h1>"),
        (b"\xff" * 400, "\ufffd" * 200),
    ],
)
def test_a_refusal_is_told_as_far_as_it_can_be_read(body: bytes, told: str) -> None:
    """Proxies answer in their own words."""
    assert read_refusal(body) == told
