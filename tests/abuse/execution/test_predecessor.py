"""What went wrong in Plangate's predecessor does not here: one test a defect, by its number.

Others are proven elsewhere: D2, D7, D12, D13, D18 in `tests/integration/execution`, D9 in its
`test_history.py`, D10 in `test_sharing.py` and `tests/integration/faults/test_late_commits.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from runtime.domain.limits import BudgetScope, ExecutionWindow, Limits
from runtime.domain.organization import OrganizationRole
from runtime.domain.plan import Plan, Step
from runtime.domain.scope import Scope
from runtime.domain.state import State
from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.execution.changes import Reversion
from runtime.services.execution.draft import Draft, Tenure
from runtime.services.execution.plans import PlanRequest
from runtime.settings import ServiceSettings, SettingsError
from runtime.store.executions import commit
from runtime.store.heads import create_head, read_head
from tests.abuse.execution.real_app import OPERATOR, RealApp, moved
from tests.abuse.execution.wishes import ELSEWHERE, WISHES
from tests.database import FreshDatabase, session
from tests.execution import World, a_project, an_increment, document_of

MONDAY = datetime(2035, 1, 1, tzinfo=UTC)
"""Time does not run backwards in a project, and this one is made by the real time of day."""


def one(action: str, **inputs: int | str) -> Plan:
    """Build a plan of one step."""
    return Plan(steps=(Step(action=action, inputs=dict(inputs)),))


async def in_environment(world: World, environment: str) -> World:
    """Give a project of another environment to an admin of it."""
    project = await a_project(world.database, world.caller, environment=environment, role="admin")
    return replace(world, project_id=project)


async def limited(world: World, limits: Limits, *, clock: FixedClock | None = None) -> World:
    """Give a counter project with limits, in a process with its own time of day."""
    project = await a_project(world.database, world.caller, limits=limits)
    return replace(await world.replica(clock=clock), project_id=project)


async def simulated(world: World, plan: Plan) -> JsonObject:
    """Return what an execution would be answered."""
    asked = PlanRequest(plan=plan)
    return document_of(await world.plans.simulate(world.context, world.project_id, asked=asked))


async def test_d1_a_plain_action_works_with_foreign_keys_enforced(
    world: World, database: FreshDatabase
) -> None:
    """D1: an execution's row came before its snapshot, so that Postgres refused every success."""
    outcome = await world.execute(an_increment())

    async with session(database.urls.superuser_url) as superuser:
        found = await superuser.fetch(
            "select conrelid::regclass::text as name from pg_constraint "
            "where contype = 'f' and convalidated"
        )
    assert outcome["status"] == "done"
    assert {"heads", "outcomes", "versions", "snapshots"} <= {row["name"] for row in found}


async def test_d3_what_waits_for_approval_and_what_is_remembered_is_stored(world: World) -> None:
    """D3: outcomes that wait for approval and actions of the memory broke the same foreign key."""
    memory = await in_environment(world, "memory")
    facility = await in_environment(world, "facility")
    reset = one("furnace.reset_emergency")

    kept = await memory.execute(one("memory.remember", key="city", value="Lisbon"))
    stopped = await facility.execute(one("furnace.emergency_stop"))
    unconfirmed = await facility.execute(reset)
    waits = await facility.execute(reset, confirms=unconfirmed["plan_digest"])

    assert (kept["status"], stopped["status"]) == ("done", "done")
    assert waits["refusal"]["code"] == "approval_required"
    assert await world.count("outcomes") == 4
    assert await world.count("audit_records") == 5  # the request for approval has one of its own


async def test_d8_what_a_model_writes_confirms_nothing(app: RealApp) -> None:
    """D8: `confirmed` was copied out of the model's arguments."""
    who = await app.found()
    project = await app.project(who)
    place = f"/v1/projects/{project['id']}/plans:execute"
    step: JsonObject = {"action": "counter.reset", "inputs": {}}

    refused = [
        await app.call("POST", place, document, token=who.token)
        for document in (
            {"plan": {"steps": [step]}, "confirmed": True},
            {"plan": {"steps": [step], "confirmed": True}},
            {"plan": {"steps": [{**step, "confirmed": True}]}},
            {"plan": {"steps": [{**step, "consents": ["me"]}]}},
        )
    ]
    argued = await app.made(
        place,
        {"plan": {"steps": [{**step, "inputs": {"confirmed": True}}]}},
        token=who.token,
    )
    plain = await app.made(place, {"plan": {"steps": [step]}}, token=who.token)

    assert {answer.status for answer in refused} == {422}
    assert argued["refusal"]["code"] == "input_invalid"
    assert plain["refusal"]["code"] == "confirmation_required"


async def test_d11_an_execution_that_is_tried_again_is_answered(world: World) -> None:
    """D11: a retry under the same id broke a unique key, so that no retry ever succeeded."""
    execution = world.execution(an_increment(4))

    first, again = [
        await world.lines.join(
            execution,
            project_id=world.project_id,
            standing=world.standing,
            patience_s=5,
        )
        for _ in range(2)
    ]

    assert (first.replayed, again.replayed) == (False, True)
    assert first.document == again.document
    assert await world.counter() == 4


async def test_d13_a_component_with_a_dot_in_its_name_is_rebuilt(world: World) -> None:
    """D13: an id such as `demo.counter` was read as a path, so that no state was rebuilt right."""
    old, new = ({"demo.counter": {"a/b": value, "~": value}} for value in (42, 43))
    organization, project = (
        world.caller.organization_id,
        await a_project(world.database, world.caller),
    )
    async with world.database.transaction(organization) as connection:
        other = world.ids.new("prj")
        await connection.exec_driver_sql(
            "insert into projects (organization_id, id, name, environment, limits, created_at, "
            "created_by) select organization_id, $1, $1, environment, limits, created_at, "
            "created_by from projects where id = $2",
            (other, project),
        )
        await create_head(
            connection,
            organization_id=organization,
            project_id=other,
            state=State.of(old),
            principal_id=world.caller.member_id,
            now=world.ids.now(),
        )
    head = await read_head(world.database, organization_id=organization, project_id=other)
    tenure = Tenure(organization_id=organization, project_id=other, fence=1, now=world.ids.now())
    draft = Draft(tenure, state=head.state, usage=head.usage.at(tenure.now))
    draft.add_reversion(
        Reversion(
            outcome_id=world.ids.new("rev"),
            target=State.of(new),
            principal=world.principal,
            credential_id=world.caller.credential_id,
        )
    )
    await commit(world.database, [draft.commit(head)])

    owner = Context(caller=replace(world.caller, organization_role=OrganizationRole.OWNER))
    rebuilt = await world.states.at_version(owner, other, version=1)

    assert rebuilt.components == new
    assert (await world.states.verify(owner, other)).versions == 2


async def test_d13_a_long_history_is_rebuilt_as_a_whole(world: World) -> None:
    """D13: what lay beyond a number of records was left out, and the state was another one."""
    for _ in range(260):
        await world.execute(Plan(steps=an_increment().steps * 5))

    verified = await world.states.verify(world.context, world.project_id)
    late = await world.states.at_version(world.context, world.project_id, version=1_299)

    assert verified.versions == 1_301
    assert late.components["counter"]["value"] == 1_299


@pytest.mark.parametrize(
    ("hours", "code"),
    [(21, "outside_window"), (22, None), (29, None), (30, "outside_window"), (46, None)],
)
async def test_d15_a_window_over_midnight_matches(
    world: World, hours: int, code: str | None
) -> None:
    """D15: from 22:00 to 06:00 never matched; the day is the one on which the window begins."""
    window = ExecutionWindow(start=time(22), end=time(6))
    clock = FixedClock(MONDAY + timedelta(hours=hours))
    place = await limited(world, Limits(windows=(window,)), clock=clock)

    outcome = await place.execute(an_increment())

    assert (outcome["refusal"] or {}).get("code") == code


async def test_d16_how_long_a_plan_may_be_is_granted_and_not_claimed(app: RealApp) -> None:
    """D16: whoever called their steps autonomous ran eight of them."""
    who = await app.found()
    project, operated = await app.project(who), await app.colleague(who, role="member")
    place = f"/v1/projects/{project['id']}"
    operator: JsonObject = {"role": "operator", "mode": "assisted"}
    await app.call("PUT", f"{place}/members/{operated.member}", operator, token=who.token)
    steps = [{"action": "counter.increment", "inputs": {}}] * 8

    claimed = [
        await app.call("POST", f"{place}/plans:execute", document, token=operated.token)
        for document in (
            {"plan": {"steps": steps}, "mode": "autonomous"},
            {"plan": {"steps": steps, "mode": "autonomous"}},
            {"plan": {"steps": [{**step, "mode": "autonomous"} for step in steps]}},
        )
    ]
    plain = await app.made(
        f"{place}/plans:execute", {"plan": {"steps": steps}}, token=operated.token
    )

    assert {answer.status for answer in claimed} == {422}
    assert plain["refusal"]["code"] == "plan_too_long"
    assert plain["before"] == plain["after"]


@pytest.mark.parametrize(
    ("limits", "plan", "code"),
    [
        pytest.param(
            Limits(budgets={BudgetScope.PROJECT: 0}), an_increment(), "budget_exceeded", id="budget"
        ),
        pytest.param(Limits(per_minute=0), an_increment(), "rate_limited", id="rate"),
        pytest.param(
            Limits(),
            Plan(steps=(*an_increment().steps, Step(action="counter.reset"))),
            "confirmation_required",
            id="confirmation",
        ),
    ],
)
async def test_d18_a_simulation_passes_every_gate_that_an_execution_does(
    world: World, limits: Limits, plan: Plan, code: str
) -> None:
    """D18: a dry run skipped budgets and approvals, and promised what was refused then."""
    place = await limited(world, limits)

    dry = await simulated(place, plan)
    wet = await place.execute(plan)

    assert dry["refusal"] == wet["refusal"]
    assert wet["refusal"]["code"] == code


async def test_d19_nothing_can_be_done_without_a_credential(app: RealApp) -> None:
    """D19: named endpoints asked nobody who they were, and `admin` was a platform admin."""
    who = await app.found()
    answers = dict[str, set[int]]()
    for number, ((method, template), make) in enumerate(WISHES.items(), start=1):
        wish, stranger = await make(app, who), (f"198.51.100.{number}", 1)  # none is slowed down
        answers[f"{method} {template}"] = {
            (await app.call(method, wish.path, wish.document, token=token, client=stranger)).status
            for token in ("", "admin")
        }

    assert {route: found for route, found in answers.items() if found != {401}} == {}
    for token in (who.member, who.organization, who.token[:-1]):
        assert (await app.call("GET", "/v1/me", token=token)).status == 401
    assert len(answers) + len(ELSEWHERE) > 20


async def test_d21_no_secret_is_stored_and_none_is_listed(app: RealApp) -> None:
    """D21: tokens were kept as they are, as primary keys, and listed back."""
    who = await app.found()
    wish = {"name": "ci", "scopes": [Scope.STATE_READ.value]}
    made = await app.made("/v1/tokens", wish, token=who.token)
    project = await app.project(who)
    await app.made(f"/v1/projects/{project['id']}/plans:execute", moved(1), token=who.token)

    listed = await app.call("GET", "/v1/tokens", token=who.token)
    async with session(app.urls.superuser_url) as superuser:
        tables = await superuser.fetch(
            "select format('%I', table_name) as name from information_schema.tables "
            "where table_schema = 'public' and table_type = 'BASE TABLE'"
        )
        stored = [
            str(row)
            for table in tables
            for row in await superuser.fetch(f"select * from {table['name']}")  # noqa: S608  # the catalogue's
        ]

    secrets = (who.token, made["text"], OPERATOR)
    assert len(stored) > 10
    assert [secret for secret in secrets if any(secret in row for row in stored)] == []
    assert [secret for secret in secrets if secret.encode() in listed.body] == []


def test_d21_there_is_no_default_key() -> None:
    """D21: without configuration, sessions and secrets were sealed with keys that all know."""
    told = {
        "PLANGATE_DATABASE_URL": "postgresql://app@127.0.0.1/x",
        "PLANGATE_REDIS_URL": "redis://127.0.0.1:6379/0",
    }

    for keys in ("", "short", "a" * 31):
        with pytest.raises(SettingsError, match="PLANGATE_TOKEN_KEYS"):
            ServiceSettings.read({**told, "PLANGATE_TOKEN_KEYS": keys}).require_platform()


async def test_d21_other_sites_may_not_read_answers(app: RealApp) -> None:
    """D21: any origin could call with a person's cookies, and read what came back."""
    who = await app.found()

    answer = await app.call(
        "GET", "/v1/me", token=who.token, headers={"Origin": "https://evil.example"}
    )

    assert answer.status == 200
    assert [name for name in answer.headers if name.startswith("access-control")] == []
