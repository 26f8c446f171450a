"""Find the object of a global id by the very use case that shows it elsewhere.

A kind that is not listed is not found; so an object can't be reached past its guard.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from runtime.domain.errors import NotFoundError
from runtime.entrypoints.graphql.governance import record_told
from runtime.entrypoints.graphql.history import outcome_shown, project_shown
from runtime.entrypoints.graphql.nodes import Node, parts_of
from runtime.entrypoints.graphql.people import member_shown, organization_shown
from runtime.entrypoints.graphql.wiring import hook_told, webhook_told
from runtime.entrypoints.graphql.work import approval_shown, job_shown, schedule_shown
from runtime.services.context import Context
from runtime.services.platform import Platform
from runtime.services.webhooks.rights import WebhookPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Hold who asks for which object.

    Attributes:
        project: of which it is said to be; empty: of none.
        item: its id.
    """

    services: Platform
    context: Context
    project: str
    item: str


Find: TypeAlias = Callable[[Wanted], Awaitable[Node]]
"""Return what is wanted, as the use case that guards it does."""


async def _organization(wanted: Wanted) -> Node:
    return organization_shown(await wanted.services.organizations.read(wanted.context, wanted.item))


async def _member(wanted: Wanted) -> Node:
    return member_shown(await wanted.services.members.read(wanted.context, wanted.item))


async def _project(wanted: Wanted) -> Node:
    return project_shown(await wanted.services.projects.read(wanted.context, wanted.item))


async def _record(wanted: Wanted) -> Node:
    return record_told(await wanted.services.audit.records.read(wanted.context, wanted.item))


async def _outcome(wanted: Wanted) -> Node:
    return outcome_shown(
        await wanted.services.outcomes.read(wanted.context, wanted.project, outcome_id=wanted.item)
    )


async def _approval(wanted: Wanted) -> Node:
    return approval_shown(
        await wanted.services.approvals.read(wanted.context, wanted.project, wanted.item)
    )


async def _job(wanted: Wanted) -> Node:
    return job_shown(await wanted.services.jobs.read(wanted.context, wanted.project, wanted.item))


async def _schedule(wanted: Wanted) -> Node:
    return schedule_shown(
        await wanted.services.schedules.read(wanted.context, wanted.project, wanted.item)
    )


async def _hook(wanted: Wanted) -> Node:
    return hook_told(
        await wanted.services.hooks.read(wanted.context, wanted.project, hook_id=wanted.item)
    )


async def _webhook(wanted: Wanted) -> Node:
    place = WebhookPlace(
        project_id=wanted.project or None,
        organization_id=None if wanted.project else wanted.context.caller.organization_id,
    )
    return webhook_told(
        await wanted.services.webhooks.endpoints.read(
            wanted.context, place, endpoint_id=wanted.item
        )
    )


OF_ORGANIZATION: Final[Mapping[str, tuple[str, Find]]] = MappingProxyType(
    {
        "org": ("Organization", _organization),
        "mem": ("Member", _member),
        "prj": ("Project", _project),
        "aud": ("AuditRecord", _record),
        "whe": ("Webhook", _webhook),
    }
)
"""What is found without a project, by prefix: which type of the schema it is, and who finds it."""

OF_PROJECT: Final[Mapping[str, tuple[str, Find]]] = MappingProxyType(
    {
        "out": ("Outcome", _outcome),
        "apr": ("Approval", _approval),
        "job": ("Job", _job),
        "sch": ("Schedule", _schedule),
        "hok": ("Hook", _hook),
        "whe": ("Webhook", _webhook),
    }
)
"""What is found in a project alone."""


async def found(services: Platform, context: Context, text: str) -> Node:
    """Return the object of a global id.

    Raises:
        NotFoundError: there is none of that kind, or none that the caller may see.
        DomainError: as the use case that shows it.
    """
    prefix, project, item = parts_of(text)
    known = (OF_PROJECT if project else OF_ORGANIZATION).get(prefix)
    if known is None:
        raise NotFoundError(kind="object", id=text[:80])
    wanted = Wanted(services=services, context=context, project=project, item=item)
    return await known[1](wanted)
