"""Show the rules of one project, and those of the organization."""

from __future__ import annotations

import strawberry

from runtime.entrypoints.graphql.call import Info
from runtime.entrypoints.graphql.connections import USUAL_ITEMS, Connection, page_of
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.governance import PolicyActivation, PolicyVersion
from runtime.entrypoints.graphql.place import InProject
from runtime.entrypoints.graphql.places import rules_of
from runtime.entrypoints.graphql.ruling import (
    activations_in,
    active_in,
    version_in,
    versions_in,
)
from runtime.entrypoints.graphql.scalars import Whole


@strawberry.type
class PolicyContents(InProject):
    """Read the rules of a project."""

    @field(description="Versions of the project's own rules, the newest first.")
    async def policies(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[PolicyVersion] | None:
        """Return versions without their modules."""
        return await versions_in(info, rules_of(info, self.project_id), page=page_of(first, after))

    @field(description="One version of the rules, with its modules.")
    async def policy(self, info: Info, version: Whole) -> PolicyVersion | None:
        """Return a version."""
        return await version_in(info, rules_of(info, self.project_id), version=version)

    @field(description="Which version holds, and since when; null if none ever did.")
    async def active_policy(self, info: Info) -> PolicyActivation | None:
        """Return the newest activation."""
        return await active_in(info, rules_of(info, self.project_id))

    @field(description="Which version began to hold when, the newest first.")
    async def policy_activations(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[PolicyActivation] | None:
        """Return activations."""
        return await activations_in(
            info, rules_of(info, self.project_id), page=page_of(first, after)
        )


@strawberry.type
class OrganizationPolicies:
    """Read the rules of the organization."""

    @field(description="Versions of the organization's own rules, the newest first.")
    async def policies(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[PolicyVersion] | None:
        """Return versions without their modules."""
        return await versions_in(info, rules_of(info, None), page=page_of(first, after))

    @field(description="One version of the rules, with its modules.")
    async def policy(self, info: Info, version: Whole) -> PolicyVersion | None:
        """Return a version."""
        return await version_in(info, rules_of(info, None), version=version)

    @field(description="Which version holds, and since when; null if none ever did.")
    async def active_policy(self, info: Info) -> PolicyActivation | None:
        """Return the newest activation."""
        return await active_in(info, rules_of(info, None))

    @field(description="Which version began to hold when, the newest first.")
    async def policy_activations(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[PolicyActivation] | None:
        """Return activations."""
        return await activations_in(info, rules_of(info, None), page=page_of(first, after))
