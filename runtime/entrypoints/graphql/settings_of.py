"""Read how one project asks models, what that took, and what holds its jobs back."""

from __future__ import annotations

import strawberry

from runtime.entrypoints.graphql.administration import (
    ModelSettings,
    ModelUsage,
    Queue,
    model_usage_shown,
    queue_told,
    settings_told,
)
from runtime.entrypoints.graphql.call import Info, asked
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.place import InProject
from runtime.entrypoints.graphql.places import queue_of


@strawberry.type
class SettingsContents(InProject):
    """Read settings."""

    @field(description="How the project asks models, where it differs from its organization.")
    async def models(self, info: Info) -> ModelSettings | None:
        """Return settings."""
        project = self.project_id
        return settings_told(
            await asked(
                info, lambda services, context: services.models.uses.of_project(context, project)
            )
        )

    @field(description="What the project used of models today.")
    async def model_usage(self, info: Info) -> ModelUsage | None:
        """Return the use of budgets; of each member, for admins."""
        project = self.project_id
        return model_usage_shown(
            await asked(
                info, lambda services, context: services.models.usages.of_project(context, project)
            )
        )

    @field(description="What holds the project's jobs back, and how many there are.")
    async def queue(self, info: Info) -> Queue | None:
        """Return the queue."""
        place = queue_of(info, self.project_id)
        return queue_told(
            await asked(info, lambda services, context: services.job_queues.read(context, place))
        )
