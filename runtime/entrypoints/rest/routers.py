"""List the routers of the API: those that any process serves, and those of the platform."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fastapi import APIRouter, FastAPI

from runtime.entrypoints.rest import (
    approvals,
    audit,
    audit_keeping,
    bundles,
    callers,
    conversations,
    environments,
    evaluation_links,
    evaluation_pages,
    event_types,
    events,
    exports,
    facts,
    gates,
    health,
    hook_deliveries,
    hooks,
    invitations,
    job_queues,
    jobs,
    members,
    memberships,
    models,
    organization_limits,
    organization_policies,
    organizations,
    outcomes,
    plans,
    plugins,
    policies,
    policy_replays,
    projects,
    proposals,
    registries,
    schedules,
    secret_rotations,
    sessions,
    states,
    tokens,
    turns,
    usages,
    webhook_deliveries,
    webhooks,
)

EVALUATION: Final[tuple[APIRouter, ...]] = (health.router, environments.router, proposals.router)
"""Served with or without a database."""

BUSIEST: Final[APIRouter] = plans.router
"""Simulations and executions; served as PLATFORM is."""

PLATFORM: Final[tuple[APIRouter, ...]] = (
    states.router,
    outcomes.router,
    conversations.router,
    turns.messages,
    turns.router,
    facts.router,
    events.router,
    event_types.router,
    usages.router,
    approvals.router,
    audit.router,
    audit_keeping.router,
    hooks.router,
    hook_deliveries.router,
    webhooks.routes.of_project,
    webhooks.routes.of_organization,
    webhook_deliveries.routes.of_project,
    webhook_deliveries.routes.of_organization,
    registries.router,
    schedules.router,
    jobs.router,
    job_queues.router,
    memberships.router,
    policies.router,
    policy_replays.router,
    bundles.router,
    organization_policies.router,
    organization_limits.router,
    models.organization_router,
    models.project_router,
    plugins.router,
    jobs.organization_router,
    job_queues.organization_router,
    projects.router,
    exports.router,
    gates.router,
    evaluation_links.router,
    evaluation_links.open_router,
    evaluation_pages.router,
    organizations.router,
    secret_rotations.router,
    members.router,
    invitations.router,
    tokens.router,
    callers.router,
    sessions.router,
    sessions.own_router,
)
"""Served where there is a database."""


def stand_in(app: FastAPI, served: Iterable[APIRouter]) -> None:
    """Give an app the routes of routers, in their order, as routes of its own.

    What is included instead is built anew by an app's first request (0.4 s of CPU for all of them),
    and looked for router by router ever after.
    """
    for router in served:
        app.router.routes.extend(router.routes)
