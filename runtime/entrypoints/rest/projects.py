"""Keep the projects of an organization."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from runtime.domain.limits import Limits
from runtime.domain.project import Project
from runtime.domain.storable import storable_limits
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import MOST_NAME_TEXT, NameText
from runtime.services.documents import project_document

router = APIRouter(
    prefix="/v1/projects", tags=["projects"], route_class=PlatformRoute, responses=PROBLEMS
)

LimitsIn = Annotated[Limits, AfterValidator(storable_limits)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProjectIn(_Wire):
    """Say how a new project is called and which environment it lives in.

    Without `limits` it takes those that the environment declares.
    """

    name: NameText
    environment: Annotated[str, Field(min_length=1, max_length=MOST_NAME_TEXT)]
    limits: LimitsIn | None = None


class ProjectChangeIn(_Wire):
    """Say what changes; what is left out, or null, stays. Limits are replaced as a whole."""

    name: NameText | None = None
    limits: LimitsIn | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.name is None and self.limits is None:
            raise ValueError("nothing changes; send a name, limits or both")
        return self


class PurgeIn(_Wire):
    """Confirm a purge by the project's exact name."""

    confirm: Annotated[str, Field(max_length=2 * MOST_NAME_TEXT)]


class ProjectOut(_Wire):
    """Describe a project; nothing in it changes while it is archived.

    Once its purge began, it can only be purged to the end, and its history is not read any more.
    """

    id: str
    name: str
    environment: str
    limits: Limits
    created_at: datetime
    created_by: str
    archived_at: datetime | None
    purge_began_at: datetime | None


class PurgedOut(_Wire):
    """Say whether a project is gone, and what it was: its history, and its last state's digest.

    While `purged` is false, `remaining` rows of history are left: repeat the request.
    """

    project: str
    purged: bool
    remaining: int
    versions: int
    outcomes: int
    digest: str


@router.post("", status_code=HTTPStatus.CREATED, response_model=ProjectOut)
async def create_project(body: ProjectIn, context: Writing, services: ServicesOf) -> Response:
    """Make a project, with the first state of its environment as version 0 of its history."""
    return answered(
        await services.projects.create(
            context, name=body.name, environment=body.environment, limits=body.limits
        )
    )


@router.get("")
async def list_projects(
    context: Reading, services: ServicesOf, page: Paging
) -> PageOut[ProjectOut]:
    """Return the projects that the caller may see: owners see all."""
    found = await services.projects.after(context, page.after_text, limit=page.limit + 1)
    return paged(found, page, key_of=lambda project: project.id, shown=_out)


@router.post("/{project_id}:archive", response_model=ProjectOut)
async def archive_project(project_id: str, context: Writing, services: ServicesOf) -> Response:
    """Let nothing in a project change from now on; its history stays readable."""
    return answered(await services.projects.archive(context, project_id))


@router.post("/{project_id}:restore", response_model=ProjectOut)
async def restore_project(project_id: str, context: Writing, services: ServicesOf) -> Response:
    """Let an archived project change again."""
    return answered(await services.projects.restore(context, project_id))


@router.post("/{project_id}:purge", response_model=PurgedOut)
async def purge_project(
    project_id: str, body: PurgeIn, context: Writing, services: ServicesOf
) -> Response:
    """Delete an archived project with its history, for ever; records of what was done stay.

    A long history takes more than one request: each deletes what it has time for, until one answers
    that the project is purged. A key keeps that last answer only.
    """
    return answered(await services.projects.purge(context, project_id, confirm=body.confirm))


@router.get("/{project_id}")
async def read_project(project_id: str, context: Reading, services: ServicesOf) -> ProjectOut:
    """Return a project."""
    return _out(await services.projects.read(context, project_id))


@router.patch("/{project_id}", response_model=ProjectOut)
async def change_project(
    project_id: str, body: ProjectChangeIn, context: Writing, services: ServicesOf
) -> Response:
    """Give a project another name or other limits; executions judged on the old ones fail."""
    return answered(
        await services.projects.change(context, project_id, name=body.name, limits=body.limits)
    )


def _out(project: Project) -> ProjectOut:
    return ProjectOut.model_validate(project_document(project))
