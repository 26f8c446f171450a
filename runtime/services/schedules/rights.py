"""Find schedules for those who may see or change them, inside the transaction that goes on."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller
from runtime.domain.errors import NotFoundError
from runtime.domain.schedule import SCHEDULE_PREFIX, Schedule
from runtime.services.standing import (
    active,
    administered,
    known_id,
    require_steady_admin,
    steady_caller,
)
from runtime.services.unit_of_work import Unit
from runtime.store.projects import keep_project
from runtime.store.schedules import find_schedule, held_schedule


async def steady_admin(
    unit: Unit, caller: Caller, project_id: str, *, archived_too: bool = False
) -> Caller:
    """Return the caller as they are now, who administers a project until the transaction ends.

    Raises:
        CredentialRefusedError: they are no member any more, or their token has ended.
        NotFoundError: there is no project that they may see.
        NotAllowedError: they are no admin of it.
        ProjectArchivedError: it is archived, and that matters.
    """
    project = await administered(unit.connection, caller, project_id)
    if not archived_too:
        active(project)
    await keep_project(unit.connection, project_id)
    admin = await steady_caller(unit, caller)
    await require_steady_admin(unit, admin, project_id)
    return admin


async def there(connection: AsyncConnection, project_id: str, schedule_id: str) -> Schedule:
    """Return a schedule of a project.

    Raises:
        NotFoundError: it has none of that id.
    """
    named = known_id(schedule_id, kind="schedule", prefix=SCHEDULE_PREFIX)
    return _known(
        await find_schedule(connection, project_id=project_id, schedule_id=named), schedule_id
    )


async def held(unit: Unit, project_id: str, schedule_id: str) -> Schedule:
    """Return a schedule of a project for this transaction to change.

    Raises:
        NotFoundError: it has none of that id.
    """
    named = known_id(schedule_id, kind="schedule", prefix=SCHEDULE_PREFIX)
    return _known(
        await held_schedule(unit.connection, project_id=project_id, schedule_id=named),
        schedule_id,
    )


def _known(found: Schedule | None, schedule_id: str) -> Schedule:
    if found is None:
        raise NotFoundError(kind="schedule", id=schedule_id)
    return found
