"""Whoever administers a project or owns the organization holds its jobs back, and says why."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import NotAllowedError, NotFoundError
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.jobs.queues import JobQueues, QueuePlace
from runtime.services.unit_of_work import Answer
from tests.execution import a_key
from tests.jobs import Shop
from tests.redriving import Wakes


def queues(shop: Shop, woken: Wakes | None = None) -> JobQueues:
    """Wire the use cases in a shop."""
    world = shop.world
    return JobQueues(database=world.database, ids=world.ids, wake=(woken or Wakes()).wake)


async def an_admin(shop: Shop) -> Context:
    """Let the caller administer the project."""
    await shop.superuser.execute("update memberships set role = 'admin'")
    return _of(shop.world.caller)


async def an_owner(shop: Shop) -> Context:
    """Let the caller own the organization."""
    await shop.superuser.execute("update members set organization_role = 'owner'")
    return _of(replace(shop.world.caller, organization_role=OrganizationRole.OWNER))


def _of(caller: Caller) -> Context:
    return Context(caller=replace(caller, credential_kind=CredentialKind.OIDC))


def of_project(shop: Shop) -> QueuePlace:
    """Name the project's queue."""
    return QueuePlace(organization_id=shop.organization, project_id=shop.world.project_id)


def of_all(shop: Shop) -> QueuePlace:
    """Name the organization's queue."""
    return QueuePlace(organization_id=shop.organization)


async def records(shop: Shop) -> list[tuple[str, str | None, JsonObject]]:
    """Return what was recorded of queues, the oldest first."""
    async with shop.world.database.transaction(shop.organization) as connection:
        asked = text(
            "select kind, project_id, document from audit_records where kind like 'queue%' "
            "order by id"
        )
        return [
            (row.kind, row.project_id, orjson.loads(row.document))
            for row in await connection.execute(asked)
        ]


@pytest.mark.parametrize("whole", [False, True], ids=["a project", "an organization"])
async def test_nothing_starts_while_a_queue_is_paused(shop: Shop, *, whole: bool) -> None:
    """What was put before and during the pause is run after it."""
    context = await (an_owner if whole else an_admin)(shop)
    place = of_all(shop) if whole else of_project(shop)
    woken = Wakes()
    use_case = queues(shop, woken)
    await shop.put(value=1)

    paused = await use_case.pause(context, place, why="the printer burns")
    during = await shop.deliver(shop.worker())
    again = await use_case.pause(context, place, why="it still does")
    resumed = await use_case.resume(context, place)
    await use_case.resume(context, place)
    after = await shop.deliver(shop.worker())

    assert (during, after) == (0, 1)
    assert paused.document["paused_why"] == again.document["paused_why"] == "the printer burns"
    assert paused.document["paused_by"] == shop.world.caller.member_id
    assert (resumed.document["paused_at"], resumed.document["paused_why"]) == (None, None)
    assert [(kind, project) for kind, project, _ in await records(shop)] == [
        ("queue.paused", place.project_id),
        ("queue.resumed", place.project_id),
    ]
    assert woken.times == 2


async def test_limits_are_set_and_taken_away(shop: Shop) -> None:
    """Said twice they are one record; null takes one away."""
    context, place, use_case = await an_admin(shop), of_project(shop), queues(shop)

    first = await use_case.limit(context, place, at_once=3, per_minute=60)
    await use_case.limit(context, place, at_once=3, per_minute=60)
    second = await use_case.limit(context, place, at_once=None, per_minute=60)
    found = await use_case.read(context, place)

    assert (first.document["at_once"], first.document["per_minute"]) == (3, 60)
    assert (second.document["at_once"], found["at_once"], found["per_minute"]) == (None, None, 60)
    told = [item for _, _, item in await records(shop)]
    assert [(item["at_once"], item["per_minute"]) for item in told] == [(3, 60), (None, 60)]


async def test_a_queue_tells_how_many_jobs_there_are(shop: Shop) -> None:
    """By how they stand; who may see the project sees it, and the owner sees the whole."""
    await shop.put(value=1)
    await shop.deliver(shop.worker())
    await shop.put(times=2, value=1)

    found = await queues(shop).read(shop.world.context, of_project(shop))
    whole = await queues(shop).read(await an_owner(shop), of_all(shop))

    assert found["jobs"] == whole["jobs"]
    assert (found["jobs"]["waiting"], found["jobs"]["done"], found["jobs"]["dead"]) == (2, 1, 0)
    assert found["oldest_wait_s"] >= 0
    assert (found["project"], whole["project"]) == (shop.world.project_id, None)


async def test_a_repeated_request_pauses_once(shop: Shop) -> None:
    """Also when somebody resumed it meanwhile."""
    context, place, use_case = await an_admin(shop), of_project(shop), queues(shop)
    keyed = replace(context, key=a_key("k"))
    first = await use_case.pause(keyed, place, why="x")
    await use_case.resume(context, place)

    second = await use_case.pause(keyed, place, why="x")

    assert (second.document, second.replayed) == (first.document, True)
    assert (await use_case.read(context, place))["paused_at"] is None


def _changes(use_case: JobQueues, context: Context, place: QueuePlace) -> list[Awaitable[Answer]]:
    return [
        use_case.pause(context, place, why="x"),
        use_case.resume(context, place),
        use_case.limit(context, place, at_once=1, per_minute=None),
    ]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({}, NotAllowedError, id="an operator"),
        pytest.param(
            {"scopes": frozenset(Scope) - {Scope.JOBS_MANAGE}},
            NotAllowedError,
            id="a credential without the scope",
        ),
        pytest.param(
            {"member_id": "mem_01KDVDNA000000000000000000"}, NotFoundError, id="nobody there"
        ),
    ],
)
async def test_who_does_not_administer_a_project_changes_nothing(
    shop: Shop, changes: dict[str, Any], error: type[Exception]
) -> None:
    """Each of the verbs asks."""
    context = _of(replace(shop.world.caller, **changes))

    for call in _changes(queues(shop), context, of_project(shop)):
        with pytest.raises(error):
            await call

    assert await shop.world.count("audit_records") == 0


async def test_who_was_an_admin_a_moment_ago_changes_nothing(shop: Shop) -> None:
    """It is asked again inside the transaction, whatever a credential said."""
    stale = _of(replace(shop.world.caller, organization_role=OrganizationRole.OWNER))

    for place in (of_project(shop), of_all(shop)):
        for call in _changes(queues(shop), stale, place):
            with pytest.raises(NotAllowedError):
                await call


async def test_who_does_not_own_the_organization_neither_reads_nor_changes_its_queue(
    shop: Shop,
) -> None:
    """An admin of a project has no say in the others."""
    context = await an_admin(shop)

    for call in (
        *_changes(queues(shop), context, of_all(shop)),
        queues(shop).read(context, of_all(shop)),
    ):
        with pytest.raises(NotAllowedError):
            await call


async def test_another_organization_is_none(shop: Shop) -> None:
    """Its id is answered as one that does not exist."""
    context = await an_owner(shop)
    place = QueuePlace(organization_id=shop.world.ids.new("org"))

    for call in (*_changes(queues(shop), context, place), queues(shop).read(context, place)):
        with pytest.raises(NotFoundError):
            await call


async def test_an_admin_needs_the_scope_as_well(shop: Shop) -> None:
    """To read a queue is one thing, to change it another."""
    admin = (await an_admin(shop)).caller
    reader = Context(caller=replace(admin, scopes=frozenset(Scope) - {Scope.JOBS_MANAGE}))
    executor = Context(caller=replace(admin, scopes=frozenset({Scope.PLANS_EXECUTE})))

    for call in _changes(queues(shop), reader, of_project(shop)):
        with pytest.raises(NotAllowedError):
            await call
    assert (await queues(shop).read(reader, of_project(shop)))["paused_at"] is None
    with pytest.raises(NotAllowedError):
        await queues(shop).read(executor, of_project(shop))
