"""Owners change the rules of their organization, admins those of their project; members read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeAlias

import pytest

from runtime.domain.errors import (
    CredentialRefusedError,
    DomainError,
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    WrongTimeError,
)
from runtime.domain.member import ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.domain.scope import Scope
from runtime.services.context import Context
from runtime.services.policies.rights import organization_scope, project_scope
from runtime.store.session import Database
from tests.policies import PolicySite, a_policy_site, a_policy_world, an_upload, some_modules
from tests.tenants import a_grant, a_person, a_tenant, rows_in

Act: TypeAlias = Callable[[PolicySite, Context, str], Awaitable[object]]

CHANGES: Final[dict[str, Act]] = {
    "upload": lambda site, asking, scope: site.world.policies.upload(
        asking, scope, some_modules(scope), note="x"
    ),
    "upload active": lambda site, asking, scope: site.world.policies.upload(
        asking, scope, some_modules(scope), note="x", activate=True
    ),
    "activate": lambda site, asking, scope: site.world.policies.activate(
        asking, scope, version=1, reason="x"
    ),
    "deactivate": lambda site, asking, scope: site.world.policies.deactivate(
        asking, scope, reason="x"
    ),
}
TRIAL: Final[dict[str, Act]] = {
    "check": lambda site, asking, scope: site.world.policies.check(
        asking, scope, some_modules(scope)
    )
}
READS: Final[dict[str, Act]] = {
    "read": lambda site, asking, scope: site.world.policies.read(asking, scope, version=1),
    "versions": lambda site, asking, scope: site.world.policies.versions(
        asking, scope, before=None, limit=9
    ),
    "activations": lambda site, asking, scope: site.world.policies.activations(
        asking, scope, before=None, limit=9
    ),
    "active": lambda site, asking, scope: site.world.policies.active(asking, scope),
}
WHO: Final = ("owner", "admin", "operator", "viewer", "stranger")
NOBODY: Final = frozenset[str]()


@pytest.fixture
async def site(database: Database) -> PolicySite:
    """Make an organization whose rules hold in both scopes."""
    site = await a_policy_site(database)
    for scope in (ORGANIZATION_SCOPE, site.first):
        await an_upload(site.world, site.tenant, scope, activate=True)
    return site


async def as_(site: PolicySite, who: str) -> Context:
    """Return how somebody asks: by their role in the first project, a stranger has none."""
    if who == "owner":
        return site.owner
    if who == "stranger":
        return await a_person(site.tenant, who, project=site.second, project_role=ProjectRole.ADMIN)
    return await a_person(site.tenant, who, project=site.first, project_role=ProjectRole(who))


async def refusal(work: Awaitable[object]) -> type[DomainError] | None:
    """Return how something was refused, if it was."""
    try:
        await work
    except DomainError as error:
        return type(error)
    return None


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("act", [*CHANGES, *TRIAL])
async def test_who_changes_the_rules_of_a_project(site: PolicySite, act: str, who: str) -> None:
    """Its admins and owners; to strangers it is none."""
    expected: dict[str, type[DomainError]] = {
        "operator": NotAllowedError,
        "viewer": NotAllowedError,
        "stranger": NotFoundError,
    }
    asking = await as_(site, who)
    before = await rows_in(site.tenant, "audit_records")

    found = await refusal({**CHANGES, **TRIAL}[act](site, asking, site.first))

    assert found is expected.get(who)
    recorded = who in {"owner", "admin"}  # trials as well
    assert (await rows_in(site.tenant, "audit_records") > before) is recorded


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("act", [*CHANGES, *TRIAL])
async def test_who_changes_the_rules_of_an_organization(
    site: PolicySite, act: str, who: str
) -> None:
    """Owners alone."""
    asking = await as_(site, who)
    before = await rows_in(site.tenant, "audit_records")

    found = await refusal({**CHANGES, **TRIAL}[act](site, asking, ORGANIZATION_SCOPE))

    assert found is (None if who == "owner" else NotAllowedError)
    recorded = who == "owner"  # trials as well
    assert (await rows_in(site.tenant, "audit_records") > before) is recorded


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("act", READS)
async def test_who_reads_rules(site: PolicySite, act: str, who: str) -> None:
    """Everybody those of the organization, and of a project who is somebody there."""
    asking = await as_(site, who)

    assert await refusal(READS[act](site, asking, ORGANIZATION_SCOPE)) is None
    expected = NotFoundError if who == "stranger" else None
    assert await refusal(READS[act](site, asking, site.first)) is expected


@pytest.mark.parametrize("act", [*CHANGES, *TRIAL, *READS])
async def test_each_act_needs_its_scope(site: PolicySite, act: str) -> None:
    """To read is not to manage; to manage is to read as well."""
    acts = {**CHANGES, **TRIAL, **READS}
    caller = site.owner.caller
    others = frozenset(Scope) - {Scope.POLICIES_READ, Scope.POLICIES_MANAGE}
    reading = Context(caller=replace(caller, scopes=frozenset({Scope.POLICIES_READ})))
    managing = Context(caller=replace(caller, scopes=frozenset({Scope.POLICIES_MANAGE})))

    for scope in (ORGANIZATION_SCOPE, site.first):
        nothing = Context(caller=replace(caller, scopes=others))
        assert await refusal(acts[act](site, nothing, scope)) is NotAllowedError
        found = await refusal(acts[act](site, reading, scope))
        assert found is (None if act in READS else NotAllowedError)
    assert await refusal(acts[act](site, managing, site.first)) is None


@pytest.mark.parametrize("act", [*CHANGES, *TRIAL])
async def test_what_is_archived_takes_no_rules(site: PolicySite, act: str) -> None:
    """Neither a project nor an organization; both can still be read."""
    call = {**CHANGES, **TRIAL}[act]
    await site.tenant.tenancy.projects.archive(site.owner, site.first)
    assert await refusal(call(site, site.owner, site.first)) is ProjectArchivedError

    await site.tenant.tenancy.organizations.archive(site.owner, site.tenant.id)
    for scope in (ORGANIZATION_SCOPE, site.second):
        assert await refusal(call(site, site.owner, scope)) is WrongTimeError
    for read in READS.values():
        assert await refusal(read(site, site.owner, site.first)) is None


@pytest.mark.parametrize("act", CHANGES)
async def test_an_owner_who_is_none_any_more_changes_nothing(site: PolicySite, act: str) -> None:
    """Whatever this replica remembers of them: it is found out in the transaction that writes."""
    other = await a_person(site.tenant, "olga", role=OrganizationRole.OWNER)
    await site.tenant.tenancy.members.change_role(
        site.owner, other.caller.member_id, role=OrganizationRole.MEMBER
    )
    before = await rows_in(site.tenant, "audit_records")

    found = await refusal(CHANGES[act](site, other, ORGANIZATION_SCOPE))

    assert found is NotAllowedError
    assert await rows_in(site.tenant, "audit_records") == before


@pytest.mark.parametrize("act", CHANGES)
async def test_an_admin_who_was_demoted_meanwhile_changes_nothing(
    site: PolicySite, act: str
) -> None:
    """They were one when the trial began; in the transaction that writes they are none."""
    admin = await a_person(site.tenant, "ada", project=site.first, project_role=ProjectRole.ADMIN)
    member = admin.caller.member_id
    stale = replace(admin, caller=replace(admin.caller, organization_role=OrganizationRole.OWNER))
    await a_grant(site.tenant, site.first, member, role=ProjectRole.VIEWER)

    assert await refusal(CHANGES[act](site, stale, site.first)) is NotAllowedError


@pytest.mark.parametrize("act", CHANGES)
async def test_a_member_who_was_removed_changes_nothing(site: PolicySite, act: str) -> None:
    """Nor as an owner whom this replica remembers."""
    other = await a_person(site.tenant, "olga", role=OrganizationRole.OWNER)
    await site.tenant.tenancy.members.remove(site.owner, other.caller.member_id)

    for scope in (ORGANIZATION_SCOPE, site.first):
        assert await refusal(CHANGES[act](site, other, scope)) is CredentialRefusedError


@pytest.mark.parametrize("act", [*CHANGES, *TRIAL, *READS])
async def test_another_organizations_project_is_none(site: PolicySite, act: str) -> None:
    """An owner of another organization can't tell it from one that is not there."""
    other = await a_tenant(site.tenant.tenancy, "Globex")
    world = a_policy_world(site.tenant.tenancy)
    stranger = replace(site, world=world)

    found = await refusal({**CHANGES, **TRIAL, **READS}[act](stranger, other.owner, site.first))

    assert found is NotFoundError
    assert world.checker.tried == []


async def test_a_scope_is_the_callers_own_organization_or_has_the_shape_of_a_project(
    site: PolicySite,
) -> None:
    """What a path names is nobody else's organization, and never both."""
    caller = site.owner.caller

    assert organization_scope(caller, site.tenant.id) == ORGANIZATION_SCOPE
    assert project_scope(site.first) == site.first
    for identifier in (site.tenant.tenancy.ids.new("org"), site.first, ORGANIZATION_SCOPE):
        with pytest.raises(NotFoundError, match="no organization"):
            organization_scope(caller, identifier)
    for identifier in (ORGANIZATION_SCOPE, site.tenant.id, "", "prj_"):
        with pytest.raises(NotFoundError, match="no project"):
            project_scope(identifier)


async def test_an_organization_that_is_not_there_takes_no_rules(site: PolicySite) -> None:
    """Whoever asks for it."""
    nowhere = site.tenant.tenancy.ids.new("org")
    lost = Context(caller=replace(site.owner.caller, organization_id=nowhere))

    for act in CHANGES.values():
        assert await refusal(act(site, lost, ORGANIZATION_SCOPE)) is NotFoundError
