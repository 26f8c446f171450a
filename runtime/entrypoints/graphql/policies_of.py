"""Read the rules of one project."""

from __future__ import annotations

import strawberry

from runtime.entrypoints.graphql.call import Info, asked
from runtime.entrypoints.graphql.connections import USUAL_ITEMS, Connection, connected, page_of
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.governance import (
    PolicyActivation,
    PolicyVersion,
    activation_shown,
    rules_shown,
    version_shown,
)
from runtime.entrypoints.graphql.inputs import unfit
from runtime.entrypoints.graphql.place import InProject
from runtime.entrypoints.graphql.scalars import Whole
from runtime.services.policies.rights import project_scope


@strawberry.type
class PolicyContents(InProject):
    """Read rules."""

    @field(description="Versions of the project's own rules, the newest first.")
    async def policies(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[PolicyVersion] | None:
        """Return versions without their modules."""
        page, scope = page_of(first, after), project_scope(self.project_id)
        found = await asked(
            info,
            lambda services, context: services.policies.versions(
                context, scope, before=page.after_number, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.version, shown=version_shown)

    @field(description="One version of the rules, with its modules.")
    async def policy(self, info: Info, version: Whole) -> PolicyVersion | None:
        """Return a version."""
        if version < 1:
            raise unfit("version", f"it is {version}, expected 1 or more")
        scope = project_scope(self.project_id)
        return rules_shown(
            await asked(
                info,
                lambda services, context: services.policies.read(context, scope, version=version),
            )
        )

    @field(description="Which version holds, and since when; null if none ever did.")
    async def active_policy(self, info: Info) -> PolicyActivation | None:
        """Return the newest activation."""
        scope = project_scope(self.project_id)
        found = await asked(
            info, lambda services, context: services.policies.active(context, scope)
        )
        return None if found is None else activation_shown(found)
