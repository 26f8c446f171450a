"""Say who may keep webhooks, see what went to them, and let what be heard.

A webhook of a project is its administrators', one of the organization its owners'. What it hears
leaves the platform: so whoever sets a filter needs a credential that may read all of that itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller
from runtime.domain.errors import NotFoundError
from runtime.domain.event_catalogue import EVENT_TYPES, read_with, wanted_by
from runtime.domain.event_type import Reach
from runtime.domain.issued_token import require_grantable
from runtime.domain.scope import Scope
from runtime.domain.webhook import ENDPOINT_PREFIX, Endpoint, EndpointFilter
from runtime.services.standing import (
    active,
    active_organization,
    administered,
    known_id,
    refuse_others,
    require_steady_admin,
    seen,
    steady_caller,
    steady_owner,
)
from runtime.services.unit_of_work import Unit
from runtime.store.webhook_endpoints import find_endpoint, held_endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPlace:
    """Say whose webhooks are meant: a project's, or else an organization's."""

    project_id: str | None = None
    organization_id: str | None = None


def managing_scope(place: WebhookPlace) -> Scope:
    """Return what a credential needs to change webhooks, or to see what went to them."""
    return Scope.ORGANIZATION_MANAGE if place.project_id is None else Scope.PROJECTS_MANAGE


def require_hearing(caller: Caller, place: WebhookPlace, wanted: EndpointFilter) -> None:
    """Refuse a credential that could not read itself what a filter lets through.

    Raises:
        NotAllowedError: it has not all of these scopes.
    """
    of_project = place.project_id is not None
    require_grantable(
        caller,
        {
            scope
            for name, item in EVENT_TYPES.items()
            if not (of_project and item.reach is Reach.ORGANIZATION)
            and wanted_by(wanted.types, name)
            and (scope := read_with(name)) is not None
        },
    )


async def require_seen(connection: AsyncConnection, caller: Caller, place: WebhookPlace) -> None:
    """Refuse whoever may not know which webhooks there are.

    Raises:
        NotFoundError: no such place that they may see.
        NotAllowedError: no owner asks for those of the organization.
    """
    if place.project_id is not None:
        caller.require(Scope.PROJECTS_READ)
        await seen(connection, caller, place.project_id)
        return
    caller.require(Scope.ORGANIZATION_READ)
    _refuse_strangers(caller, place)


async def require_managed(connection: AsyncConnection, caller: Caller, place: WebhookPlace) -> None:
    """Refuse whoever may not see what went to webhooks, or what was answered.

    Raises:
        NotFoundError, NotAllowedError: as `held_place` does.
    """
    caller.require(managing_scope(place))
    if place.project_id is not None:
        await administered(connection, caller, place.project_id)
        return
    _refuse_strangers(caller, place)


async def held_place(unit: Unit, caller: Caller, place: WebhookPlace, *, ends: bool) -> None:
    """Refuse whoever does not administer a place until the transaction ends.

    Args:
        unit: the transaction.
        caller: who asks.
        place: where.
        ends: less is sent afterwards, which is allowed where all else is archived.

    Raises:
        NotFoundError: no such place that they may see.
        NotAllowedError: they are no administrator of the project, or no owner.
        CredentialRefusedError: they are no member any more, or their token has ended.
        ProjectArchivedError, WrongTimeError: the project or the organization is archived.
    """
    if place.project_id is None:
        _refuse_strangers(caller, place)
        if not ends:
            await active_organization(unit.connection, caller)
        await steady_owner(unit, caller)
        return
    if not ends:
        await active_organization(unit.connection, caller)
    project = await administered(unit.connection, caller, place.project_id)
    if not ends:
        active(project)
    await require_steady_admin(unit, await steady_caller(unit, caller), place.project_id)


async def found_endpoint(
    connection: AsyncConnection, place: WebhookPlace, endpoint_id: str
) -> Endpoint:
    """Return an endpoint of a place.

    Raises:
        NotFoundError: it is another's, or there is none.
    """
    known_id(endpoint_id, kind="webhook", prefix=ENDPOINT_PREFIX)
    return _of_place(await find_endpoint(connection, endpoint_id), place, endpoint_id)


async def held_endpoint_of(
    connection: AsyncConnection, place: WebhookPlace, endpoint_id: str
) -> Endpoint:
    """Return an endpoint of a place, for this transaction to change.

    Raises:
        NotFoundError: it is another's, or there is none.
    """
    known_id(endpoint_id, kind="webhook", prefix=ENDPOINT_PREFIX)
    return _of_place(await held_endpoint(connection, endpoint_id), place, endpoint_id)


def _refuse_strangers(caller: Caller, place: WebhookPlace) -> None:
    refuse_others(caller, place.organization_id or "")
    caller.require_owner()


def _of_place(found: Endpoint | None, place: WebhookPlace, endpoint_id: str) -> Endpoint:
    if found is None or found.project_id != place.project_id:
        raise NotFoundError(kind="webhook", id=endpoint_id)
    return found
