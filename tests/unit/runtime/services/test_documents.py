"""What use cases answer is what the API declares, letter by letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from runtime.domain.limits import ExecutionWindow, Limits
from runtime.domain.member import ProjectRole
from runtime.entrypoints.rest.invitations import InvitationOut
from runtime.entrypoints.rest.members import MemberOut
from runtime.entrypoints.rest.memberships import MembershipOut
from runtime.entrypoints.rest.organizations import OrganizationOut
from runtime.entrypoints.rest.projects import ProjectOut
from runtime.services.documents import (
    invitation_document,
    member_document,
    membership_document,
    organization_document,
    project_document,
    spelled_instant,
)
from tests.unit.runtime.store.rows import (
    a_member,
    a_membership,
    a_project,
    an_invitation,
    an_organization,
)

LATER = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
WINDOW = ExecutionWindow.model_validate({"days": [1], "start": "08:00", "end": "17:30:15"})


@pytest.mark.parametrize(
    ("spell", "thing", "declared"),
    [
        pytest.param(organization_document, an_organization(), OrganizationOut, id="organization"),
        pytest.param(
            organization_document,
            an_organization(archived_at=LATER),
            OrganizationOut,
            id="archived organization",
        ),
        pytest.param(project_document, a_project(), ProjectOut, id="project"),
        pytest.param(
            project_document,
            a_project(limits=Limits(per_hour=3, windows=(WINDOW,)), archived_at=LATER),
            ProjectOut,
            id="archived project with limits",
        ),
        pytest.param(member_document, a_member(), MemberOut, id="member"),
        pytest.param(
            member_document,
            a_member(email="a@x", issuer="i", subject="s", removed_at=LATER),
            MemberOut,
            id="removed member",
        ),
        pytest.param(
            membership_document,
            a_membership(extra_roles=("a", "b")),
            MembershipOut,
            id="membership",
        ),
        pytest.param(invitation_document, an_invitation(), InvitationOut, id="invitation"),
        pytest.param(
            invitation_document,
            an_invitation(
                project_id="prj", role=ProjectRole.ADMIN, accepted_at=LATER, revoked_at=LATER
            ),
            InvitationOut,
            id="invitation to a project",
        ),
    ],
)
def test_a_document_is_what_its_wire_model_says(
    spell: Callable[[Any], dict[str, Any]], thing: object, declared: type[BaseModel]
) -> None:
    """So that a first answer, a replayed one and a later read are the same."""
    document = spell(thing)

    assert declared.model_validate(document).model_dump(mode="json") == document


def test_an_instant_is_spelled_in_utc() -> None:
    """With as many digits as it has."""
    assert spelled_instant(LATER) == "2026-02-03T04:05:06.000789Z"
    assert spelled_instant(LATER.replace(microsecond=0)) == "2026-02-03T04:05:06Z"


def test_who_vouches_for_a_member_is_not_told() -> None:
    """Only that somebody does."""
    document = member_document(replace(a_member(), issuer="https://secret", subject="subject-1"))

    assert document["logs_in"] is True
    assert "secret" not in str(document)
    assert "subject-1" not in str(document)
