"""Hold every use case of the platform, wired; the bootstrap makes one a process."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.services.approvals.approvals import Approvals
from runtime.services.audit.access_refusals import AccessRefusals
from runtime.services.audit.desk import AuditDesk
from runtime.services.conversations.desk import ConversationDesk
from runtime.services.environments import Environments
from runtime.services.evaluations.dashboards import Dashboards
from runtime.services.evaluations.gates import Gates
from runtime.services.evaluations.links import EvaluationLinks
from runtime.services.execution.organization_usages import OrganizationUsages
from runtime.services.execution.outcomes import Outcomes
from runtime.services.execution.plans import Plans
from runtime.services.execution.registries import Registries
from runtime.services.execution.states import States
from runtime.services.execution.usages import Usages
from runtime.services.hooks.deliveries import HookDeliveries
from runtime.services.hooks.hooks import Hooks
from runtime.services.identity.access import Access
from runtime.services.identity.authentication import Authentication
from runtime.services.identity.sessions import Sessions
from runtime.services.identity.tokens import Tokens
from runtime.services.jobs.queueing import QueuedPlans
from runtime.services.jobs.queues import JobQueues
from runtime.services.jobs.reading import Jobs
from runtime.services.jobs.redriving import Redriving
from runtime.services.live.events import LiveEvents
from runtime.services.models.desk import ModelDesk
from runtime.services.plugins.plugins import Plugins
from runtime.services.policies.bundles import Bundles
from runtime.services.policies.policies import Policies
from runtime.services.policies.replays import PolicyReplays
from runtime.services.schedules.schedules import Schedules
from runtime.services.secrets.rotations import SecretRotations
from runtime.services.tenancy.exports import Exports
from runtime.services.tenancy.invitations import Invitations
from runtime.services.tenancy.members import Members
from runtime.services.tenancy.memberships import Memberships
from runtime.services.tenancy.organization_limits import LimitsOfOrganizations
from runtime.services.tenancy.organizations import Organizations
from runtime.services.tenancy.projects import Projects
from runtime.services.webhooks.webhooks import Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Offer the use cases by noun."""

    access: Access
    access_refusals: AccessRefusals
    approvals: Approvals
    audit: AuditDesk
    authentication: Authentication
    bundles: Bundles
    conversations: ConversationDesk
    dashboards: Dashboards
    environments: Environments
    evaluation_links: EvaluationLinks
    exports: Exports
    gates: Gates
    hook_deliveries: HookDeliveries
    hooks: Hooks
    invitations: Invitations
    job_queues: JobQueues
    jobs: Jobs
    live_events: LiveEvents
    members: Members
    memberships: Memberships
    models: ModelDesk
    organization_limits: LimitsOfOrganizations
    organization_usages: OrganizationUsages
    organizations: Organizations
    outcomes: Outcomes
    plans: Plans
    plugins: Plugins
    policies: Policies
    policy_replays: PolicyReplays
    projects: Projects
    queued_plans: QueuedPlans
    redriving: Redriving
    registries: Registries
    schedules: Schedules
    secret_rotations: SecretRotations
    sessions: Sessions
    states: States
    tokens: Tokens
    usages: Usages
    webhooks: Webhooks
