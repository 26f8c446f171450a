"""What is read by GraphQL is what REST shows, page by page, with one question a level."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from fastapi import Request
from sqlalchemy import event
from sqlalchemy.engine import Engine

from runtime.entrypoints.graphql.asked import AskedIn
from runtime.entrypoints.graphql.call import Call
from runtime.entrypoints.graphql.endpoint import Endpoint
from tests.abuse.execution.real_app import Acting
from tests.graphql_site import DEVELOPMENT, GraphqlSite

COUNTER = {"limit": 10_000, "step": 1}
MANY = 1_000
_ASKED = re.compile(r"\bfrom (outcomes|members|memberships|projects|versions)\b", re.IGNORECASE)
"""What requests ask of; what the process does on its own beside them is not counted."""
_OUTCOMES = """
query($project: ID!, $first: Int!, $after: String) {
  project(id: $project) {
    outcomes(first: $first, after: $after) {
      nodes { id number status cost steps member { displayName email } after { version } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
_SNAPSHOTS = """
query($project: ID!) {
  project(id: $project) {
    snapshots(first: 50) { nodes { version member { id } execution { id member { id } } } }
  }
}
"""


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note which questions are asked while the block runs."""
    found: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:  # noqa: ANN401  # of the engine
        if _ASKED.search(statement):
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def many_outcomes(site: GraphqlSite, who: Acting, project: str) -> None:
    """Multiply the project's one outcome; each third of them is another member's."""
    members = [who.member, await site.real.person(who), await site.real.person(who)]
    async with site.superuser() as superuser:
        await superuser.execute(
            """
            insert into outcomes (organization_id, project_id, number, id, principal_id,
              credential_id, status, refusal_code, plan_digest, before_version, after_version,
              cost, document, fence, created_at)
            select organization_id, project_id, n, 'out_' || lpad(n::text, 26, '0'),
              ($3::text[])[1 + n / 334], credential_id, status, refusal_code, plan_digest,
              before_version, after_version, cost,
              replace(replace(document, id, 'out_' || lpad(n::text, 26, '0')), principal_id,
                ($3::text[])[1 + n / 334]),
              fence, created_at
            from outcomes cross join generate_series(2, $2) as n
            where project_id = $1 and number = 1
            """,
            project,
            MANY,
            members,
        )


async def test_a_thousand_outcomes_with_members_are_two_questions(site: GraphqlSite) -> None:
    """One for the outcomes, one for whoever asked for them; however long the list is."""
    who = await site.real.found()
    project = await site.project(who)
    await many_outcomes(site, who, project)
    few = {"project": project, "first": 3}
    await site.got(_OUTCOMES, few, token=who.token)  # what callers are is known from here on

    with statements() as of_few:
        await site.got(_OUTCOMES, few, token=who.token)
    with statements() as of_many:
        began = time.perf_counter()
        data = await site.got(_OUTCOMES, {"project": project, "first": MANY}, token=who.token)
        took_s = time.perf_counter() - began

    nodes = data["project"]["outcomes"]["nodes"]
    assert [node["number"] for node in nodes] == list(range(MANY, 0, -1))
    assert {node["member"]["displayName"] for node in nodes} == {"Ann", "Bea"}
    assert len(of_many) == len(of_few) == 2, of_many
    assert took_s < 5


async def test_each_level_of_a_list_is_one_question(site: GraphqlSite) -> None:
    """Versions, their outcomes, and the members of both: three, whatever is nested how."""
    who = await site.real.found()
    project = await site.project(who)
    await site.got(_SNAPSHOTS, {"project": project}, token=who.token)

    with statements() as found:
        data = await site.got(_SNAPSHOTS, {"project": project}, token=who.token)

    nodes = data["project"]["snapshots"]["nodes"]
    assert [node["version"] for node in nodes] == [1, 0]
    assert nodes[0]["execution"]["member"]["id"] == who.member
    assert nodes[1]["execution"] is None
    assert len(found) == 3, found


async def test_pages_follow_each_other_by_the_cursors_of_rest(site: GraphqlSite) -> None:
    """A cursor of one way goes on in the other."""
    who = await site.real.found()
    project = await site.project(who)
    for _ in range(4):
        await site.real.made(
            f"/v1/projects/{project}/plans:execute",
            {"plan": {"steps": [{"action": "counter.increment", "inputs": {"by": 1}}]}},
            token=who.token,
        )
    numbers, after = [], None
    for _ in range(3):
        data = await site.got(
            _OUTCOMES, {"project": project, "first": 2, "after": after}, token=who.token
        )
        page = data["project"]["outcomes"]
        numbers += [node["number"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] is (len(numbers) < 5)
    first = await site.real.call("GET", f"/v1/projects/{project}/outcomes?limit=2", token=who.token)
    cursor = first.json["next_cursor"]
    behind = await site.got(
        _OUTCOMES, {"project": project, "first": 2, "after": cursor}, token=who.token
    )

    assert numbers == [5, 4, 3, 2, 1]
    assert [node["number"] for node in behind["project"]["outcomes"]["nodes"]] == [3, 2]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param("first: 0", "request_invalid", id="no items"),
        pytest.param("first: 201", "request_invalid", id="too many"),
        pytest.param('after: "nonsense"', "cursor_invalid", id="no cursor"),
        pytest.param('status: "nonsense"', "request_invalid", id="no status"),
        pytest.param('outcome: "nonsense"', "request_invalid", id="no id"),
    ],
)
async def test_a_list_refuses_what_makes_no_sense(
    site: GraphqlSite, arguments: str, code: str
) -> None:
    """With the code of REST."""
    who = await site.real.found()
    project = await site.project(who)
    query = f'{{ project(id: "{project}") {{ jobs({arguments}) {{ nodes {{ id }} }} }} }}'

    told = await site.ask(query, token=who.token)

    assert told.codes == [code]
    assert told.data == {"project": {"jobs": None}}


async def test_a_list_is_read_by_a_cursor_of_its_own_alone(site: GraphqlSite) -> None:
    """One of a list that is sorted by numbers leads nowhere in one that is sorted by ids."""
    who = await site.real.found()
    project = await site.project(who)
    data = await site.got(_OUTCOMES, {"project": project, "first": 1}, token=who.token)
    cursor = data["project"]["outcomes"]["pageInfo"]["endCursor"]
    members = await site.got("{ members { pageInfo { endCursor } } }", token=who.token)
    text = members["members"]["pageInfo"]["endCursor"]

    by_id = await site.ask(
        f'{{ members(after: "{cursor}") {{ nodes {{ id }} }} }}', token=who.token
    )
    by_number = await site.ask(
        _OUTCOMES, {"project": project, "first": 1, "after": text}, token=who.token
    )

    assert (by_id.codes, by_number.codes) == (["cursor_invalid"],) * 2


async def test_a_state_is_read_as_it_stood(site: GraphqlSite) -> None:
    """By version and by instant; both at once are refused."""
    who = await site.real.found()
    project = await site.project(who)
    query = """
    query($project: ID!, $at: Instant!) {
      project(id: $project) {
        first: state(version: 0) { version components }
        later: state(at: $at) { version components }
        both: state(version: 0, at: $at) { version }
        below: state(version: -1) { version }
        never: state(at: "nonsense") { version }
      }
    }
    """

    told = await site.ask(
        query, {"project": project, "at": "2200-01-01T00:00:00Z"}, token=who.token
    )

    found = told.data["project"]
    assert found["first"] == {"version": 0, "components": {"counter": COUNTER | {"value": 0}}}
    assert found["later"] == {"version": 1, "components": {"counter": COUNTER | {"value": 1}}}
    assert (found["both"], found["below"], found["never"]) == (None, None, None)
    assert told.codes == ["request_invalid"] * 3


async def test_what_a_caller_may_not_see_is_null_and_the_rest_is_told(site: GraphqlSite) -> None:
    """Each field answers for itself; a refusal by rights is on record as that of a route is."""
    who = await site.real.found()
    project = await site.project(who)
    narrow = await site.real.made(
        "/v1/tokens", {"name": "narrow", "scopes": ["outcomes:read"]}, token=who.token
    )
    query = """
    query($project: ID!) {
      me { member { id } }
      project(id: $project) { about { name } outcomes { nodes { id member { id } } } }
    }
    """

    told = await site.ask(query, {"project": project}, token=str(narrow["text"]))

    assert told.data["me"]["member"]["id"] == who.member
    assert told.data["project"]["about"] is None
    (node,) = told.data["project"]["outcomes"]["nodes"]
    assert node["member"] is None
    assert told.codes == ["not_allowed"] * 2
    async with site.superuser() as superuser:
        routes = await superuser.fetch(
            "select document::jsonb ->> 'route' as route from audit_records "
            "where kind = 'access.refused' order by 1"
        )
    assert [row["route"] for row in routes] == [
        "POST /graphql Member",
        "POST /graphql ProjectContents.about",
    ]


async def test_an_operation_that_takes_too_long_is_given_up(site: GraphqlSite) -> None:
    """With what to do; nobody waits for it any more."""
    who = await site.real.found()
    services = site.real.app.state.services
    caller = await services.authentication.caller_of(who.token)
    call = Call(services=services, caller=caller, credential=who.token)
    request = Request({"type": "http", "app": site.real.app, "headers": []})

    answered = await Endpoint(DEVELOPMENT, most_s=0.001).answer(
        request, AskedIn(query="{ me { member { id } } }"), call
    )

    (error,) = orjson.loads(answered.body)["errors"]
    assert (answered.status_code, error["extensions"]["code"]) == (504, "deadline_passed")
    assert "idempotencyKey" in error["message"]


async def test_a_list_says_few_of_many_equal_errors(site: GraphqlSite) -> None:
    """A thousand members that may not be seen are one refusal and twenty sentences."""
    who = await site.real.found()
    project = await site.project(who)
    await many_outcomes(site, who, project)
    narrow = await site.real.made(
        "/v1/tokens", {"name": "narrow", "scopes": ["outcomes:read"]}, token=who.token
    )

    told = await site.ask(_OUTCOMES, {"project": project, "first": MANY}, token=str(narrow["text"]))

    assert len(told.data["project"]["outcomes"]["nodes"]) == MANY
    assert told.codes == ["not_allowed"] * 20
