"""What is executed is stored in one commit: state, history, records and the answer to its key."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from runtime.domain.action import Permission, Risk
from runtime.domain.caller import Caller
from runtime.domain.errors import (
    DeadlineError,
    KeyReusedError,
    NotAllowedError,
    NotFoundError,
    VersionMismatchError,
)
from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.member import MemberKind
from runtime.domain.plan import Plan, Step
from runtime.domain.principal import Principal
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import digest_bytes, parse
from runtime.kit.clock import FixedClock
from runtime.services.context import Context
from runtime.services.environments import InstalledEnvironment
from runtime.services.execution.changes import Executed
from runtime.services.execution.decisions import Place
from runtime.services.execution.draft import Tenure
from runtime.services.execution.judges import Judges
from runtime.services.execution.plans import PlanRequest
from runtime.store.heads import read_head
from tests.builders import a_registry, a_state, an_action
from tests.execution import World, a_key, a_project, an_increment, document_of
from tests.rules import decisions_by_table


async def test_a_plan_that_runs_is_stored_as_a_whole(world: World) -> None:
    """State, version, outcome, event and audit record are there once the answer is."""
    outcome = await world.execute(an_increment(3))

    assert outcome["status"] == "done"
    assert outcome["after"]["version"] == 1
    assert await world.counter() == 3
    assert await world.count("outcomes") == 1
    assert await world.count("versions") == 2
    assert await world.count("events") == 2  # that it was executed, and that the state moved
    assert await world.count("audit_records") == 1


async def test_a_refusal_is_an_outcome_and_is_recorded(world: World) -> None:
    """The state stays; the outcome, its event and its record are stored (D2)."""
    outcome = await world.execute(Plan(steps=(Step(action="counter.explode"),)))

    assert outcome["status"] == "refused"
    assert outcome["refusal"]["code"] == "action_unknown"
    assert outcome["before"] == outcome["after"]
    assert (await world.count("outcomes"), await world.count("audit_records")) == (1, 1)
    assert await world.count("versions") == 1


async def test_steps_before_a_refusal_stay_done_unless_the_plan_is_atomic(world: World) -> None:
    """The plan stops at the first refusal; `atomic` rolls back what came before it."""
    plan = Plan(
        steps=(
            Step(action="counter.increment", inputs={"by": 2}),
            Step(action="counter.set", inputs={"value": -1}),
        )
    )

    atomic = await world.execute(plan, atomic=True)
    after_atomic = await world.counter()
    plain = await world.execute(plan)

    assert [step["status"] for step in atomic["steps"]] == ["rolled_back", "refused"]
    assert after_atomic == 0
    assert [step["status"] for step in plain["steps"]] == ["done", "refused"]
    assert await world.counter() == 2


async def test_a_simulation_says_what_an_execution_then_does(world: World) -> None:
    """The same engine judges both; a simulation stores nothing (D18)."""
    asked = PlanRequest(plan=an_increment(4))

    simulated = document_of(
        await world.plans.simulate(world.context, world.project_id, asked=asked)
    )
    stored = await world.count("outcomes")
    executed = await world.execute(an_increment(4))

    assert stored == 0
    for own in ("id", "created_at"):
        del simulated[own], executed[own]
    assert simulated == executed


async def test_what_needs_a_confirmation_runs_once_its_very_plan_is_confirmed(
    world: World,
) -> None:
    """The digest that the refusal showed confirms that plan on that state, and no other."""
    await world.execute(an_increment(3))
    reset = Plan(steps=(Step(action="counter.reset"),))

    refused = await world.execute(reset)
    wrong = await world.execute(reset, confirms="sha256:0")
    confirmed = await world.execute(reset, confirms=refused["plan_digest"])

    assert refused["refusal"]["code"] == "confirmation_required"
    assert wrong["refusal"]["code"] == "confirmation_required"
    assert confirmed["status"] == "done"
    assert await world.counter() == 0


@pytest.mark.parametrize("change", ["scope", "kind"])
async def test_only_people_whose_credential_allows_it_confirm(world: World, change: str) -> None:
    """A service can't confirm, and neither can a token without the scope (D7, D8)."""
    caller: Caller = world.caller
    if change == "scope":
        caller = replace(caller, scopes=caller.scopes - {Scope.PLANS_CONFIRM})
    else:
        caller = replace(caller, member_kind=MemberKind.SERVICE)

    with pytest.raises(NotAllowedError):
        await world.plans.execute(
            Context(caller=caller),
            world.project_id,
            asked=PlanRequest(plan=an_increment(), confirms="sha256:0"),
        )


async def test_a_repeated_key_acts_once_and_is_answered_the_same(world: World) -> None:
    """One effect, one outcome, and the same document."""
    first = await world.execute(an_increment(), key="k")
    context = replace(world.context, key=a_key("k"))

    again = await world.plans.execute(
        context, world.project_id, asked=PlanRequest(plan=an_increment())
    )

    assert again.replayed
    assert document_of(again) == first
    assert await world.counter() == 1


async def test_a_key_with_another_body_is_refused(world: World) -> None:
    """A key names one request."""
    await world.execute(an_increment(), key="k")
    context = replace(world.context, key=a_key("k", body="another"))

    with pytest.raises(KeyReusedError):
        await world.plans.execute(context, world.project_id, asked=PlanRequest(plan=an_increment()))

    assert await world.counter() == 1


async def test_a_repeated_key_does_not_harm_its_neighbours(world: World) -> None:
    """In one group, the repeated one is answered from storage and the others are committed."""
    await world.execute(an_increment(), key="old")

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(world.execute(an_increment(), key=key))
            for key in ("new-1", "old", "new-2", None, "new-2")
        ]

    found = [task.result() for task in tasks]
    assert found[2] == found[4]
    assert len({outcome["id"] for outcome in found}) == 4
    assert await world.counter() == 4


async def test_concurrent_duplicates_have_one_effect(world: World) -> None:
    """Twenty requests with one key, on two replicas, act once."""
    other = await world.replica()

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(place.execute(an_increment(), key="same"))
            for place in (world, other)
            for _ in range(10)
        ]

    assert len({task.result()["id"] for task in tasks}) == 1
    assert await world.counter() == 1


async def test_waiting_changes_are_committed_in_groups_and_in_order(world: World) -> None:
    """A hundred at once take few commits; each sees what the one before left."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(world.execute(an_increment())) for _ in range(100)]

    versions = [task.result()["after"]["version"] for task in tasks]
    assert versions == list(range(1, 101))
    assert len(world.measures.groups) <= 6
    assert await world.count("outcomes") == 100


async def test_an_expected_version_is_compared_in_turn(world: World) -> None:
    """Of two that expect the same version, one is done, and the other learns of it."""
    with pytest.raises(VersionMismatchError, match="version 0, you expected version 4"):
        await world.execute(an_increment(), expects=4)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_tried(world, expects=0)) for _ in range(2)]

    assert sorted(isinstance(task.result(), Exception) for task in tasks) == [False, True]
    assert await world.counter() == 1


async def _tried(world: World, *, expects: int) -> object:
    try:
        return await world.execute(an_increment(), expects=expects)
    except VersionMismatchError as error:
        return error


async def test_a_deadline_that_passes_in_line_means_that_nothing_was_done(world: World) -> None:
    """While another holder has the project, a waiting change gives up and leaves no trace."""
    lease = await world.leases.acquire(
        f"{world.caller.organization_id}:{world.project_id}", wait_s=1
    )
    try:
        with pytest.raises(DeadlineError, match="nothing was done"):
            await world.execute(an_increment(), patience_s=0.2)
    finally:
        await world.leases.release(lease)

    await world.execute(an_increment(5))
    assert await world.counter() == 5


async def test_a_caller_who_leaves_in_line_takes_their_change_along(world: World) -> None:
    """A cancelled request that was not taken up has no effect."""
    lease = await world.leases.acquire(
        f"{world.caller.organization_id}:{world.project_id}", wait_s=1
    )
    waiting = asyncio.create_task(world.execute(an_increment(7)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await world.leases.release(lease)

    await world.execute(an_increment())
    assert await world.counter() == 1


async def test_another_organizations_project_does_not_exist(world: World) -> None:
    """Its id and one that was never given are answered alike."""
    stranger = replace(
        world.caller, organization_id=world.ids.new("org"), member_id=world.ids.new("mem")
    )
    foreign = await a_project(world.database, stranger)

    messages = set()
    for project in (foreign, world.ids.new("prj")):
        with pytest.raises(NotFoundError) as caught:
            await world.plans.execute(
                world.context, project, asked=PlanRequest(plan=an_increment())
            )
        messages.add(str(caught.value).replace(project, ""))

    assert len(messages) == 1


async def test_stored_records_digest_what_was_answered(world: World) -> None:
    """The audit record holds the digest of the very document that the caller got."""
    executed = await world.lines.join(
        world.execution(),
        project_id=world.project_id,
        standing=world.standing,
        patience_s=5,
    )
    assert isinstance(executed, Executed)

    found = await world.database.direct.fetchval(
        "with tenant as materialized (select set_config('app.organization_id', $1, false)) "
        "select document from tenant, audit_records",
        world.caller.organization_id,
    )
    await world.database.direct.fetchval("select set_config('app.organization_id', '', false)")

    assert parse(found)["document_digest"] == digest_bytes(executed.document.encode())


async def test_rates_and_budgets_hold_in_one_group(world: World) -> None:
    """Of many at once, exactly as many are done as the limit has room for."""
    project = await a_project(
        world.database, world.caller, limits=Limits(budgets={BudgetScope.PROJECT: 5})
    )
    limited = replace(world, project_id=project)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(limited.execute(an_increment())) for _ in range(12)]

    statuses = [task.result()["status"] for task in tasks]
    assert statuses.count("done") == 5
    assert {task.result()["refusal"]["code"] for task in tasks[5:]} == {"budget_exceeded"}
    assert await limited.counter() == 5


async def test_a_repetition_that_expects_its_old_version_finds_its_answer(world: World) -> None:
    """What was done is told, not that the version is another one by now: it moved it itself."""
    context = replace(world.context, key=a_key("once"))
    asked = PlanRequest(plan=an_increment(), expects=0)
    first = await world.plans.execute(context, world.project_id, asked=asked)

    again = await world.plans.execute(context, world.project_id, asked=asked)

    assert again.replayed
    assert again.document == first.document


async def test_who_lost_their_role_in_line_executes_nothing(world: World) -> None:
    """A change that waited is judged by who its caller is when its turn comes."""

    async def nobody() -> Principal:
        raise NotFoundError(kind="project", id=world.project_id)

    clock = FixedClock(world.ids.now())
    place = await world.replica(clock=clock)
    lease = await world.leases.acquire(
        f"{world.caller.organization_id}:{world.project_id}", wait_s=1
    )
    waiting = asyncio.create_task(
        place.lines.join(
            world.execution(), project_id=world.project_id, standing=nobody, patience_s=20
        )
    )
    await asyncio.sleep(0)
    clock.advance(timedelta(seconds=4))
    await world.leases.release(lease)

    with pytest.raises(NotFoundError):
        await waiting

    assert await world.count("outcomes") == 0


async def test_two_environments_with_one_action_id_are_judged_apart(world: World) -> None:
    """A decision about one action is never taken for another's of the same name."""
    low = an_action()
    high = an_action(permission=Permission(risk=Risk.HIGH, roles=("safety",)))
    judges = Judges(
        {
            name: InstalledEnvironment(
                id=name,
                title=name,
                description=name,
                plugin="test@1",
                compiled=a_registry(action),
                limits=Limits(),
            )
            for name, action in (("low", low), ("high", high))
        }
    )
    head = replace(
        await read_head(
            world.database,
            organization_id=world.caller.organization_id,
            project_id=world.project_id,
        ),
        state=a_state(),
    )
    tenure = Tenure(
        organization_id=world.caller.organization_id,
        project_id=world.project_id,
        fence=1,
        now=world.ids.now(),
    )
    execution = world.execution(Plan(steps=(Step(action="box.put"),)))

    decisions = decisions_by_table(world.database, FixedClock(tenure.now))

    statuses = []
    for name in ("low", "high"):
        judge = judges.of(name)
        place = Place(
            organization_id=tenure.organization_id,
            project_id=tenure.project_id,
            head=head,
            registry=judge.registry,
            now=tenure.now,
        )
        decided = await decisions.of([execution], place)
        verdict = judge.group([execution], head, tenure, decided=decided)
        statuses.append(verdict.commit.outcomes[0].status)

    assert statuses == ["done", "refused"]


async def test_a_clock_that_is_behind_makes_no_earlier_version(world: World) -> None:
    """The instants of a project's versions never go back, whatever a machine's clock says."""
    await world.execute(an_increment())
    await world.lines.close()
    behind = await world.replica(clock=FixedClock(world.ids.now() - timedelta(days=2)))

    await behind.execute(an_increment())

    instants = [
        item.created_at
        for item in await world.states.history(
            world.context, world.project_id, before=None, limit=3
        )
    ]
    assert instants == sorted(instants, reverse=True)
