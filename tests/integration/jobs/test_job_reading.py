"""Jobs are read by whoever sees the project, and what was given up everywhere by owners alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runtime.domain.errors import NotAllowedError, NotFoundError
from runtime.domain.job import JobStatus
from runtime.domain.job_filter import JobFilter
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.services.context import Context
from runtime.services.jobs.reading import Jobs
from tests.jobs import Shop, opened_shop

EVERYTHING = JobFilter()


def jobs_of(shop: Shop) -> Jobs:
    """Wire the use cases in a shop."""
    return Jobs(database=shop.world.database)


def an_owner(shop: Shop) -> Context:
    """Return the context of a request by who owns the organization, and is in no project."""
    return Context(caller=replace(shop.world.caller, organization_role=OrganizationRole.OWNER))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param(
            {"scopes": frozenset(Scope) - {Scope.JOBS_READ, Scope.JOBS_MANAGE}},
            NotAllowedError,
            id="a credential without the scope",
        ),
        pytest.param(
            {"member_id": "mem_01KDVDNA000000000000000000"}, NotFoundError, id="nobody there"
        ),
    ],
)
async def test_who_may_not_see_the_project_sees_no_job_of_it(
    shop: Shop, changes: dict[str, Any], error: type[Exception]
) -> None:
    """Neither one nor the list."""
    await shop.put(value=1)
    job, project = await shop.job(), shop.world.project_id
    context = Context(caller=replace(shop.world.caller, **changes))

    with pytest.raises(error):
        await jobs_of(shop).read(context, project, job.id)
    with pytest.raises(error):
        await jobs_of(shop).before(context, project, before=None, limit=9, wanted=EVERYTHING)


async def test_who_only_looks_sees_jobs(shop: Shop) -> None:
    """It takes no right to change any."""
    await shop.put(value=1)
    await shop.superuser.execute("update memberships set role = 'viewer'")
    context = Context(caller=replace(shop.world.caller, scopes=frozenset({Scope.JOBS_READ})))

    found = await jobs_of(shop).before(
        context, shop.world.project_id, before=None, limit=9, wanted=EVERYTHING
    )

    assert len(found) == 1


async def test_owners_alone_see_what_was_given_up_everywhere(shop: Shop) -> None:
    """A member of a project does not, nor whoever owns another organization."""
    await shop.put(times=2, value=1)
    first, _ = await shop.jobs()
    await shop.superuser.execute(
        "update jobs set status = 'dead', ended_at = now() where id = $1", first.id
    )

    async def given_up(context: Context, organization: str) -> list[str]:
        found = await jobs_of(shop).given_up_before(
            context, organization, before=None, limit=9, wanted=EVERYTHING
        )
        return [job.id for job in found]

    assert await given_up(an_owner(shop), shop.organization) == [first.id]
    with pytest.raises(NotAllowedError):
        await given_up(shop.world.context, shop.organization)
    with pytest.raises(NotFoundError):
        await given_up(an_owner(shop), shop.world.ids.new("org"))
    reader = replace(an_owner(shop).caller, scopes=frozenset({Scope.OUTCOMES_READ}))
    with pytest.raises(NotAllowedError):
        await given_up(Context(caller=reader), shop.organization)


async def test_jobs_of_others_are_not_there(shop: Shop, redis_url: str) -> None:
    """An owner of one organization names a project and a job of another one in vain."""
    database = shop.world.database
    other = await opened_shop(shop.stack, database, redis_url)  # type: ignore[arg-type]  # a fresh one
    await other.put(value=1)
    theirs = (await other.jobs())[0]

    with pytest.raises(NotFoundError):
        await jobs_of(shop).read(an_owner(shop), other.world.project_id, theirs.id)
    with pytest.raises(NotFoundError):
        await jobs_of(shop).read(an_owner(shop), shop.world.project_id, theirs.id)
    assert theirs.status is JobStatus.WAITING
