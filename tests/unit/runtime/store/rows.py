"""Build rows of tenancy for tests of their queries."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text

from runtime.domain.limits import NO_LIMITS
from runtime.domain.member import Invitation, Member, MemberKind, Membership, ProjectRole
from runtime.domain.organization import Organization, OrganizationRole
from runtime.domain.principal import Mode
from runtime.domain.project import Project
from runtime.kit.ids import new_id
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.store.session import Database

NOW: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def an_id(prefix: str, number: int = 1) -> str:
    """Build the id of a number; greater numbers sort later."""
    return new_id(prefix, now_ms=number, entropy=bytes(10))


ORGANIZATION: Final = an_id("org")
OTHER: Final = an_id("org", 2)


def an_organization(**changes: JsonValue) -> Organization:
    """Build an organization."""
    declared: JsonObject = {"id": ORGANIZATION, "name": "Acme", "created_at": NOW}
    return Organization(**{**declared, **changes})


def a_member(number: int = 1, **changes: JsonValue) -> Member:
    """Build a person."""
    declared: JsonObject = {
        "id": an_id("mem", number),
        "organization_id": ORGANIZATION,
        "kind": MemberKind.PERSON,
        "display_name": f"Person {number}",
        "organization_role": OrganizationRole.MEMBER,
        "created_at": NOW,
    }
    return Member(**{**declared, **changes})


def a_project(number: int = 1, **changes: JsonValue) -> Project:
    """Build a project."""
    declared: JsonObject = {
        "id": an_id("prj", number),
        "organization_id": ORGANIZATION,
        "name": f"Project {number}",
        "environment": "box",
        "limits": NO_LIMITS,
        "created_at": NOW,
        "created_by": an_id("mem"),
    }
    return Project(**{**declared, **changes})


def a_membership(project: int = 1, member: int = 1, **changes: JsonValue) -> Membership:
    """Build a viewer's membership."""
    declared: JsonObject = {
        "project_id": an_id("prj", project),
        "member_id": an_id("mem", member),
        "role": ProjectRole.VIEWER,
        "extra_roles": (),
        "mode": Mode.ASSISTED,
        "created_at": NOW,
    }
    return Membership(**{**declared, **changes})


def an_invitation(number: int = 1, **changes: JsonValue) -> Invitation:
    """Build an invitation that is open for an hour."""
    declared: JsonObject = {
        "id": an_id("inv", number),
        "email": "new@x",
        "organization_role": OrganizationRole.MEMBER,
        "project_id": None,
        "role": None,
        "created_at": NOW,
        "created_by": an_id("mem"),
        "expires_at": NOW + timedelta(hours=1),
    }
    return Invitation(**{**declared, **changes})


async def waiting_for_a_lock(database: Database, organization_id: str) -> None:
    """Return once a transaction of this database waits for another one's lock."""
    async with asyncio.timeout(20):
        while True:
            async with database.transaction(organization_id) as connection:
                if (await connection.execute(_WAITING)).scalar_one():
                    return


_WAITING: Final = text(
    "select count(*) from pg_stat_activity"
    " where wait_event_type = 'Lock' and datname = current_database()"
)
