"""`plangate member` keeps people and services, and their roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api.cli.conftest import Command, Document

Documents = Callable[..., Document]


@pytest.fixture
def service(document: Documents, request: pytest.FixtureRequest) -> str:
    """Add a service of this test's own, and return its name."""
    name: str = request.node.name
    document("member", "add-service", name)
    return name


def test_members_are_listed(plangate: Command, document: Documents, service: str) -> None:
    """The owner of the demo and whoever was added."""
    members = {item["display_name"]: item for item in document("member", "list")["items"]}

    assert members["Demo"]["organization_role"] == "owner"
    assert members[service]["kind"] == "service"
    assert service in plangate("member", "list").stdout


def test_a_role_in_a_project_is_given_and_taken(
    plangate: Command, document: Documents, service: str
) -> None:
    """In full: what is left out is taken away; the demo is the project if none is named."""
    given = document(
        "member", "grant", service, "operator", "--extra-role", "clerk", "--mode", "interactive"
    )
    changed = document("member", "grant", service, "viewer", "--project", "demo")
    listed = document("member", "list", "--project", "demo")["items"]
    shown = plangate("member", "list", "--project", "demo").stdout
    taken = document("member", "revoke", service)

    assert (given["role"], given["extra_roles"], given["mode"]) == (
        "operator",
        ["clerk"],
        "interactive",
    )
    assert (changed["role"], changed["extra_roles"], changed["mode"]) == ("viewer", [], "assisted")
    assert changed in listed
    assert "EXTRA ROLES" in shown
    assert taken == changed
    assert document("member", "list", "--project", "demo")["items"] == []


def test_a_role_in_the_organization_is_changed(
    plangate: Command, document: Documents, service: str
) -> None:
    """As far as the platform allows it: the last owner stays one, a service is never one."""
    assert document("member", "role", "demo@example.com", "owner")["organization_role"] == "owner"
    assert document("member", "role", service, "member")["organization_role"] == "member"

    last = plangate("member", "role", "demo@example.com", "member")
    robot = plangate("member", "role", service, "owner")

    assert (last.exit_code, last.stdout) == (1, "")
    assert (robot.exit_code, robot.stdout) == (1, "")


def test_a_member_is_removed(document: Documents, service: str) -> None:
    """And found in no list any more."""
    removed = document("member", "remove", service)

    assert removed["removed_at"] is not None
    names = {item["display_name"] for item in document("member", "list")["items"]}
    assert service not in names


def test_people_are_invited(plangate: Command, document: Documents) -> None:
    """To the organization, or to a project as well; the text to hand on is shown this once."""
    invited = document("member", "invite", "Ann@Example.com", "--days", "1")
    to_project = plangate("member", "invite", "bo@example.com", "--project", "demo", "--role",
                          "viewer")  # fmt: skip
    half = plangate("member", "invite", "cy@example.com", "--role", "viewer")

    assert (invited["email"], invited["organization_role"]) == ("ann@example.com", "member")
    assert invited["text"].startswith("pgi_")
    assert "INVITATION    pgi_" in to_project.stdout
    assert half.exit_code == 1
    assert "project_id and role come together" in half.stderr


def test_an_unknown_role_is_wrong_usage(plangate: Command, service: str) -> None:
    """With the roles that there are."""
    result = plangate("member", "grant", service, "king")

    assert result.exit_code == 5
    assert "viewer" in result.stderr
