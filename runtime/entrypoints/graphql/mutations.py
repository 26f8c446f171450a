"""Put together what can be changed."""

from __future__ import annotations

import strawberry

from runtime.entrypoints.graphql.hook_mutations import HookMutations
from runtime.entrypoints.graphql.job_mutations import JobMutations
from runtime.entrypoints.graphql.organization_mutations import OrganizationMutations
from runtime.entrypoints.graphql.plan_mutations import PlanMutations
from runtime.entrypoints.graphql.policy_mutations import PolicyMutations
from runtime.entrypoints.graphql.project_mutations import ProjectMutations
from runtime.entrypoints.graphql.schedule_mutations import ScheduleMutations
from runtime.entrypoints.graphql.sending_mutations import SendingMutations
from runtime.entrypoints.graphql.talk_mutations import TalkMutations
from runtime.entrypoints.graphql.webhook_mutations import WebhookMutations


@strawberry.type(
    description="What can be changed; each takes a key, with which it acts once, unless it only "
    "says what would be."
)
class Mutation(
    PlanMutations,
    PolicyMutations,
    ProjectMutations,
    OrganizationMutations,
    JobMutations,
    ScheduleMutations,
    HookMutations,
    WebhookMutations,
    SendingMutations,
    TalkMutations,
):
    """Change."""
