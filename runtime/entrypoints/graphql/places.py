"""Say whose webhooks, queues and settings an argument means: a project's, or the organization's."""

from __future__ import annotations

from runtime.domain.errors import NotFoundError
from runtime.entrypoints.graphql.call import Info
from runtime.services.jobs.queues import QueuePlace
from runtime.services.policies.rights import organization_scope, project_scope
from runtime.services.webhooks.rights import WebhookPlace


def webhooks_of(info: Info, project: str | None) -> WebhookPlace:
    """Return whose webhooks are meant; raise NotFoundError for an empty id."""
    if project is None:
        return WebhookPlace(organization_id=organization_of(info))
    return WebhookPlace(project_id=named_project(project))


def queue_of(info: Info, project: str | None) -> QueuePlace:
    """Return whose queue is meant; raise NotFoundError for an empty id."""
    if project is None:
        return QueuePlace(organization_id=organization_of(info))
    return QueuePlace(organization_id=organization_of(info), project_id=named_project(project))


def rules_of(info: Info, project: str | None) -> str:
    """Return whose rules are meant; raise NotFoundError for what is no project's id."""
    if project is None:
        return organization_scope(info.context.caller, organization_of(info))
    return project_scope(project)


def organization_of(info: Info) -> str:
    """Return the organization of the credential, which is the only one that it opens."""
    return info.context.caller.organization_id


def named_project(project: str) -> str:
    """Return the id of a project; raise NotFoundError for an empty one."""
    if not project:
        raise NotFoundError(kind="project", id=project)
    return project
