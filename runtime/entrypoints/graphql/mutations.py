"""Administer projects and what works in them: jobs, schedules, hooks, webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry

from runtime.domain.errors import NotFoundError
from runtime.entrypoints.graphql.call import Info, Use, named
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.history import Project, project_told
from runtime.entrypoints.graphql.inputs import name_of, unfit
from runtime.entrypoints.graphql.plan_mutations import PlanMutations
from runtime.entrypoints.graphql.wiring import Hook, Webhook, hook_told, webhook_told
from runtime.entrypoints.graphql.work import Job, Schedule, job_told, schedule_told
from runtime.kit.json_value import JsonObject
from runtime.kit.plain_text import MOST_NAME_LETTERS
from runtime.services.hooks.hooks import HookChange
from runtime.services.unit_of_work import Answer
from runtime.services.webhooks.rights import WebhookPlace


@strawberry.type(description="What can be changed; each takes a key, with which it acts once.")
class Mutation(PlanMutations):
    """Change."""

    @mutation(description="Make a project, with the limits of its environment.")
    async def create_project(
        self, info: Info, name: str, environment: str, *, idempotency_key: str | None = None
    ) -> Project | None:
        """Return the new project."""
        spelled = name_of(name)
        if not 1 <= len(environment) <= MOST_NAME_LETTERS:
            raise unfit("environment", f"expected 1 to {MOST_NAME_LETTERS} characters")
        return project_told(
            await _changed(
                info,
                lambda services, context: services.projects.create(
                    context, name=spelled, environment=environment, limits=None
                ),
                key=idempotency_key,
                arguments={"name": spelled, "environment": environment},
            )
        )

    @mutation(description="Give a project another name.")
    async def rename_project(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        name: str,
        *,
        idempotency_key: str | None = None,
    ) -> Project | None:
        """Return the project; executions judged on what it was before fail."""
        spelled = name_of(name)
        return project_told(
            await _changed(
                info,
                lambda services, context: services.projects.change(
                    context, id, name=spelled, limits=None
                ),
                key=idempotency_key,
                arguments={"id": id, "name": spelled},
            )
        )

    @mutation(description="Let nothing in a project change from now on.")
    async def archive_project(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        idempotency_key: str | None = None,
    ) -> Project | None:
        """Return the project; its history stays readable."""
        return project_told(
            await _changed(
                info,
                lambda services, context: services.projects.archive(context, id),
                key=idempotency_key,
                arguments={"id": id},
            )
        )

    @mutation(description="Let an archived project change again.")
    async def restore_project(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        idempotency_key: str | None = None,
    ) -> Project | None:
        """Return the project."""
        return project_told(
            await _changed(
                info,
                lambda services, context: services.projects.restore(context, id),
                key=idempotency_key,
                arguments={"id": id},
            )
        )

    @mutation(description="Cancel a job that waits; one that runs is asked to end.")
    async def cancel_job(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> Job | None:
        """Return the job."""
        told = "" if reason is None else name_of(reason, argument="reason")
        return job_told(
            await _changed(
                info,
                lambda services, context: services.redriving.cancel(
                    context, project, id, reason=told
                ),
                key=idempotency_key,
                arguments={"project": project, "id": id, "reason": told},
            )
        )

    @mutation(description="Try a job again that was given up.")
    async def redrive_job(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        idempotency_key: str | None = None,
    ) -> Job | None:
        """Return the job, with all its attempts before it."""
        return job_told(
            await _changed(
                info,
                lambda services, context: services.redriving.redrive(context, project, id),
                key=idempotency_key,
                arguments={"project": project, "id": id},
            )
        )

    @mutation(description="Let nothing come due until the schedule is resumed.")
    async def pause_schedule(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        idempotency_key: str | None = None,
    ) -> Schedule | None:
        """Return the schedule."""
        return schedule_told(
            await _changed(
                info,
                lambda services, context: services.schedules.pause(context, project, id),
                key=idempotency_key,
                arguments={"project": project, "id": id},
            )
        )

    @mutation(description="Let a paused schedule come due again from now on.")
    async def resume_schedule(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        idempotency_key: str | None = None,
    ) -> Schedule | None:
        """Return the schedule; what passed meanwhile is left out."""
        return schedule_told(
            await _changed(
                info,
                lambda services, context: services.schedules.resume(context, project, id),
                key=idempotency_key,
                arguments={"project": project, "id": id},
            )
        )

    @mutation(description="Delete a schedule and remove its service.")
    async def delete_schedule(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        idempotency_key: str | None = None,
    ) -> Schedule | None:
        """Return what it was."""
        return schedule_told(
            await _changed(
                info,
                lambda services, context: services.schedules.delete(context, project, id),
                key=idempotency_key,
                arguments={"project": project, "id": id},
            )
        )

    @mutation(description="Name a hook anew, or let its deliveries act or not.")
    async def change_hook(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        name: str | None = None,
        enabled: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Hook | None:
        """Return the hook; what is left out stays."""
        change = HookChange(name=None if name is None else name_of(name), enabled=enabled)
        return hook_told(
            await _changed(
                info,
                lambda services, context: services.hooks.change(
                    context, project, hook_id=id, change=change
                ),
                key=idempotency_key,
                arguments={"project": project, "id": id, "name": change.name, "enabled": enabled},
            )
        )

    @mutation(description="Forget a hook, its secrets and what was delivered to it.")
    async def remove_hook(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        idempotency_key: str | None = None,
    ) -> Hook | None:
        """Return what it was."""
        return hook_told(
            await _changed(
                info,
                lambda services, context: services.hooks.remove(context, project, hook_id=id),
                key=idempotency_key,
                arguments={"project": project, "id": id},
            )
        )

    @mutation(description="Send to a webhook again; what waits goes on.")
    async def enable_webhook(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        project: strawberry.ID | None = None,
        idempotency_key: str | None = None,
    ) -> Webhook | None:
        """Return the webhook; without a project it is one of the organization."""
        place = _place(info, project)
        return webhook_told(
            await _changed(
                info,
                lambda services, context: services.webhooks.endpoints.enable(
                    context, place, endpoint_id=id
                ),
                key=idempotency_key,
                arguments={"project": project, "id": id},
            )
        )

    @mutation(description="Send nothing more to a webhook until it is enabled.")
    async def disable_webhook(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        project: strawberry.ID | None = None,
        idempotency_key: str | None = None,
    ) -> Webhook | None:
        """Return the webhook; without a project it is one of the organization."""
        place = _place(info, project)
        return webhook_told(
            await _changed(
                info,
                lambda services, context: services.webhooks.endpoints.disable(
                    context, place, endpoint_id=id
                ),
                key=idempotency_key,
                arguments={"project": project, "id": id},
            )
        )

    @mutation(description="Forget a webhook and what is to be delivered to it.")
    async def remove_webhook(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        project: strawberry.ID | None = None,
        idempotency_key: str | None = None,
    ) -> Webhook | None:
        """Return what it was; without a project it is one of the organization."""
        place = _place(info, project)
        return webhook_told(
            await _changed(
                info,
                lambda services, context: services.webhooks.endpoints.remove(
                    context, place, endpoint_id=id
                ),
                key=idempotency_key,
                arguments={"project": project, "id": id},
            )
        )


async def _changed(
    info: Info, use: Use[Answer], *, key: str | None, arguments: Mapping[str, Any]
) -> JsonObject:
    """Return the document of what a use case changed."""
    answer = await info.context.change(named(info), use, key=key, arguments=arguments)
    return answer.document


def _place(info: Info, project: str | None) -> WebhookPlace:
    """Return whose webhooks are meant: a project's, or the organization's own."""
    if project is None:
        return WebhookPlace(organization_id=info.context.caller.organization_id)
    if not project:
        raise NotFoundError(kind="project", id=project)
    return WebhookPlace(project_id=project)
