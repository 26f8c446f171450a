"""People have jobs tried again that were given up; every such word is a record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from runtime.domain.errors import (
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    WrongTimeError,
)
from runtime.domain.job import EndCause, JobStatus
from runtime.domain.job_filter import JobFilter
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.services.context import Context
from runtime.services.jobs.redriving import Redrive
from tests.execution import a_key
from tests.jobs import Shop
from tests.redriving import Wakes, dead, records, redriving, refuse


async def test_a_dead_letter_is_tried_again(shop: Shop) -> None:
    """With all its attempts before it; the record says how it had ended."""
    (job_id,) = await dead(shop)
    woken = Wakes()

    answer = await redriving(shop, woken).redrive(shop.world.context, shop.world.project_id, job_id)
    await shop.deliver(shop.worker())

    job = await shop.job()
    assert (answer.document["status"], answer.document["cause"]) == ("waiting", None)
    assert (job.status, job.attempt, job.errors, woken.times) == (JobStatus.DONE, 2, 0, 1)
    ((kind, document),) = await records(shop)
    assert kind == "job.redriven"
    assert (document["was"], document["cause"], document["reason"], document["attempts"]) == (
        "dead",
        "permanent",
        "no such printer",
        1,
    )


async def test_a_repeated_request_redrives_once(shop: Shop) -> None:
    """The second answer is the first one, also when the job has died again meanwhile."""
    (job_id,) = await dead(shop)
    context = replace(shop.world.context, key=a_key("k"))
    first = await redriving(shop).redrive(context, shop.world.project_id, job_id)
    shop.does = refuse
    await shop.deliver(shop.worker())

    second = await redriving(shop).redrive(context, shop.world.project_id, job_id)

    assert (second.document, second.replayed) == (first.document, True)
    assert (await shop.job()).status is JobStatus.DEAD


async def test_what_was_not_given_up_is_not_tried_again(shop: Shop) -> None:
    """Neither what waits nor what is done."""
    await shop.put(value=1)
    job = await shop.job()

    with pytest.raises(WrongTimeError, match="is waiting"):
        await redriving(shop).redrive(shop.world.context, shop.world.project_id, job.id)

    await shop.deliver(shop.worker())
    with pytest.raises(WrongTimeError, match="is done"):
        await redriving(shop).redrive(shop.world.context, shop.world.project_id, job.id)
    assert await records(shop) == []


async def test_one_for_which_another_stands_is_not_tried_again(shop: Shop) -> None:
    """Of one unique key, one job at a time has not ended."""
    shop.does = refuse
    await shop.put("box.once@1", value=1)
    await shop.deliver(shop.worker())
    (first,) = await shop.jobs()
    await shop.put("box.once@1", value=1)

    with pytest.raises(WrongTimeError, match="unique key"):
        await redriving(shop).redrive(shop.world.context, shop.world.project_id, first.id)
    answer = await redriving(shop).redrive_all(
        shop.world.context, shop.world.project_id, redrive=Redrive(wanted=JobFilter())
    )

    assert (answer.document["found"], answer.document["redriven"]) == (1, 0)
    assert await records(shop) == []


async def test_a_dry_run_tells_and_changes_nothing(shop: Shop) -> None:
    """The same filter then finds the same jobs, the oldest first, so many as were asked for."""
    ids = await dead(shop, 3)
    found = Redrive(wanted=JobFilter(statuses=frozenset({JobStatus.DEAD})), most=2)
    context, project, woken = shop.world.context, shop.world.project_id, Wakes()
    use_case = redriving(shop, woken)

    dry = await use_case.redrive_all(context, project, redrive=replace(found, dry_run=True))
    after_dry = (await shop.statuses(), await records(shop), woken.times)
    first = await use_case.redrive_all(context, project, redrive=found)
    second = await use_case.redrive_all(context, project, redrive=found)

    assert dry.document == {"found": 2, "more": True, "redriven": 0, "jobs": ids[:2]}
    assert after_dry == ({JobStatus.DEAD: 3}, [], 0)
    assert first.document == {"found": 2, "more": True, "redriven": 2, "jobs": ids[:2]}
    assert second.document == {"found": 1, "more": False, "redriven": 1, "jobs": ids[2:]}
    told = await records(shop)
    assert [(kind, document["jobs"]) for kind, document in told] == [
        ("jobs.redriven", ids[:2]),
        ("jobs.redriven", ids[2:]),
    ]
    assert woken.times == 2
    assert await shop.statuses() == {JobStatus.WAITING: 3}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(JobFilter(), 2, id="all that were given up"),
        pytest.param(JobFilter(statuses=frozenset({JobStatus.CANCELLED})), 1, id="by status"),
        pytest.param(JobFilter(name="box.label"), 2, id="by name"),
        pytest.param(JobFilter(name="box.fly"), 0, id="by another name"),
        pytest.param(JobFilter(cause=EndCause.PERMANENT), 1, id="by cause"),
        pytest.param(JobFilter(cause=EndCause.CANCELLED), 1, id="by having been cancelled"),
        pytest.param(JobFilter(cause=EndCause.CRASHED), 0, id="by another cause"),
    ],
)
async def test_a_filter_finds_what_it_names(shop: Shop, wanted: JobFilter, found: int) -> None:
    """One is dead, one is cancelled, one waits still and so is never among them."""
    await dead(shop)
    await shop.put(times=2, value=1)
    _, second, _ = await shop.jobs()
    await redriving(shop).cancel(
        shop.world.context, shop.world.project_id, second.id, reason="unwanted"
    )

    answer = await redriving(shop).redrive_all(
        shop.world.context,
        shop.world.project_id,
        redrive=Redrive(wanted=wanted, dry_run=True),
    )

    assert answer.document["found"] == found


async def test_a_filter_knows_when_jobs_ended(shop: Shop) -> None:
    """From an instant on, and before one: what ended then is in the first and not in the second."""
    await dead(shop)
    ended_at = (await shop.job()).ended_at
    assert ended_at is not None

    async def found(**wanted: Any) -> int:  # noqa: ANN401  # an instant
        redrive = Redrive(wanted=JobFilter(**wanted), dry_run=True)
        answer = await redriving(shop).redrive_all(
            shop.world.context, shop.world.project_id, redrive=redrive
        )
        return int(answer.document["found"])

    assert await found(ended_after=ended_at) == 1
    assert await found(ended_before=ended_at) == 0
    assert await found(ended_after=ended_at + timedelta(microseconds=1)) == 0
    assert await found(ended_before=ended_at + timedelta(microseconds=1)) == 1


async def test_other_projects_jobs_are_left_alone(shop: Shop) -> None:
    """A filter is of one project, and so is an id."""
    (job_id,) = await dead(shop)
    owner = replace(shop.world.caller, organization_role=OrganizationRole.OWNER)
    context = Context(caller=owner)
    other = shop.world.ids.new("prj")
    await shop.superuser.execute(
        "insert into projects (organization_id, id, name, environment, limits, created_at, "
        "created_by) select organization_id, $1, 'other', environment, limits, created_at, "
        "created_by from projects",
        other,
    )

    answer = await redriving(shop).redrive_all(context, other, redrive=Redrive(wanted=JobFilter()))

    assert answer.document["found"] == 0
    for call in (
        redriving(shop).redrive(context, other, job_id),
        redriving(shop).cancel(context, other, job_id, reason=""),
    ):
        with pytest.raises(NotFoundError):
            await call


@pytest.mark.parametrize(
    ("role", "changes", "error"),
    [
        pytest.param("viewer", {}, NotAllowedError, id="who only looks"),
        pytest.param(
            "operator",
            {"scopes": frozenset(Scope) - {Scope.JOBS_MANAGE}},
            NotAllowedError,
            id="a credential without the scope",
        ),
        pytest.param(
            "operator", {"member_id": "mem_01KDVDNA000000000000000000"}, NotFoundError, id="nobody"
        ),
    ],
)
async def test_who_may_not_operate_changes_nothing(
    shop: Shop, role: str, changes: dict[str, Any], error: type[Exception]
) -> None:
    """Each of the verbs asks."""
    (job_id,) = await dead(shop)
    await shop.superuser.execute("update memberships set role = $1", role)
    context = Context(caller=replace(shop.world.caller, **changes))
    use_case, project = redriving(shop), shop.world.project_id

    for call in (
        use_case.cancel(context, project, job_id, reason=""),
        use_case.redrive(context, project, job_id),
        use_case.redrive_all(context, project, redrive=Redrive(wanted=JobFilter())),
    ):
        with pytest.raises(error):
            await call
    assert await shop.statuses() == {JobStatus.DEAD: 1}


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        pytest.param(
            "update projects set archived_at = now()", ProjectArchivedError, id="the project"
        ),
        pytest.param(
            "update organizations set archived_at = now()", WrongTimeError, id="the organization"
        ),
    ],
)
async def test_nothing_is_tried_again_where_nothing_runs(
    shop: Shop, statement: str, error: type[Exception]
) -> None:
    """Cancelling is possible there all the same."""
    (job_id,) = await dead(shop)
    await shop.put(value=2)
    waiting = (await shop.jobs())[1]
    await shop.superuser.execute(statement)
    use_case, project = redriving(shop), shop.world.project_id

    for call in (
        use_case.redrive(shop.world.context, project, job_id),
        use_case.redrive_all(shop.world.context, project, redrive=Redrive(wanted=JobFilter())),
    ):
        with pytest.raises(error):
            await call

    answer = await use_case.cancel(shop.world.context, project, waiting.id, reason="")
    assert answer.document["status"] == "cancelled"


@pytest.mark.parametrize("job_id", ["job_01KDVDNA000000000000000000", "job_1", "x\ny"])
async def test_an_id_that_nothing_has_is_not_found(shop: Shop, job_id: str) -> None:
    """Whatever its shape."""
    with pytest.raises(NotFoundError):
        await redriving(shop).redrive(shop.world.context, shop.world.project_id, job_id)
