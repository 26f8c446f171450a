"""Read the rules of a scope: of a project, or of the organization itself."""

from __future__ import annotations

from runtime.entrypoints.graphql.call import Info, asked
from runtime.entrypoints.graphql.connections import Connection, Page, connected
from runtime.entrypoints.graphql.governance import (
    PolicyActivation,
    PolicyVersion,
    activation_shown,
    rules_shown,
    version_shown,
)
from runtime.entrypoints.graphql.inputs import unfit


async def versions_in(info: Info, scope: str, *, page: Page) -> Connection[PolicyVersion]:
    """Return versions without their modules, the newest first."""
    found = await asked(
        info,
        lambda services, context: services.policies.versions(
            context, scope, before=page.after_number, limit=page.limit + 1
        ),
    )
    return await connected(found, page, key_of=lambda item: item.version, shown=version_shown)


async def version_in(info: Info, scope: str, *, version: int) -> PolicyVersion:
    """Return a version with its modules; raise RequestValidationError for a number of none."""
    if version < 1:
        raise unfit("version", f"it is {version}, expected 1 or more")
    return rules_shown(
        await asked(
            info,
            lambda services, context: services.policies.read(context, scope, version=version),
        )
    )


async def active_in(info: Info, scope: str) -> PolicyActivation | None:
    """Return the newest activation; None if there never was one."""
    found = await asked(info, lambda services, context: services.policies.active(context, scope))
    return None if found is None else activation_shown(found)


async def activations_in(info: Info, scope: str, *, page: Page) -> Connection[PolicyActivation]:
    """Return which version began to hold when, the newest first."""
    found = await asked(
        info,
        lambda services, context: services.policies.activations(
            context, scope, before=page.after_number, limit=page.limit + 1
        ),
    )
    return await connected(found, page, key_of=lambda item: item.number, shown=activation_shown)
