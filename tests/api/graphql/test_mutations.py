"""What is changed by GraphQL is changed once a key, on record, and null where it failed."""

from __future__ import annotations

import asyncio

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.wishes import an_approval, approving_project
from tests.audited import recorded
from tests.graphql_site import GraphqlSite, Told

_EXECUTE = """
mutation($project: ID!, $by: Json!, $key: String) {
  executePlan(
    project: $project
    plan: {steps: [{action: "counter.increment", inputs: $by}]}
    idempotencyKey: $key
  ) { id status refusal after { version } member { id } }
}
"""
_ARCHIVE = """
mutation($id: ID!, $key: String) { archiveProject(id: $id, idempotencyKey: $key) { archivedAt } }
"""


async def executed(
    site: GraphqlSite, project: str, *, token: str, by: int = 2, key: str | None = None
) -> Told:
    """Execute a plan that moves the counter."""
    variables: JsonObject = {"project": project, "by": {"by": by}, "key": key}
    return await site.ask(_EXECUTE, variables, token=token)


async def test_a_key_acts_once_however_often_it_is_sent(site: GraphqlSite) -> None:
    """At the same moment too; the answer is the same."""
    who = await site.real.found()
    project = await site.project(who)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(executed(site, project, token=who.token, key="one")) for _ in range(4)
        ]
    told = [task.result() for task in tasks]

    assert len({item.data["executePlan"]["id"] for item in told}) == 1
    assert {item.data["executePlan"]["after"]["version"] for item in told} == {2}


async def test_a_key_with_other_arguments_is_refused(site: GraphqlSite) -> None:
    """As REST's header is; nothing is done."""
    who = await site.real.found()
    project = await site.project(who)
    await executed(site, project, token=who.token, key="one")

    told = await executed(site, project, token=who.token, by=3, key="one")

    assert told.codes == ["idempotency_key_reused"]
    assert told.errors[0]["extensions"]["status"] == 409
    assert told.data == {"executePlan": None}


async def test_a_key_is_of_its_mutation(site: GraphqlSite) -> None:
    """Another mutation, or REST, may use it for itself."""
    who = await site.real.found()
    project = await site.project(who)
    await executed(site, project, token=who.token, key="one")
    path = f"/v1/projects/{project}/plans:execute"
    plan = {"plan": {"steps": [{"action": "counter.increment", "inputs": {"by": 2}}]}}

    by_rest = await site.real.call(
        "POST", path, plan, token=who.token, headers={"Idempotency-Key": "one"}
    )
    archived = await site.ask(_ARCHIVE, {"id": project, "key": "one"}, token=who.token)

    assert by_rest.json["after"]["version"] == 3
    assert archived.errors == []


async def test_a_key_that_nobody_could_keep_is_refused(site: GraphqlSite) -> None:
    """Whether it is empty, long or not of printable ASCII."""
    who = await site.real.found()
    project = await site.project(who)

    codes = [
        (await executed(site, project, token=who.token, key=key)).codes
        for key in ("", "k" * 256, "schlüssel")
    ]

    assert codes == [["request_invalid"]] * 3


async def test_each_change_is_on_record_as_that_of_rest(site: GraphqlSite) -> None:
    """The same use case writes it."""
    who = await site.real.found()
    project = await site.project(who)
    before = len(await recorded(site.urls.superuser_url))
    await site.got(_ARCHIVE, {"id": project}, token=who.token)

    kinds = [record.kind for record in await recorded(site.urls.superuser_url)]

    assert kinds[before:] == ["project.archived"]


async def test_what_an_engine_refuses_is_an_outcome(site: GraphqlSite) -> None:
    """Not an error: it has an id, and is stored."""
    who = await site.real.found()
    project = await site.project(who)
    query = """
    mutation($project: ID!) {
      executePlan(project: $project, plan: {steps: [{action: "none.such"}]}) { id status refusal }
    }
    """

    data = await site.got(query, {"project": project}, token=who.token)

    assert data["executePlan"]["status"] == "refused"
    assert data["executePlan"]["refusal"]["code"]


async def test_mutations_of_a_document_are_done_in_order(site: GraphqlSite) -> None:
    """Each for itself: one that fails is null, and those after it are tried."""
    who = await site.real.found()
    project = await site.project(who)
    query = """
    mutation($p: ID!) {
      a: archiveProject(id: $p) { archivedAt }
      b: changeProject(id: $p, name: "other") { name }
      c: restoreProject(id: $p) { archivedAt }
      d: changeProject(id: $p, name: " other ") { name }
    }
    """

    told = await site.ask(query, {"p": project}, token=who.token)

    assert told.codes == ["project_archived"]
    assert told.data["b"] is None
    assert told.data["c"] == {"archivedAt": None}
    assert told.data["d"] == {"name": "other"}


async def test_an_argument_that_does_not_fit_is_a_422(site: GraphqlSite) -> None:
    """With the place, as REST says it."""
    who = await site.real.found()
    project = await site.project(who)
    steps = ", ".join('{action: "a"}' for _ in range(101))
    execute = f'executePlan(project: "{project}", plan: {{steps: '
    queries = [
        f'mutation {{ changeProject(id: "{project}", name: "\\u202e") {{ id }} }}',
        'mutation { createProject(name: "x", environment: "") { id } }',
        f"mutation {{ {execute} [{steps}]}}) {{ id }} }}",
        f'mutation {{ {execute} [{{action: ""}}]}}) {{ id }} }}',
        f"mutation {{ {execute} []}}, expects: -1) {{ id }} }}",
        f'mutation {{ revertState(project: "{project}", version: -1) {{ id }} }}',
    ]

    told = [await site.ask(query, token=who.token) for query in queries]

    assert [item.codes for item in told] == [["request_invalid"]] * len(queries)
    assert all(item.errors[0]["extensions"]["errors"] for item in told)


async def test_a_state_that_is_not_the_expected_one_is_left_alone(site: GraphqlSite) -> None:
    """`expects` is REST's If-Match."""
    who = await site.real.found()
    project = await site.project(who)
    query = """
    mutation($p: ID!, $expects: Whole!) {
      revertState(project: $p, version: 0, expects: $expects) { revertedTo after { version } }
    }
    """

    stale = await site.ask(query, {"p": project, "expects": 7}, token=who.token)
    fresh = await site.ask(query, {"p": project, "expects": 1}, token=who.token)

    assert stale.codes == ["version_mismatch"]
    assert fresh.data["revertState"] == {"revertedTo": 0, "after": {"version": 2}}


async def test_a_request_is_withdrawn_by_its_requester_and_denied_by_another(
    site: GraphqlSite,
) -> None:
    """Each ends it."""
    who = await site.real.found()
    requester = await site.real.colleague(who)
    place = await approving_project(site.real, who)
    project = place.rpartition("/")[2]
    one, two = [await an_approval(site.real, place, requester) for _ in range(2)]
    withdraw = f"""mutation($id: ID!) {{
      withdrawApproval(project: "{project}", id: $id) {{ status }}
    }}"""
    deny = f"""mutation($id: ID!, $digest: String!) {{
      denyApproval(project: "{project}", id: $id, planDigest: $digest, reason: "no") {{ status }}
    }}"""

    back = await site.got(withdraw, {"id": one["id"]}, token=requester.token)
    no = await site.got(deny, {"id": two["id"], "digest": two["plan_digest"]}, token=who.token)

    assert back["withdrawApproval"] == {"status": "withdrawn"}
    assert no["denyApproval"] == {"status": "denied"}
