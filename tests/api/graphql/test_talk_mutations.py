"""Members talk to the agent by GraphQL, and nothing is executed without their consent."""

from __future__ import annotations

import pytest

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting
from tests.abuse.graphql.twins import PROPOSED
from tests.database import session
from tests.graphql_site import GraphqlSite
from tests.talking import a_talk

_SAY = """
mutation($p: ID!, $c: ID!, $message: String!, $key: String) {
  say(project: $p, conversation: $c, message: $message, idempotencyKey: $key) {
    id number status message usage { prompt } problems { fault }
  }
}
"""
_DECIDED = """
mutation($p: ID!, $c: ID!, $t: ID!) {{
  done: {verb}(project: $p, conversation: $c, id: $t{more}) {{ {shown} }}
}}
"""


async def proposed(site: GraphqlSite, who: Acting) -> tuple[JsonObject, str]:
    """Begin a conversation with a turn that waits for consent; return both, and the project."""
    project = await site.project(who)
    talk = await a_talk(site.real, who, project=f"/v1/projects/{project}")
    turn = await talk.turn("count one more")
    async with session(site.urls.superuser_url) as superuser:
        await superuser.execute(
            "update turns set status = 'proposed', proposal = $1 where id = $2",
            PROPOSED,
            turn["id"],
        )
    return {"p": project, "c": talk.conversation, "t": str(turn["id"])}, project


def decided(verb: str, shown: str, more: str = "") -> str:
    """Return the document that decides about a turn."""
    return _DECIDED.format(verb=verb, shown=shown, more=more)


async def test_what_is_said_once_a_key_is_one_turn(site: GraphqlSite) -> None:
    """The answer is the same turn, and a later one has a number of its own."""
    who = await site.real.found()
    project = await site.project(who)
    talk = await a_talk(site.real, who, project=f"/v1/projects/{project}")
    asked: JsonObject = {"p": project, "c": talk.conversation, "message": "add one", "key": "one"}

    first = await site.got(_SAY, asked, token=who.token)
    again = await site.got(_SAY, asked, token=who.token)
    other = await site.got(_SAY, {**asked, "key": "two"}, token=who.token)
    reused = await site.ask(_SAY, {**asked, "message": "add two"}, token=who.token)

    assert first["say"] == again["say"]
    assert first["say"]["message"] == "add one"
    assert other["say"]["number"] == first["say"]["number"] + 1
    assert reused.codes == ["idempotency_key_reused"]


async def test_a_turn_is_simulated_edited_and_executed(site: GraphqlSite) -> None:
    """The person's own plan stands in the place of the model's; it moves the state once."""
    who = await site.real.found()
    turn, project = await proposed(site, who)
    plan = ', plan: {steps: [{action: "counter.increment", inputs: {by: 5}}]}'

    tried = await site.got(decided("simulateTurn", "after { version }"), turn, token=who.token)
    edited = await site.got(decided("editTurn", "edited status", plan), turn, token=who.token)
    done = await site.got(decided("executeTurn", "status after { version }"), turn, token=who.token)
    late = await site.ask(decided("executeTurn", "status"), turn, token=who.token)
    state = await site.got(f'{{ project(id: "{project}") {{ state {{ components }} }} }}',
                           token=who.token)  # fmt: skip

    assert tried["done"]["after"]["version"] == done["done"]["after"]["version"] == 2
    assert edited["done"] == {"edited": True, "status": "proposed"}
    assert state["project"]["state"]["components"]["counter"]["value"] == 6
    assert late.data == {"done": None}


async def test_a_turn_is_rejected(site: GraphqlSite) -> None:
    """And is not executed any more."""
    who = await site.real.found()
    turn, _ = await proposed(site, who)

    told = await site.got(
        decided("rejectTurn", "status", ', reason: "too much"'), turn, token=who.token
    )
    late = await site.ask(decided("executeTurn", "status"), turn, token=who.token)

    assert told["done"] == {"status": "rejected"}
    assert late.codes == ["wrong_time"]


async def test_a_fact_is_told_read_and_forgotten(site: GraphqlSite) -> None:
    """By the member alone whose it is."""
    who = await site.real.found()
    other = await site.real.colleague(who)
    project = await site.project(who)
    facts = f'{{ project(id: "{project}") {{ facts {{ key value expiresAt }} }} }}'
    put = (
        f'mutation {{ putFact(project: "{project}", key: "room", value: {{no: 2}}, ttlS: 60) '
        "{ key provenance { source } } }"
    )
    gone = f'mutation {{ deleteFact(project: "{project}", key: "room") {{ key }} }}'

    made = await site.got(put, token=who.token)
    mine = await site.got(facts, token=who.token)
    theirs = await site.got(facts, token=other.token)
    await site.got(gone, token=who.token)
    left = await site.got(facts, token=who.token)

    assert made["putFact"] == {"key": "room", "provenance": {"source": "person"}}
    (fact,) = mine["project"]["facts"]
    assert (fact["value"], fact["expiresAt"] is None) == ({"no": 2}, False)
    assert theirs["project"]["facts"] == left["project"]["facts"] == []


@pytest.mark.parametrize(
    ("field", "place"),
    [
        pytest.param('say({P}, conversation: "x", message: "") { id }', "message", id="silence"),
        pytest.param(
            'say({P}, conversation: "x", message: "m", mode: "god") { id }', "mode", id="a mode"
        ),
        pytest.param(
            'editTurn({P}, conversation: "x", id: "x", plan: {steps: []}) { id }', "plan", id="plan"
        ),
        pytest.param('putFact({P}, key: "a b", value: 1) { key }', "key", id="a key"),
        pytest.param('putFact({P}, key: "a", value: 1, ttlS: 0) { key }', "ttlS", id="no time"),
        pytest.param('deleteFact({P}, key: "") { key }', "key", id="no key"),
        pytest.param(
            'createConversation({P}, title: "\\u202e") { id }', "title", id="a title nobody reads"
        ),
        pytest.param("replaceLimits(limits: {x: 1}) { number }", "limits", id="limits"),
        pytest.param("replaceLimits(limits: {}, expects: -1) { number }", "expects", id="expects"),
        pytest.param("replaceModels(settings: {x: 1}) { version }", "settings", id="settings"),
        pytest.param('activatePolicy(version: 0, reason: "r") { number }', "version", id="rules"),
        pytest.param('deactivatePolicy(reason: "") { number }', "reason", id="no reason"),
        pytest.param(
            'putMembership({P}, member: "x", grant: {role: "god"}) { role }', "grant.role", id="r"
        ),
        pytest.param(
            'putMembership({P}, member: "x", grant: {extraRoles: ["A B"]}) { role }',
            "grant.extraRoles", id="a role's name",
        ),
        pytest.param(
            'uploadGate(model: "m", environment: "e", report: {}) { id }', "report", id="report"
        ),
        pytest.param('changeProject(id: "x") { id }', "name", id="no change"),
        pytest.param(
            'changeProject(id: "x", limits: {per_minute: -1}) { id }', "limits", id="below zero"
        ),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_a_422(site: GraphqlSite, field: str, place: str) -> None:
    """With the argument that does not fit, before anything is looked up."""
    who = await site.real.found()
    filled = field.replace("{P}", 'project: "prj_1"')

    told = await site.ask(f"mutation {{ {filled} }}", token=who.token)

    assert told.codes == ["request_invalid"], told.errors
    assert told.errors[0]["extensions"]["errors"][0]["pointer"].startswith(f"/{place}")
