"""Find whether a caller may read or change the rules of a scope.

Owners change their organization's, admins those of their project; whoever is somebody there reads.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller
from runtime.domain.errors import NotFoundError, WrongTimeError
from runtime.domain.organization import Organization
from runtime.domain.policy_version import ORGANIZATION_SCOPE, project_of
from runtime.services.standing import (
    active,
    administered,
    held,
    known_id,
    require_steady_admin,
    seen,
    steady_caller,
    steady_owner,
)
from runtime.services.unit_of_work import Unit
from runtime.store.organizations import find_organization, held_organization
from runtime.store.projects import outdate_judgements


def organization_scope(caller: Caller, organization_id: str) -> str:
    """Return the scope of the caller's organization.

    Raises:
        NotFoundError: it is another one, or none.
    """
    if organization_id != caller.organization_id:
        raise NotFoundError(kind="organization", id=organization_id)
    return ORGANIZATION_SCOPE


def project_scope(project_id: str) -> str:
    """Return the scope of a project, whether there is one or not.

    Raises:
        NotFoundError: a text of another shape, which no project has as its id.
    """
    return known_id(project_id, kind="project", prefix="prj")


async def require_reader(connection: AsyncConnection, caller: Caller, scope: str) -> None:
    """Refuse whoever may not see the rules of a scope.

    Raises:
        NotFoundError: there is no such project that they may see.
    """
    project = project_of(scope)
    if project is not None:
        await seen(connection, caller, project)


async def require_author(connection: AsyncConnection, caller: Caller, scope: str) -> None:
    """Refuse whoever could not change the rules of a scope now; nothing is locked.

    Raises:
        NotFoundError: there is no such project that they may see.
        NotAllowedError: they are no owner, or no admin of the project.
        WrongTimeError: the organization is archived.
        ProjectArchivedError: the project is.
    """
    project = project_of(scope)
    if project is None:
        caller.require_owner()
    else:
        active(await administered(connection, caller, project))
    _active(await find_organization(connection, caller.organization_id), caller)


async def hold_scope(unit: Unit, caller: Caller, scope: str, *, outdates: bool) -> None:
    """Let nobody else number anything or change rules before this transaction ends.

    Args:
        unit: the transaction.
        caller: who asks.
        scope: where they change rules.
        outdates: what was judged before by the rules of the scope fails at its commit.

    Raises:
        DomainError: as `require_author` does, by what holds until the transaction ends.
        CredentialRefusedError: they are no member any more, or their token has ended.
    """
    _active(await held_organization(unit.connection, caller.organization_id), caller)
    project = project_of(scope)
    if project is None:
        if outdates:
            await outdate_judgements(unit.connection, caller.organization_id)
        await steady_owner(unit, caller)
    elif outdates:
        active(await held(unit, caller, project))
    else:  # whoever archives or purges a project waits for the organization's row
        active(await administered(unit.connection, caller, project))
        await require_steady_admin(unit, await steady_caller(unit, caller), project)


def _active(found: Organization | None, caller: Caller) -> None:
    if found is None:
        raise NotFoundError(kind="organization", id=caller.organization_id)
    if found.archived_at is not None:
        raise WrongTimeError(
            what=f"organization '{found.name}'", found="archived", remedy="restore it first"
        )
