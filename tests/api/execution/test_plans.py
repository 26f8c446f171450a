"""Plans are executed over HTTP as the guide says, and a wrong request does nothing."""

from __future__ import annotations

import pytest

from runtime.kit.json_value import JsonObject
from tests.api.execution.conftest import Api, increment


async def test_an_execution_is_answered_with_its_outcome(api: Api) -> None:
    """The answer is the outcome, its ETag the version that it left; both can be read again."""
    answered = await api.execute(increment(3))
    outcome = answered.json

    again = await api.call("GET", f"{{p}}/outcomes/{outcome['id']}")
    state = await api.call("GET", "{p}/state")

    assert (answered.status, answered.header("etag")) == (200, '"1"')
    assert outcome["status"] == "done"
    assert again.body == answered.body
    assert state.json["components"]["counter"]["value"] == 3
    assert state.header("etag") == '"1"'


async def test_a_refusal_is_an_answer_too(api: Api) -> None:
    """It says which guard refused, why, and what would make it pass."""
    answered = await api.execute({"action": "counter.set", "inputs": {"value": "ten"}})

    refusal = answered.json["refusal"]
    assert answered.status == 200
    assert (refusal["guard"], refusal["code"]) == ("inputs_valid", "input_invalid")
    assert refusal["remedy"]


async def test_a_simulation_stores_nothing(api: Api) -> None:
    """Its outcome can't be read again, and the state stays."""
    answered = await api.execute(increment(3), verb="simulate")

    stored = await api.call("GET", f"{{p}}/outcomes/{answered.json['id']}")
    state = await api.call("GET", "{p}/state")

    assert answered.json["after"]["version"] == 1
    assert (stored.status, stored.code) == (404, "not_found")
    assert state.json["version"] == 0


async def test_a_repetition_is_marked(api: Api) -> None:
    """The same bytes, with a header that says so."""
    headers = {"idempotency-key": "k-1"}

    first = await api.execute(increment(), headers=headers)
    second = await api.execute(increment(), headers=headers)
    other = await api.execute(increment(2), headers=headers)

    assert first.header("idempotency-replayed") is None
    assert second.header("idempotency-replayed") == "true"
    assert second.body == first.body
    assert (other.status, other.code) == (409, "idempotency_key_reused")


async def test_if_match_is_compared(api: Api) -> None:
    """The ETag of the state that was read; any other is refused."""
    stale = await api.execute(increment(), headers={"if-match": '"7"'})
    fresh = await api.execute(increment(), headers={"if-match": '"0"'})
    any_will_do = await api.execute(increment(), headers={"if-match": "*"})

    assert (stale.status, stale.code) == (412, "version_mismatch")
    assert (fresh.status, any_will_do.status) == (200, 200)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"if-match": "7"}, id="an ETag without quotes"),
        pytest.param({"if-match": 'W/"7"'}, id="a weak ETag"),
        pytest.param({"if-match": '"1", "2"'}, id="several ETags"),
        pytest.param({"plangate-timeout": "soon"}, id="no number"),
        pytest.param({"plangate-timeout": "0"}, id="no time"),
        pytest.param({"plangate-timeout": "31"}, id="too much time"),
        pytest.param({"plangate-timeout": "nan"}, id="not a number"),
        pytest.param({"idempotency-key": ""}, id="an empty key"),
        pytest.param({"idempotency-key": "k" * 256}, id="a long key"),
        pytest.param({"idempotency-key": "k\u00e9y"}, id="a key beyond ASCII"),
    ],
)
async def test_a_wrong_header_is_refused(api: Api, headers: dict[str, str]) -> None:
    """It is named, and nothing is done."""
    answered = await api.execute(increment(), headers=headers)

    state = await api.call("GET", "{p}/state")
    assert answered.status == 422, answered.body
    assert state.json["version"] == 0


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="no plan"),
        pytest.param({"plan": {"steps": "x"}}, id="steps of another type"),
        pytest.param({"plan": {"steps": [{"inputs": {}}]}}, id="a step without an action"),
        pytest.param({"plan": {"steps": []}, "confirmed": True}, id="a confirmation of its own"),
        pytest.param({"plan": {"steps": []}, "user_id": "mem_1"}, id="somebody else"),
        pytest.param({"plan": {"steps": [], "mode": "autonomous"}}, id="a mode in the document"),
        pytest.param([], id="a list"),
        pytest.param(
            {"plan": {"steps": [{"action": "x"}] * 101}}, id="more steps than can be sent"
        ),
    ],
)
async def test_a_wrong_body_is_refused_where_it_is_wrong(api: Api, document: JsonObject) -> None:
    """The problem points at the place (D16, D19)."""
    answered = await api.call("POST", "{p}/plans:execute", document)

    assert (answered.status, answered.code) == (422, "request_invalid")
    assert answered.json["errors"]


async def test_the_step_limit_is_the_memberships(api: Api) -> None:
    """An owner without a membership has the assisted mode: five steps, whatever they send (D16)."""
    answered = await api.execute(*[increment()] * 6)

    assert answered.json["refusal"]["code"] == "plan_too_long"
    assert answered.json["after"]["version"] == 0


async def test_a_confirmed_plan_runs(api: Api) -> None:
    """The digest of the refusal confirms it."""
    await api.execute(increment(3))
    refused = await api.execute({"action": "counter.reset"})

    confirmed = await api.execute({"action": "counter.reset"}, confirm=refused.json["plan_digest"])

    assert refused.json["refusal"]["code"] == "confirmation_required"
    assert confirmed.json["status"] == "done"


async def test_history_can_be_paged_through(api: Api) -> None:
    """Newest first, a cursor to go on with, and no item twice."""
    for number in range(5):
        await api.execute(increment(number + 1))

    for noun, key, found in (
        ("outcomes", "number", [5, 4, 3, 2, 1]),
        ("snapshots", "version", [5, 4, 3, 2, 1, 0]),
    ):
        seen: list[int] = []
        cursor = ""
        while True:
            page = (await api.call("GET", f"{{p}}/{noun}?limit=2{cursor}")).json
            seen += [item[key] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert seen == found


async def test_the_state_of_any_version_or_instant_is_read(api: Api) -> None:
    """By number, by time, and not by both."""
    await api.execute(increment(3))
    made = (await api.call("GET", "{p}/snapshots/1")).json["created_at"].replace("+00:00", "Z")

    old = await api.call("GET", "{p}/state?version=0")
    then = await api.call("GET", f"{{p}}/state?at={made}")
    both = await api.call("GET", f"{{p}}/state?version=0&at={made}")
    never = await api.call("GET", "{p}/state?version=9")

    assert old.json["components"]["counter"]["value"] == 0
    assert then.json["version"] == 1
    assert (both.status, both.code) == (422, "request_invalid")
    assert (never.status, never.code) == (404, "not_found")


async def test_a_reversion_and_a_proof(api: Api) -> None:
    """Back to the first state under a new number; the whole history is proven."""
    await api.execute(increment(3))

    reverted = await api.call(
        "POST", "{p}/state:revert", {"version": 0}, headers={"idempotency-key": "r"}
    )
    repeated = await api.call(
        "POST", "{p}/state:revert", {"version": 0}, headers={"idempotency-key": "r"}
    )
    verified = await api.call("GET", "{p}/state:verify")
    difference = await api.call("GET", "{p}/state:diff?before=1&after=2")

    assert (reverted.status, reverted.header("etag")) == (200, '"2"')
    assert repeated.header("idempotency-replayed") == "true"
    assert repeated.body == reverted.body
    assert verified.json["versions"] == 3
    assert difference.json["diff"] == [{"op": "replace", "path": "/counter/value", "value": 0}]


async def test_the_registry_is_shown(api: Api) -> None:
    """Components and actions as they are declared."""
    found = (await api.call("GET", "{p}/registry")).json

    assert found["environment"] == "counter"
    assert [action["id"] for action in found["actions"]] == [
        "counter.increment@1",
        "counter.reset@1",
        "counter.set@1",
    ]
    assert found["widgets"][0] == {"title": "Counter", "kind": "number", "path": "/counter/value"}


async def test_an_archived_project_refuses_and_keeps_its_history(api: Api) -> None:
    """At once, also where its head was in memory; restored, it goes on."""
    await api.execute(increment(3))
    await api.call("POST", "{p}:archive")

    refused = await api.execute(increment())
    state = await api.call("GET", "{p}/state")
    await api.call("POST", "{p}:restore")
    done = await api.execute(increment())

    assert refused.json["refusal"]["code"] == "project_archived"
    assert state.json["components"]["counter"]["value"] == 3
    assert done.json["status"] == "done"


async def test_new_limits_hold_from_the_next_execution_on(api: Api) -> None:
    """Settings are compared at the commit, so nothing runs on those of before (D17)."""
    await api.execute(increment())
    await api.call("PATCH", "{p}", {"limits": {"budgets": {"action": 2}}})

    outcomes = [await api.execute(increment()) for _ in range(3)]

    assert [item.json["status"] for item in outcomes] == ["done", "refused", "refused"]
    assert outcomes[1].json["refusal"]["code"] == "budget_exceeded"


async def test_readiness_names_each_dependency(api: Api) -> None:
    """Live and ready are two questions, both open to everybody."""
    ready = await api.call("GET", "/v1/readyz")

    assert ready.status == 200
    assert {name: item["status"] for name, item in ready.json["dependencies"].items()} == {
        "database": "up",
        "redis": "up",
        "rates": "up",
        "rules": "up",
        "secrets": "up",
    }


async def test_a_body_larger_than_any_plan_is_refused(api: Api) -> None:
    """A megabyte is the most that a route of the platform reads."""
    answered = await api.execute({"action": "counter.set", "inputs": {"note": "x" * 1_000_001}})

    assert (answered.status, answered.code) == (413, "body_too_large")
