"""Read the schedules, hooks and webhooks of one project."""

from __future__ import annotations

import strawberry

from runtime.entrypoints.graphql.call import Info, asked
from runtime.entrypoints.graphql.connections import USUAL_ITEMS, Connection, connected, page_of
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.place import InProject
from runtime.entrypoints.graphql.sending import deliveries_in, delivery_in
from runtime.entrypoints.graphql.wiring import (
    Hook,
    HookDelivery,
    Webhook,
    WebhookDelivery,
    delivery_shown,
    hook_shown,
    hook_told,
    webhook_shown,
    webhook_told,
)
from runtime.entrypoints.graphql.work import Firing, Schedule, firing_shown, schedule_shown
from runtime.services.webhooks.rights import WebhookPlace


@strawberry.type
class WiringContents(InProject):
    """Read what comes in, goes out and comes due."""

    @field(description="Plans that come due by the clock, the oldest first.")
    async def schedules(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[Schedule] | None:
        """Return schedules."""
        page, project = page_of(first, after), self.project_id
        found = await asked(
            info,
            lambda services, context: services.schedules.after(
                context, project, page.after_text, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.id, shown=schedule_shown)

    @field(description="One schedule.")
    async def schedule(self, info: Info, id: strawberry.ID) -> Schedule | None:  # noqa: A002  # its name on the wire
        """Return a schedule."""
        project = self.project_id
        return schedule_shown(
            await asked(
                info,
                lambda services, context: services.schedules.read(context, project, id),
            )
        )

    @field(description="When a schedule came due and what came of it, newest first.")
    async def firings(
        self,
        info: Info,
        schedule: strawberry.ID,
        *,
        first: int = USUAL_ITEMS,
        after: str | None = None,
    ) -> Connection[Firing] | None:
        """Return firings."""
        page, project = page_of(first, after), self.project_id
        found = await asked(
            info,
            lambda services, context: services.schedules.firings_before(
                context, project, schedule, before=page.after_text, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.id, shown=firing_shown)

    @field(description="Hooks, at which others deliver what becomes plans.")
    async def hooks(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[Hook] | None:
        """Return hooks."""
        page, project = page_of(first, after), self.project_id
        found = await asked(
            info,
            lambda services, context: services.hooks.list(
                context, project, after=page.after_text, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.id, shown=hook_shown)

    @field(description="One hook, and since when its secrets fit.")
    async def hook(self, info: Info, id: strawberry.ID) -> Hook | None:  # noqa: A002  # as above
        """Return a hook."""
        project = self.project_id
        return hook_told(
            await asked(
                info,
                lambda services, context: services.hooks.read(context, project, hook_id=id),
            )
        )

    @field(description="What was delivered to a hook, the newest first.")
    async def hook_deliveries(
        self, info: Info, hook: strawberry.ID, *, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[HookDelivery] | None:
        """Return deliveries."""
        page, project = page_of(first, after), self.project_id
        found = await asked(
            info,
            lambda services, context: services.hooks.deliveries(
                context, project, hook_id=hook, before=page.after_text, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.id, shown=delivery_shown)

    @field(description="Endpoints of others that hear of the project's events.")
    async def webhooks(
        self, info: Info, first: int = USUAL_ITEMS, after: str | None = None
    ) -> Connection[Webhook] | None:
        """Return webhooks."""
        page, place = page_of(first, after), WebhookPlace(project_id=self.project_id)
        found = await asked(
            info,
            lambda services, context: services.webhooks.endpoints.list(
                context, place, after=page.after_text, limit=page.limit + 1
            ),
        )
        return await connected(found, page, key_of=lambda item: item.id, shown=webhook_shown)

    @field(description="One webhook, and how its secrets sign.")
    async def webhook(self, info: Info, id: strawberry.ID) -> Webhook | None:  # noqa: A002  # as above
        """Return a webhook."""
        place = WebhookPlace(project_id=self.project_id)
        return webhook_told(
            await asked(
                info,
                lambda services, context: services.webhooks.endpoints.read(
                    context, place, endpoint_id=id
                ),
            )
        )

    @field(description="What was delivered to a webhook, the newest first.")
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
        page, place = page_of(first, after), WebhookPlace(project_id=self.project_id)
        return await deliveries_in(info, place, webhook, page=page, status=status)

    @field(description="One delivery to a webhook, with each attempt.")
    async def webhook_delivery(
        self,
        info: Info,
        webhook: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> WebhookDelivery | None:
        """Return a delivery."""
        place = WebhookPlace(project_id=self.project_id)
        return await delivery_in(info, place, webhook, delivery=id)
