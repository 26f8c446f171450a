"""Make and change projects: their limits, and who may do what in them."""

from __future__ import annotations

from typing import Annotated, Final

import strawberry
from pydantic import AfterValidator, TypeAdapter

from runtime.domain.limits import Limits
from runtime.domain.storable import storable_limits
from runtime.entrypoints.graphql.call import Info, changed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.granting import GrantInput, grant_of
from runtime.entrypoints.graphql.history import Project, project_told
from runtime.entrypoints.graphql.inputs import fitting, name_of, unfit
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.people import Membership
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

    @mutation(description="Let a member be in a project what the grant says, and no more.")
    async def put_membership(
        self, info: Info, project: strawberry.ID, member: strawberry.ID, *, grant: GrantInput
    ) -> Membership | None:
        """Return what they may do."""
        given = grant_of(grant)
        document = await changed(
            info,
            lambda services, context: services.memberships.put(
                context, project, member_id=member, grant=given
            ),
        )
        return made(Membership, document)

    @mutation(description="Take a member's role in a project away.")
    async def remove_membership(
        self, info: Info, project: strawberry.ID, member: strawberry.ID
    ) -> Membership | None:
        """Return what it was."""
        document = await changed(
            info,
            lambda services, context: services.memberships.withdraw(
                context, project, member_id=member
            ),
        )
        return made(Membership, document)


def _limits(given: object | None) -> Limits | None:
    return None if given is None else fitting(LIMITS, given, argument="limits")
