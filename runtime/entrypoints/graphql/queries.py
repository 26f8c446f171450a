"""Read the organization of the credential, and lead to what is in its projects."""

from __future__ import annotations

import strawberry

from runtime.entrypoints.graphql.call import Info, asked
from runtime.entrypoints.graphql.connections import USUAL_ITEMS, Connection, connected, page_of
from runtime.entrypoints.graphql.contents import ProjectContents
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.finding import found as found_node
from runtime.entrypoints.graphql.governance import AuditRecord, record_told
from runtime.entrypoints.graphql.history import Project, project_shown
from runtime.entrypoints.graphql.inputs import instant_of, text_of
from runtime.entrypoints.graphql.nodes import Node
from runtime.entrypoints.graphql.organization_contents import OrganizationContents
from runtime.entrypoints.graphql.people import (
    Caller,
    Member,
    Organization,
    caller_shown,
    member_shown,
    organization_shown,
)
from runtime.entrypoints.graphql.scalars import Instant
from runtime.store.audit_log import LeafFilter


@strawberry.type(description="What can be read.")
class Query(OrganizationContents):
    """Read."""

    @field(description="Who acts, for whom, with which credential.")
    async def me(self, info: Info) -> Caller | None:
        """Return the caller; any credential may ask."""
        return caller_shown(
            await asked(info, lambda services, context: services.access.described(context))
        )

    @field(description="An object by its global id.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002  # its name on the wire
        """Return the object, decided as wherever else it is shown."""
        return await asked(info, lambda services, context: found_node(services, context, id))

    @field(description="An organization; the credential's own is the only one.")
    async def organization(self, info: Info, id: strawberry.ID) -> Organization | None:  # noqa: A002  # as above
        """Return an organization."""
        return organization_shown(
            await asked(info, lambda services, context: services.organizations.read(context, id))
        )

    @field(description="The members of the organization, without removed ones.")
    async def members(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[Member] | None:
        """Return members."""
        page = page_of(first, after)
        found = await asked(
            info,
            lambda services, context: services.members.after(
                context, page.after_text, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.id, shown=member_shown)

    @field(description="A member, who may have been removed.")
    async def member(self, info: Info, id: strawberry.ID) -> Member | None:  # noqa: A002  # as above
        """Return a member."""
        return member_shown(
            await asked(info, lambda services, context: services.members.read(context, id))
        )

    @field(description="The projects that the caller may see; owners see all.")
    async def projects(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[Project] | None:
        """Return projects."""
        page = page_of(first, after)
        found = await asked(
            info,
            lambda services, context: services.projects.after(
                context, page.after_text, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.id, shown=project_shown)

    @field(description="What is in a project.")
    async def project(self, id: strawberry.ID) -> ProjectContents:  # noqa: A002  # as above
        """Lead to a project; each of its fields finds out whether the caller sees it."""
        return ProjectContents(project_id=id)

    @field(description="Records of the audit log, in the order of their numbers.")
    async def audit_records(
        self,
        info: Info,
        first: int = USUAL_ITEMS,
        after: str | None = None,
        *,
        kind: str | None = None,
        principal: strawberry.ID | None = None,
        project: strawberry.ID | None = None,
        since: Instant | None = None,
        until: Instant | None = None,
    ) -> Connection[AuditRecord] | None:
        """Return records; `since` is included, `until` is not."""
        page = page_of(first, after)
        wanted = LeafFilter(
            kind=text_of(kind, argument="kind"),
            principal_id=text_of(principal, argument="principal"),
            project_id=text_of(project, argument="project"),
            since=instant_of(since, argument="since"),
            until=instant_of(until, argument="until"),
        )
        found = await asked(
            info,
            lambda services, context: services.audit.records.list(
                context, wanted, after=page.after_number, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item["sequence"], shown=record_told)

    @field(description="A record of the audit log.")
    async def audit_record(self, info: Info, id: strawberry.ID) -> AuditRecord | None:  # noqa: A002  # as above
        """Return a record."""
        return record_told(
            await asked(info, lambda services, context: services.audit.records.read(context, id))
        )
