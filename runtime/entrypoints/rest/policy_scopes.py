"""Do what is asked about the rules of one scope; the routes say which scope, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from runtime.entrypoints.rest.context import answered
from runtime.entrypoints.rest.paging import Page, PageOut, paged
from runtime.entrypoints.rest.policy_documents import (
    PolicyActivationOut,
    PolicyActiveOut,
    PolicyCheckOut,
    PolicyIn,
    PolicyModulesIn,
    PolicyOut,
    PolicyReasonIn,
    PolicyVersionOut,
)
from runtime.services.context import Context
from runtime.services.policies.policies import Policies


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyScope:
    """Hold who asks about the rules of which scope."""

    policies: Policies
    context: Context
    scope: str

    async def uploaded(self, body: PolicyIn) -> Response:
        """Keep modules as the next version."""
        answer = await self.policies.upload(
            self.context, self.scope, body.held, note=body.note, activate=body.activate
        )
        return answered(answer)

    async def versions(self, page: Page) -> PageOut[PolicyVersionOut]:
        """Return the versions, the newest first."""
        found = await self.policies.versions(
            self.context, self.scope, before=page.after_number, limit=page.limit + 1
        )
        return paged(found, page, key_of=lambda item: item.version, shown=PolicyVersionOut.of)

    async def checked(self, body: PolicyModulesIn) -> PolicyCheckOut:
        """Try modules, and keep nothing."""
        return PolicyCheckOut.of(await self.policies.check(self.context, self.scope, body.held))

    async def active(self) -> PolicyActiveOut:
        """Return which version holds."""
        found = await self.policies.active(self.context, self.scope)
        return PolicyActiveOut(activation=None if found is None else PolicyActivationOut.of(found))

    async def activations(self, page: Page) -> PageOut[PolicyActivationOut]:
        """Return which version began to hold when, the newest first."""
        found = await self.policies.activations(
            self.context, self.scope, before=page.after_number, limit=page.limit + 1
        )
        return paged(found, page, key_of=lambda item: item.number, shown=PolicyActivationOut.of)

    async def deactivated(self, body: PolicyReasonIn) -> Response:
        """Let no version hold any more."""
        answer = await self.policies.deactivate(self.context, self.scope, reason=body.reason)
        return answered(answer)

    async def activated(self, version: int, body: PolicyReasonIn) -> Response:
        """Let a version hold from now on."""
        answer = await self.policies.activate(
            self.context, self.scope, version=version, reason=body.reason
        )
        return answered(answer)

    async def read(self, version: int) -> PolicyOut:
        """Return a version with its modules."""
        return PolicyOut.shown(await self.policies.read(self.context, self.scope, version=version))
