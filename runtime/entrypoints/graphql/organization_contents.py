"""Read what the organization of the credential says, holds and used; there is no other one."""

from __future__ import annotations

import strawberry

from runtime.domain.job import EndCause, JobKind, JobStatus
from runtime.domain.job_filter import JobFilter
from runtime.entrypoints.graphql.administration import (
    Gate,
    ModelSettings,
    ModelUsage,
    OrganizationLimits,
    OrganizationUsage,
    Plugin,
    ProjectUsage,
    Queue,
    full_gate_shown,
    gate_shown,
    limits_told,
    model_usage_shown,
    plugin_told,
    queue_told,
    roll_up_shown,
    settings_told,
    shared_use_shown,
)
from runtime.entrypoints.graphql.call import Info, asked
from runtime.entrypoints.graphql.connections import USUAL_ITEMS, Connection, connected, page_of
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.inputs import MOST_FILTER_TEXT, one_of, text_of
from runtime.entrypoints.graphql.places import organization_of, queue_of, webhooks_of
from runtime.entrypoints.graphql.policies_of import OrganizationPolicies
from runtime.entrypoints.graphql.sending import deliveries_in, delivery_in
from runtime.entrypoints.graphql.wiring import (
    Webhook,
    WebhookDelivery,
    webhook_shown,
    webhook_told,
)
from runtime.entrypoints.graphql.work import Job, job_listed
from runtime.services.webhooks.rights import WebhookPlace


@strawberry.type
class OrganizationContents(OrganizationPolicies):
    """Read an organization."""

    @field(description="Webhooks of the organization itself.")
    async def webhooks(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[Webhook] | None:
        """Return webhooks."""
        page = page_of(first, after)
        place = WebhookPlace(organization_id=info.context.caller.organization_id)
        found = await asked(
            info,
            lambda services, context: services.webhooks.endpoints.list(
                context, place, after=page.after_text, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.id, shown=webhook_shown)

    @field(description="One webhook of the organization itself, and how its secrets sign.")
    async def webhook(self, info: Info, id: strawberry.ID) -> Webhook | None:  # noqa: A002  # its name on the wire
        """Return a webhook."""
        place = webhooks_of(info, None)
        return webhook_told(
            await asked(
                info,
                lambda services, context: services.webhooks.endpoints.read(
                    context, place, endpoint_id=id
                ),
            )
        )

    @field(description="What was delivered to a webhook of the organization, the newest first.")
    async def webhook_deliveries(
        self,
        info: Info,
        webhook: strawberry.ID,
        *,
        first: int = USUAL_ITEMS,
        after: str | None = None,
        status: str | None = None,
    ) -> Connection[WebhookDelivery] | None:
        """Return deliveries."""
        page, place = page_of(first, after), webhooks_of(info, None)
        return await deliveries_in(info, place, webhook, page=page, status=status)

    @field(description="One delivery to a webhook of the organization, with each attempt.")
    async def webhook_delivery(
        self,
        info: Info,
        webhook: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> WebhookDelivery | None:
        """Return a delivery."""
        return await delivery_in(info, webhooks_of(info, None), webhook, delivery=id)

    @field(description="What the organization's projects may use together.")
    async def limits(self, info: Info) -> OrganizationLimits | None:
        """Return limits."""
        own = organization_of(info)
        return limits_told(
            await asked(
                info, lambda services, context: services.organization_limits.read(context, own)
            )
        )

    @field(description="What the projects used together, and how long the rest will last.")
    async def usage(self, info: Info) -> OrganizationUsage | None:
        """Return the use of limits; owners see all of it."""
        own = organization_of(info)
        return shared_use_shown(
            await asked(
                info, lambda services, context: services.organization_usages.read(context, own)
            )
        )

    @field(description="What each project that the caller may see used of its own limits.")
    async def project_usages(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[ProjectUsage] | None:
        """Return the use of projects."""
        page, own = page_of(first, after), organization_of(info)
        found = await asked(
            info,
            lambda services, context: services.organization_usages.projects(
                context, own, after=page.after_text, limit=page.limit + 1
            ),
        )
        return await connected(
            found, page, key_of=lambda item: item.project_id, shown=roll_up_shown
        )

    @field(description="How projects ask models, unless they say otherwise.")
    async def models(self, info: Info) -> ModelSettings | None:
        """Return settings."""
        own = organization_of(info)
        return settings_told(
            await asked(
                info, lambda services, context: services.models.uses.of_organization(context, own)
            )
        )

    @field(description="What the organization used of models today.")
    async def model_usage(self, info: Info) -> ModelUsage | None:
        """Return the use of budgets; of each member, for owners."""
        own = organization_of(info)
        return model_usage_shown(
            await asked(
                info, lambda services, context: services.models.usages.of_organization(context, own)
            )
        )

    @field(description="Verdicts of evaluations, the last one first.")
    async def gates(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[Gate] | None:
        """Return verdicts without their reports."""
        page, own = page_of(first, after), organization_of(info)
        found = await asked(
            info,
            lambda services, context: services.gates.page(
                context, own, before=page.after_text, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.id, shown=gate_shown)

    @field(description="One verdict, with the report that it stands in.")
    async def gate(self, info: Info, id: strawberry.ID) -> Gate | None:  # noqa: A002  # as above
        """Return a verdict."""
        own = organization_of(info)
        return full_gate_shown(
            await asked(
                info, lambda services, context: services.gates.read(context, own, gate_id=id)
            )
        )

    @field(description="Plugins that are served, and those that were to be.")
    async def plugins(self, info: Info) -> list[Plugin] | None:
        """Return all of them."""
        own = organization_of(info)
        found = await asked(info, lambda services, context: services.plugins.list(context, own))
        return [plugin_told(item) for item in found]

    @field(description="What holds the organization's jobs back; for owners.")
    async def queue(self, info: Info) -> Queue | None:
        """Return the queue."""
        place = queue_of(info, None)
        return queue_told(
            await asked(info, lambda services, context: services.job_queues.read(context, place))
        )

    @field(description="Jobs that projects gave up, the newest first; for owners.")
    async def given_up_jobs(
        self,
        info: Info,
        first: int = USUAL_ITEMS,
        after: str | None = None,
        *,
        status: str | None = None,
        kind: str | None = None,
        name: str | None = None,
        cause: str | None = None,
    ) -> Connection[Job] | None:
        """Return dead, cancelled and quarantined jobs."""
        page, own = page_of(first, after), organization_of(info)
        found_status = one_of(JobStatus, status, argument="status")
        wanted = JobFilter(
            statuses=frozenset() if found_status is None else frozenset({found_status}),
            kind=one_of(JobKind, kind, argument="kind"),
            name=text_of(name, argument="name", most=MOST_FILTER_TEXT),
            cause=one_of(EndCause, cause, argument="cause"),
            outcome_id=None,
        )
        found = await asked(
            info,
            lambda services, context: services.jobs.given_up_before(
                context, own, before=page.after_text, limit=page.limit + 1, wanted=wanted
            ),
        )
        info.context.expect_members(item.principal_id for item in found)
        return await connected(found, page, key_of=lambda item: item.id, shown=job_listed)
