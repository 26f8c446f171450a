"""What somebody is in a project is one question, remembered briefly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from runtime.domain.errors import NotFoundError
from runtime.domain.limits import Limits
from runtime.domain.member import Membership, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.domain.project import Project
from runtime.kit.clock import FixedClock
from runtime.services.context import Context, Ids
from runtime.services.identity.access import Access
from runtime.store.memberships import put_membership
from runtime.store.projects import add_project
from runtime.store.session import Database
from tests.database import FreshDatabase
from tests.unit.runtime.services.founding import START, Founded, found


@dataclass(kw_only=True)
class Setting:
    """Hold a project, its organization and who answers for it."""

    database: FreshDatabase
    clock: FixedClock
    founded: Founded
    project_id: str
    access: Access
    queries: list[str]

    async def put(self, role: ProjectRole, *, member_id: str | None = None) -> None:
        """Give somebody a role in the project, the owner if nobody is named."""
        membership = Membership(
            project_id=self.project_id,
            member_id=member_id or self.founded.member_id,
            role=role,
            extra_roles=("support",),
            mode=Mode.INTERACTIVE,
            created_at=self.clock.now(),
        )
        organization_id = self.founded.organization_id
        async with self.database.transaction(organization_id) as connection:
            await put_membership(connection, membership, organization_id=organization_id)


@pytest_asyncio.fixture
async def setting(database: FreshDatabase) -> Setting:
    """Make a project, and count the questions about standing from then on."""
    clock = FixedClock(START)
    founded = await found(database, clock)
    project = Project(
        id=Ids(clock).new("prj"),
        organization_id=founded.organization_id,
        name="p",
        environment="counter",
        limits=Limits(),
        created_at=clock.now(),
        created_by=founded.member_id,
    )
    async with database.transaction(founded.organization_id) as connection:
        await add_project(connection, project)
    queries = list[str]()
    observed = Database(
        engine=database.engine,
        direct=database.direct,
        observe=lambda pool, _: queries.append(pool) if pool == "direct" else None,
    )
    return Setting(
        database=database,
        clock=clock,
        founded=founded,
        project_id=project.id,
        access=Access(observed, clock),
        queries=queries,
    )


async def test_an_owner_needs_no_membership(setting: Setting) -> None:
    """One question says that the project exists; it is remembered for three seconds."""
    caller = setting.founded.caller()
    principals = [await setting.access.principal(caller, setting.project_id) for _ in range(3)]
    asked = len(setting.queries)
    setting.clock.advance(timedelta(seconds=3))
    await setting.access.principal(caller, setting.project_id)

    assert {principal.roles for principal in principals} == {("owner",)}
    assert principals[0].organization == setting.founded.organization_id
    assert (asked, len(setting.queries)) == (1, 2)


async def test_a_member_is_what_their_membership_says(setting: Setting) -> None:
    """With the roles of the environment, and the mode."""
    await setting.put(ProjectRole.OPERATOR)
    caller = setting.founded.caller(organization_role=OrganizationRole.MEMBER)

    principal = await setting.access.principal(caller, setting.project_id)

    assert principal.roles == ("operator", "support")
    assert principal.grant is Mode.INTERACTIVE


@pytest.mark.parametrize("who", ["a member without a role", "an owner, of no such project"])
async def test_nobody_there_and_no_such_project_look_alike(setting: Setting, who: str) -> None:
    """Whoever asks can't tell which it is."""
    caller = setting.founded.caller()
    project_id = "prj_01KDVDNA000000000000000000"
    if who == "a member without a role":
        caller = setting.founded.caller(organization_role=OrganizationRole.MEMBER)
        project_id = setting.project_id

    with pytest.raises(NotFoundError, match=f"no project '{project_id}' that you may see"):
        await setting.access.principal(caller, project_id)


@pytest.mark.parametrize("project_id", ["", "prj_", "x", "\0", "org_01KDVDNA000000000000000000"])
async def test_what_is_no_id_costs_no_question(setting: Setting, project_id: str) -> None:
    """The database would stumble over some of them."""
    with pytest.raises(NotFoundError):
        await setting.access.principal(setting.founded.caller(), project_id)

    assert setting.queries == []


async def test_another_tenant_is_nobody_here(setting: Setting) -> None:
    """Though they own an organization, and know the id."""
    stranger = (await found(setting.database, FixedClock(START + timedelta(days=1)))).caller()

    with pytest.raises(NotFoundError):
        await setting.access.principal(stranger, setting.project_id)
    await setting.access.principal(setting.founded.caller(), setting.project_id)
    with pytest.raises(NotFoundError):
        await setting.access.principal(stranger, setting.project_id)


@pytest.mark.parametrize("what", ["member", "time"])
async def test_a_change_is_seen_when_it_is_told_or_soon_after(setting: Setting, what: str) -> None:
    """By who made it, or because three seconds passed."""
    caller = setting.founded.caller(organization_role=OrganizationRole.MEMBER)
    await setting.put(ProjectRole.VIEWER)
    before = await setting.access.principal(caller, setting.project_id)
    await setting.put(ProjectRole.ADMIN)
    still = await setting.access.principal(caller, setting.project_id)

    if what == "member":
        setting.access.forget_member(caller.member_id)
    else:
        setting.clock.advance(timedelta(seconds=3))
    after = await setting.access.principal(caller, setting.project_id)

    assert [item.roles[0] for item in (before, still, after)] == ["viewer", "viewer", "admin"]


async def test_of_others_nothing_is_forgotten(setting: Setting) -> None:
    """A change costs only those whom it is about."""
    caller = setting.founded.caller()
    await setting.access.principal(caller, setting.project_id)

    setting.access.forget_member("mem_01KDVDNA000000000000000000")
    await setting.access.principal(caller, setting.project_id)
    await setting.access.close()

    assert len(setting.queries) == 1


async def test_who_went_away_meanwhile_is_nobody(setting: Setting) -> None:
    """Whoever asks who they are, with a credential that was good a moment ago."""
    gone = setting.founded.caller(member_id="mem_01KDVDNA000000000000000000")

    with pytest.raises(NotFoundError):
        await setting.access.described(Context(caller=gone))
