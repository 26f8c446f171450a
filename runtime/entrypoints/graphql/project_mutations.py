"""Make and change projects, with the limits of each, of its members and of its actions."""

from __future__ import annotations

from typing import Annotated, Final

import strawberry
from pydantic import AfterValidator, TypeAdapter

from runtime.domain.limits import Limits
from runtime.domain.storable import storable_limits
from runtime.entrypoints.graphql.call import Info, changed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.history import Project, project_told
from runtime.entrypoints.graphql.inputs import fitting, name_of, unfit
from runtime.entrypoints.graphql.scalars import Json
from runtime.kit.plain_text import MOST_NAME_LETTERS

LIMITS: Final = TypeAdapter(Annotated[Limits, AfterValidator(storable_limits)])


@strawberry.type
class ProjectMutations:
    """Change projects."""

    @mutation(description="Make a project; without limits it has those of its environment.")
    async def create_project(
        self, info: Info, name: str, environment: str, *, limits: Json | None = None
    ) -> Project | None:
        """Return the new project."""
        spelled, wanted = name_of(name), _limits(limits)
        if not 1 <= len(environment) <= MOST_NAME_LETTERS:
            raise unfit("environment", f"expected 1 to {MOST_NAME_LETTERS} characters")
        return project_told(
            await changed(
                info,
                lambda services, context: services.projects.create(
                    context, name=spelled, environment=environment, limits=wanted
                ),
            )
        )

    @mutation(description="Give a project another name or other limits, which are replaced.")
    async def change_project(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        *,
        name: str | None = None,
        limits: Json | None = None,
    ) -> Project | None:
        """Return the project; executions judged on what it was before fail."""
        spelled, wanted = None if name is None else name_of(name), _limits(limits)
        if spelled is None and wanted is None:
            raise unfit("name", "nothing changes; send a name, limits or both")
        return project_told(
            await changed(
                info,
                lambda services, context: services.projects.change(
                    context, id, name=spelled, limits=wanted
                ),
            )
        )

    @mutation(description="Let nothing in a project change from now on.")
    async def archive_project(self, info: Info, id: strawberry.ID) -> Project | None:  # noqa: A002  # as above
        """Return the project; its history stays readable."""
        return project_told(
            await changed(info, lambda services, context: services.projects.archive(context, id))
        )

    @mutation(description="Let an archived project change again.")
    async def restore_project(self, info: Info, id: strawberry.ID) -> Project | None:  # noqa: A002  # as above
        """Return the project."""
        return project_told(
            await changed(info, lambda services, context: services.projects.restore(context, id))
        )


def _limits(given: object | None) -> Limits | None:
    return None if given is None else fitting(LIMITS, given, argument="limits")
