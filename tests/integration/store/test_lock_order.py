"""Whatever is done to one organization at once, nobody waits for ever and the rules hold.

Locks are taken in one order; the server would end one of two transactions that wait for each other,
and that would surface here as an error that no use case declares.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from sqlalchemy import text

from runtime.domain.errors import DomainError, StorageUnavailableError
from runtime.domain.member import ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.services.context import Context
from runtime.services.tenancy.memberships import Grant
from runtime.store.session import Database
from tests.tenants import (
    Tenant,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    an_identity,
    an_offer,
)

ROUNDS: Final = 25
AT_ONCE: Final = 6
Act = Callable[[], Awaitable[object]]


@pytest.mark.parametrize("seed", range(3))
async def test_acts_at_once_end_in_an_answer(database: Database, seed: int) -> None:
    """Each is done or refused; there is an owner, and no membership of nobody."""
    choice = random.Random(seed)
    tenant = await a_tenant(a_tenancy(database))
    projects = [await a_project(tenant, f"P{number}") for number in range(2)]
    people = [
        await a_person(
            tenant, f"p{number}", role=OrganizationRole.OWNER, project=project,
            project_role=ProjectRole.ADMIN,
        )
        for number, project in enumerate(projects)
    ]  # fmt: skip

    for _ in range(ROUNDS):
        acts = [_act(choice, tenant, projects, people) for _ in range(AT_ONCE)]
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for act in acts:
                group.create_task(_done_or_refused(act))

    async with database.transaction(tenant.id) as connection:
        owners = text(
            "select count(*) from members where organization_role = 'owner' and removed_at is null"
        )
        assert (await connection.execute(owners)).scalar_one() >= 1
        orphans = text(
            "select count(*) from memberships join members on members.id = member_id"
            " where removed_at is not null"
        )
        assert (await connection.execute(orphans)).scalar_one() == 0


def _act(choice: random.Random, tenant: Tenant, projects: list[str], people: list[Context]) -> Act:
    tenancy, asking = tenant.tenancy, [*people, tenant.owner]
    project, person = choice.choice(projects), choice.choice(asking).caller.member_id
    owner = choice.choice(asking)  # whether they are it still, the use case finds out
    email = f"p{choice.randrange(4)}@people.example"
    role = choice.choice(list(OrganizationRole))
    project_role = choice.choice(list(ProjectRole))
    name = f"P{choice.randrange(3)}"
    acts: list[Act] = [
        lambda: tenancy.projects.change(owner, project, name=name, limits=None),
        lambda: tenancy.projects.archive(owner, project),
        lambda: tenancy.projects.restore(owner, project),
        lambda: tenancy.projects.purge(owner, project, confirm=name),
        lambda: tenancy.projects.create(owner, name=name, environment="box", limits=None),
        lambda: tenancy.members.change_role(owner, person, role=role),
        lambda: tenancy.members.remove(owner, person),
        lambda: tenancy.memberships.put(
            owner, project, member_id=person, grant=Grant(role=project_role)
        ),
        lambda: tenancy.memberships.withdraw(owner, project, member_id=person),
        lambda: tenancy.invitations.create(
            owner, offer=an_offer(email=email, project_id=project, role=project_role)
        ),
        lambda: tenancy.invitations.accept_by_email(an_identity(email, tenant.id)),
        lambda: tenancy.organizations.archive(owner, tenant.id),
        lambda: tenancy.organizations.restore(owner, tenant.id),
        lambda: tenancy.organizations.restore(owner, tenant.id),
    ]
    return choice.choice(acts)


async def _done_or_refused(act: Act) -> None:
    try:
        await act()
    except StorageUnavailableError:
        raise  # a lock that was waited for in vain
    except DomainError:
        return
