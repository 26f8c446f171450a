"""A token ends, is replaced while it lives, and never hands on more than it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import NotAllowedError, WrongTimeError
from runtime.domain.issued_token import (
    LONGEST_LIFE,
    USUAL_LIFE,
    IssuedToken,
    require_bearer,
    require_grantable,
    scopes_by_role,
)
from runtime.domain.member import Member, MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TOKEN = IssuedToken(
    id="tok_01KDVDNA000000000000000000",
    organization_id="org_01KDVDNA000000000000000000",
    member_id="mem_01KDVDNA000000000000000000",
    kind=CredentialKind.API_TOKEN,
    name="ci",
    scopes=frozenset({Scope.STATE_READ}),
    created_at=NOW - DAY,
    created_by="mem_01KDVDNA000000000000000000",
    expires_at=NOW + DAY,
)


def a_caller(*scopes: Scope) -> Caller:
    """Build a caller whose credential has these scopes."""
    return Caller(
        member_id=TOKEN.member_id,
        organization_id=TOKEN.organization_id,
        organization_role=OrganizationRole.OWNER,
        member_kind=MemberKind.PERSON,
        scopes=frozenset(scopes),
        credential_id=TOKEN.id,
        credential_kind=CredentialKind.API_TOKEN,
    )


@pytest.mark.parametrize(
    ("token", "ended"),
    [
        pytest.param(TOKEN, False, id="it lives"),
        pytest.param(replace(TOKEN, expires_at=None), False, id="it was made to stay"),
        pytest.param(replace(TOKEN, expires_at=NOW), True, id="it ends at this instant"),
        pytest.param(replace(TOKEN, revoked_at=NOW - DAY), True, id="it was revoked"),
    ],
)
def test_a_token_ends(token: IssuedToken, ended: bool) -> None:  # noqa: FBT001
    """By its expiry, or because somebody revoked it."""
    assert token.ended(NOW) is ended


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(replace(TOKEN, revoked_at=NOW), id="revoked"),
        pytest.param(replace(TOKEN, expires_at=NOW), id="expired"),
        pytest.param(replace(TOKEN, kind=CredentialKind.SESSION), id="a session"),
    ],
)
def test_what_has_ended_and_sessions_are_not_replaced(token: IssuedToken) -> None:
    """A replacement would bring them back."""
    with pytest.raises(WrongTimeError, match="token 'tok_"):
        token.require_replaceable(NOW)


def test_a_living_token_is_replaced() -> None:
    """Nothing stands in its way."""
    TOKEN.require_replaceable(NOW)


@pytest.mark.parametrize(
    ("token", "life"),
    [
        pytest.param(TOKEN, 2 * DAY, id="as long as the replaced one"),
        pytest.param(replace(TOKEN, expires_at=None), USUAL_LIFE, id="for one without an end"),
        pytest.param(
            replace(TOKEN, expires_at=NOW + 2 * LONGEST_LIFE), LONGEST_LIFE, id="never too long"
        ),
    ],
)
def test_a_replacement_lives_as_long(token: IssuedToken, life: timedelta) -> None:
    """But no longer than any new token may."""
    assert token.life == life


def test_no_scope_is_handed_on_that_the_credential_has_not() -> None:
    """The refusal names what is beyond it."""
    with pytest.raises(NotAllowedError, match="plans:execute"):
        require_grantable(a_caller(Scope.STATE_READ), {Scope.STATE_READ, Scope.PLANS_EXECUTE})


def test_a_greater_scope_hands_on_the_lesser_one() -> None:
    """Who manages may let others read."""
    require_grantable(a_caller(Scope.TOKENS_MANAGE), {Scope.TOKENS_READ, Scope.TOKENS_MANAGE})


def test_a_login_may_what_the_role_can_allow() -> None:
    """Managing the organization is for owners alone."""
    assert scopes_by_role(OrganizationRole.OWNER) == frozenset(Scope)
    assert frozenset(Scope) - scopes_by_role(OrganizationRole.MEMBER) == {
        Scope.ORGANIZATION_MANAGE,
        Scope.AUDIT_READ,
    }


def a_member(member_id: str, kind: MemberKind) -> Member:
    """Build a member."""
    return Member(
        id=member_id,
        organization_id="org_01KDVDNA000000000000000000",
        kind=kind,
        display_name="Somebody",
        organization_role=OrganizationRole.MEMBER,
        created_at=NOW,
    )


@pytest.mark.parametrize(
    ("role", "member_id", "kind", "allowed"),
    [
        pytest.param("member", "mine", MemberKind.PERSON, True, id="one's own"),
        pytest.param("owner", "other", MemberKind.SERVICE, True, id="an owner's for a service"),
        pytest.param("member", "other", MemberKind.SERVICE, False, id="a member's for a service"),
        pytest.param("owner", "other", MemberKind.PERSON, False, id="an owner's for a person"),
        pytest.param("member", "other", MemberKind.PERSON, False, id="a member's for a person"),
    ],
)
def test_nobody_gets_a_token_to_act_as_another_person(
    role: str, member_id: str, kind: MemberKind, *, allowed: bool
) -> None:
    """Whoever could, would confirm and approve in their name."""
    caller = replace(a_caller(), member_id="mine", organization_role=OrganizationRole(role))

    if allowed:
        require_bearer(caller, a_member(member_id, kind))
    else:
        with pytest.raises(NotAllowedError):
            require_bearer(caller, a_member(member_id, kind))
