"""Let versions of rules hold or not; they are written and tried out by REST."""

from __future__ import annotations

import strawberry

from runtime.entrypoints.graphql.call import Info, changed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.governance import PolicyActivation
from runtime.entrypoints.graphql.inputs import name_of, unfit
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.places import rules_of
from runtime.entrypoints.graphql.scalars import Whole


@strawberry.type
class PolicyMutations:
    """Change which rules hold; without a project they are the organization's."""

    @mutation(description="Let a version hold from now on, a new one or an earlier one.")
    async def activate_policy(
        self, info: Info, version: Whole, reason: str, *, project: strawberry.ID | None = None
    ) -> PolicyActivation | None:
        """Return since when it holds; it is tried again before."""
        scope, why = rules_of(info, project), name_of(reason, argument="reason")
        if version < 1:
            raise unfit("version", f"it is {version}, expected 1 or more")
        document = await changed(
            info,
            lambda services, context: services.policies.activate(
                context, scope, version=version, reason=why
            ),
        )
        return made(PolicyActivation, document)

    @mutation(description="Let no version hold any more; rules of other scopes stay.")
    async def deactivate_policy(
        self, info: Info, reason: str, *, project: strawberry.ID | None = None
    ) -> PolicyActivation | None:
        """Return since when none holds."""
        scope, why = rules_of(info, project), name_of(reason, argument="reason")
        document = await changed(
            info,
            lambda services, context: services.policies.deactivate(context, scope, reason=why),
        )
        return made(PolicyActivation, document)
