"""Read what a member or a service is granted in a project."""

from __future__ import annotations

from typing import Annotated, Final

import strawberry
from pydantic import Field, TypeAdapter

from runtime.domain.member import ProjectRole
from runtime.domain.principal import Mode
from runtime.entrypoints.graphql.inputs import fitting, one_of
from runtime.services.tenancy.memberships import Grant

MOST_EXTRA_ROLES: Final = 20
ROLES: Final = TypeAdapter(
    Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")], ...],
        Field(max_length=MOST_EXTRA_ROLES),
    ]
)


@strawberry.input(description="What somebody may do in a project.")
class GrantInput:
    """Grant a role, roles that actions name, and how much one plan may do."""

    role: str = ProjectRole.OPERATOR.value
    extra_roles: list[str] = strawberry.field(default_factory=list)
    mode: str = Mode.ASSISTED.value


def grant_of(given: GrantInput) -> Grant:
    """Return what is granted; raise RequestValidationError for a role or mode that is none."""
    return Grant(
        role=one_of(ProjectRole, given.role, argument="grant.role") or ProjectRole.OPERATOR,
        extra_roles=fitting(ROLES, given.extra_roles, argument="grant.extraRoles"),
        mode=one_of(Mode, given.mode, argument="grant.mode") or Mode.ASSISTED,
    )
