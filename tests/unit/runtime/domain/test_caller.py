"""A caller is what the credential says, and in a project what the membership says, and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runtime.domain.caller import Caller, CredentialKind, require_role
from runtime.domain.errors import NotAllowedError, NotFoundError
from runtime.domain.member import MemberKind, Membership, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode, Principal
from runtime.domain.scope import Scope

PROJECT = "prj_01KDVDNA000000000000000000"


def a_caller(
    role: OrganizationRole = OrganizationRole.MEMBER,
    scopes: frozenset[Scope] = frozenset({Scope.PLANS_EXECUTE}),
) -> Caller:
    """Build ann's API token."""
    return Caller(
        member_id="mem_ann",
        organization_id="org_acme",
        organization_role=role,
        member_kind=MemberKind.PERSON,
        scopes=scopes,
        credential_id="tok_1",
        credential_kind=CredentialKind.API_TOKEN,
    )


def a_membership(role: ProjectRole = ProjectRole.OPERATOR) -> Membership:
    """Build ann's membership."""
    return Membership(
        project_id=PROJECT,
        member_id="mem_ann",
        role=role,
        extra_roles=("finance", "operator"),
        mode=Mode.AUTONOMOUS,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def a_principal(*roles: str) -> Principal:
    """Build a principal of these roles."""
    return Principal(id="mem_ann", organization="org_acme", roles=roles)


def test_a_missing_scope_is_refused_and_named() -> None:
    """The message says what the token lacks and what it has."""
    with pytest.raises(NotAllowedError, match=r"scope state:revert; you have plans:execute"):
        a_caller().require(Scope.STATE_REVERT)

    a_caller().require(Scope.PLANS_EXECUTE)


def test_only_owners_pass_as_owners() -> None:
    """A member of the organization owns nothing."""
    a_caller(OrganizationRole.OWNER).require_owner()

    with pytest.raises(NotAllowedError, match="owner; you have member"):
        a_caller().require_owner()


def test_a_member_has_the_roles_of_the_membership() -> None:
    """Each role once, the platform's first; the mode is the membership's."""
    principal = a_caller().principal(PROJECT, a_membership())

    assert principal.roles == ("operator", "finance")
    assert principal.grant is Mode.AUTONOMOUS
    assert (principal.id, principal.organization) == ("mem_ann", "org_acme")


def test_claims_go_with_the_caller_into_every_project() -> None:
    """As the provider vouched for them; they may be personal, and show nowhere."""
    caller = replace(a_caller(), claims='{"team":"ops"}')

    assert caller.principal(PROJECT, a_membership()).claims == '{"team":"ops"}'
    assert "ops" not in repr(caller)
    assert a_caller().principal(PROJECT, a_membership()).claims == ""


def test_who_has_no_membership_can_not_tell_whether_the_project_exists() -> None:
    """The answer is that of a project that is not there."""
    with pytest.raises(NotFoundError, match=f"no project '{PROJECT}'"):
        a_caller().principal(PROJECT, None)


@pytest.mark.parametrize(
    ("membership", "roles", "mode"),
    [
        pytest.param(None, ("owner",), Mode.ASSISTED, id="no member of the project"),
        pytest.param(
            a_membership(ProjectRole.VIEWER),
            ("owner", "viewer", "finance", "operator"),
            Mode.AUTONOMOUS,
            id="a viewer there",
        ),
    ],
)
def test_an_owner_is_one_in_every_project(
    membership: Membership | None, roles: tuple[str, ...], mode: Mode
) -> None:
    """With or without a membership."""
    principal = a_caller(OrganizationRole.OWNER).principal(PROJECT, membership)

    assert principal.roles == roles
    assert principal.grant is mode


def test_a_project_role_is_required() -> None:
    """One of those that are named, or owner."""
    require_role(a_principal("admin"), ProjectRole.ADMIN)
    require_role(a_principal("owner"), ProjectRole.ADMIN)
    require_role(a_principal("operator"), ProjectRole.ADMIN, ProjectRole.OPERATOR)

    with pytest.raises(NotAllowedError, match="roles admin; you have operator"):
        require_role(a_principal("operator"), ProjectRole.ADMIN)
