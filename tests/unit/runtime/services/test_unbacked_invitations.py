"""An invitation ends with the right of whoever made it: to offer that, not to have offered it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import pytest
import pytest_asyncio
from sqlalchemy import text

from runtime.domain.member import ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.tenancy.memberships import Grant
from runtime.store.session import Database
from tests.tenants import (
    Tenant,
    a_grant,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    an_identity,
    an_offer,
)
from tests.unit.runtime.store.rows import waiting_for_a_lock

ADMIN, VIEWER = ProjectRole.ADMIN, ProjectRole.VIEWER
OWNER, MEMBER = OrganizationRole.OWNER, OrganizationRole.MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Hold an owner who administers one of two projects, and what they offered to whom."""

    tenant: Tenant
    inviter: Context
    project: str
    other: str

    @property
    def inviter_id(self) -> str:
        """Return who offered."""
        return self.inviter.caller.member_id


@pytest_asyncio.fixture
async def offers(database: Database) -> Offers:
    """Let a second owner offer whatever can be offered, and the first one something as well."""
    tenant = await a_tenant(a_tenancy(database))
    project, other = await a_project(tenant), await a_project(tenant, "Other")
    inviter = await a_person(tenant, "pat", role=OWNER, project=project, project_role=ADMIN)
    for name, changes in OFFERS.items():
        places = {"here": project, "there": other}
        where: JsonObject = {
            key: places.get(value, value) if isinstance(value, str) else value
            for key, value in changes.items()
        }
        asked = tenant.owner if name == "of another" else inviter
        await tenant.tenancy.invitations.create(
            asked, offer=an_offer(email=f"{name.replace(' ', '.')}@people.example", **where)
        )
    return Offers(tenant=tenant, inviter=inviter, project=project, other=other)


OFFERS: Final[dict[str, JsonObject]] = {
    "member": {},
    "owner": {"organization_role": OWNER},
    "viewer here": {"project_id": "here", "role": VIEWER},
    "owner here": {"project_id": "here", "role": VIEWER, "organization_role": OWNER},
    "admin there": {"project_id": "there", "role": ADMIN},
    "of another": {"organization_role": OWNER},
}
Change = Callable[[Offers], Awaitable[object]]


async def remove(offers: Offers) -> None:
    """Remove the inviter."""
    await offers.tenant.tenancy.members.remove(offers.tenant.owner, offers.inviter_id)


async def demote(offers: Offers) -> None:
    """Let the inviter be an owner no more."""
    await offers.tenant.tenancy.members.change_role(
        offers.tenant.owner, offers.inviter_id, role=MEMBER
    )


async def withdraw(offers: Offers) -> None:
    """Let the inviter be nothing in their project."""
    await offers.tenant.tenancy.memberships.withdraw(
        offers.tenant.owner, offers.project, member_id=offers.inviter_id
    )


async def lessen(offers: Offers) -> None:
    """Let the inviter be less than an admin in their project."""
    await offers.tenant.tenancy.memberships.put(
        offers.tenant.owner, offers.project, member_id=offers.inviter_id, grant=Grant(role=VIEWER)
    )


async def promote_in_other(offers: Offers) -> None:
    """Let the inviter be an admin in the other project too."""
    await a_grant(offers.tenant, offers.other, offers.inviter_id, role=ADMIN)


@pytest.mark.parametrize(
    ("changes", "stand"),
    [
        pytest.param([remove], [], id="removed"),
        pytest.param([demote], ["viewer here"], id="demoted"),
        pytest.param([withdraw], [*OFFERS][:-1], id="withdrawn, but an owner"),
        pytest.param([lessen], [*OFFERS][:-1], id="lessened, but an owner"),
        pytest.param([demote, withdraw], [], id="demoted and withdrawn"),
        pytest.param([demote, lessen], [], id="demoted and lessened"),
        pytest.param([lessen, demote], [], id="lessened and demoted"),
        pytest.param(
            [promote_in_other, demote],
            ["viewer here", "admin there"],
            id="demoted, but admin of both",
        ),
    ],
)
async def test_what_could_not_be_offered_any_more_is_taken_back(
    offers: Offers, changes: list[Change], stand: list[str]
) -> None:
    """And nothing else; what others offered stands."""
    for change in changes:
        await change(offers)

    open_ones = {name for name in OFFERS if await _opens(offers, name)}

    assert open_ones == {*stand, "of another"}


@pytest.mark.parametrize(
    ("changes", "kind", "taken_back"),
    [
        ([remove], "member.removed", 5),
        ([demote], "member.role_changed", 4),
        ([demote, withdraw], "membership.withdrawn", 1),
        ([demote, lessen], "membership.granted", 1),
        ([lessen], "membership.granted", 0),
    ],
)
async def test_what_is_taken_back_is_on_record(
    offers: Offers, changes: list[Change], kind: str, taken_back: int
) -> None:
    """By its ids, with what took the right away."""
    for change in changes:
        await change(offers)

    async with offers.tenant.tenancy.database.transaction(offers.tenant.id) as connection:
        asked = text(
            "select document from audit_records where kind = :kind order by ctid desc limit 1"
        )
        told = parse((await connection.execute(asked, {"kind": kind})).scalar_one())
        last_revoked = set(
            await connection.scalars(
                text("select id from invitations where revoked_at is not null")
            )
        )
    assert len(told["invitations_taken_back"]) == taken_back
    assert set(told["invitations_taken_back"]) <= last_revoked


async def test_what_is_offered_while_the_right_goes_is_found(offers: Offers) -> None:
    """The offer came first, so whoever takes the right away waits for it and takes it back."""
    tenant = offers.tenant
    await demote(offers)
    admin = offers.inviter
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        await connection.execute(
            text("select from projects where id = :project for update"), {"project": offers.project}
        )
        offering = asyncio.create_task(
            tenant.tenancy.invitations.create(
                admin, offer=an_offer(email="late@x", project_id=offers.project, role=ADMIN)
            )
        )
        await waiting_for_a_lock(tenant.tenancy.database, tenant.id)
        removing = asyncio.create_task(remove(offers))
    await asyncio.wait([offering, removing], timeout=20)

    await removing
    created = offering.exception() is None
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        asked = text(
            "select count(*) from invitations where email = 'late@x' and revoked_at is null"
        )
        assert (await connection.execute(asked)).scalar_one() == 0, created


async def _opens(offers: Offers, name: str) -> bool:
    """Say whether who was offered something becomes a member by it."""
    email = f"{name.replace(' ', '.')}@people.example"
    return await offers.tenant.tenancy.invitations.accept_by_email(
        an_identity(email, offers.tenant.id)
    )
