"""Find jobs for those who may see or change them, inside the transaction that goes on."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import Caller, require_role
from runtime.domain.errors import NotFoundError
from runtime.domain.job import Job
from runtime.domain.member import ProjectRole
from runtime.domain.project import Project
from runtime.services.standing import known_id, seen
from runtime.store.jobs import find_job

OPERATING: Final = (ProjectRole.OPERATOR, ProjectRole.ADMIN)
"""Who executes plans in a project says what becomes of its jobs."""


async def operated(connection: AsyncConnection, caller: Caller, project_id: str) -> Project:
    """Return a project in which the caller executes plans.

    Raises:
        NotFoundError: there is none that they may see.
        NotAllowedError: they may only look.
    """
    found = await seen(connection, caller, project_id)
    require_role(found.principal, *OPERATING)
    return found.project


async def there(connection: AsyncConnection, project_id: str, job_id: str) -> Job:
    """Return a job of a project.

    Raises:
        NotFoundError: it has none of that id.
    """
    named = known_id(job_id, kind="job", prefix="job")
    found = await find_job(connection, named, project_id=project_id)
    if found is None:
        raise NotFoundError(kind="job", id=job_id)
    return found
