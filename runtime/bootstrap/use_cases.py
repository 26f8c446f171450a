"""Make the use cases of the platform out of what is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from runtime.bootstrap.audit import OpenAudit
from runtime.bootstrap.audit_desk import access_refusals, audit_desk
from runtime.bootstrap.conversations import ConversationParts, conversation_desk
from runtime.bootstrap.identity import OpenIdentity
from runtime.bootstrap.plugins import plugin_entries
from runtime.bootstrap.rules import Rules
from runtime.bootstrap.sealing import server_seal
from runtime.bootstrap.secrets import OpenSecrets
from runtime.bootstrap.webhook_desk import webhook_desk
from runtime.kit.clock import Clock
from runtime.ports.seal import Seal
from runtime.services.approvals.approvals import Approvals
from runtime.services.audit.desk import AuditDesk
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Ids
from runtime.services.conversations.desk import ConversationDesk
from runtime.services.environments import Environments
from runtime.services.evaluations.dashboards import Dashboards
from runtime.services.evaluations.gates import Gates
from runtime.services.execution.judges import Judges
from runtime.services.execution.lines import Lines
from runtime.services.execution.organization_usages import OrganizationUsages
from runtime.services.execution.outcomes import Outcomes
from runtime.services.execution.plans import Plans
from runtime.services.execution.registries import Registries
from runtime.services.execution.shared_rates import Rates
from runtime.services.execution.states import States
from runtime.services.execution.usages import Usages
from runtime.services.hooks.deliveries import HookDeliveries
from runtime.services.hooks.hooks import Hooks
from runtime.services.identity.access import Access
from runtime.services.identity.authentication import Authentication
from runtime.services.identity.tokens import Tokens
from runtime.services.jobs.queueing import QueuedPlans
from runtime.services.jobs.queues import JobQueues
from runtime.services.jobs.reading import Jobs
from runtime.services.jobs.redriving import Redriving
from runtime.services.live.events import LiveEvents
from runtime.services.models.desk import ModelDesk
from runtime.services.platform import Platform
from runtime.services.plugins.plugins import Plugins
from runtime.services.plugins.switches import PluginSwitches
from runtime.services.schedules.schedules import Schedules
from runtime.services.tenancy.exports import Exports
from runtime.services.tenancy.members import Members
from runtime.services.tenancy.memberships import Memberships
from runtime.services.tenancy.organization_limits import LimitsOfOrganizations
from runtime.services.tenancy.organizations import Organizations
from runtime.services.tenancy.projects import Projects
from runtime.services.webhooks.webhooks import Webhooks
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Share what most use cases are made of."""

    database: Database
    clock: Clock
    ids: Ids
    access: Access
    environments: Environments
    rules: Rules
    approval_lasts: timedelta
    rates: Rates
    judges: Judges
    live_events: LiveEvents
    gates: Gates
    switches: PluginSwitches
    dashboards: Dashboards
    recorder: Recorder
    wake: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Share what keeps secrets and logs, and what asks models by keys of those."""

    secrets: OpenSecrets
    audit: OpenAudit
    models: ModelDesk


def use_cases(parts: Parts, identity: OpenIdentity, lines: Lines, *, kept: Kept) -> Platform:
    """Return the use cases."""
    database, ids, access, wake = parts.database, parts.ids, parts.access, parts.wake
    authentication, seal = identity.authentication, server_seal(identity.settings)
    forget, plans = _forgetting(access, authentication), _plans(parts, lines)
    tokens = Tokens(database=database, ids=ids, mint=identity.mint, authentication=authentication)
    invitations = identity.invitations(ids=ids, forget=forget)
    refusals = access_refusals(parts.recorder, database=database, clock=parts.clock)
    return Platform(
        access=access,
        access_refusals=refusals,
        approvals=Approvals(database=database, ids=ids),
        audit=_audit(parts, kept.audit),
        authentication=authentication,
        conversations=_conversations(parts, kept.models, plans),
        environments=parts.environments,
        exports=Exports(database=database, ids=ids),
        gates=parts.gates,
        dashboards=parts.dashboards,
        evaluation_links=identity.evaluation_links(ids=ids),
        hook_deliveries=HookDeliveries(database=database, ids=ids, seal=seal, plans=plans),
        hooks=Hooks(database=database, ids=ids, seal=seal),
        invitations=invitations,
        job_queues=JobQueues(database=database, ids=ids, wake=wake),
        jobs=Jobs(database=database),
        live_events=parts.live_events,
        members=Members(database=database, ids=ids, forget=forget),
        models=kept.models,
        memberships=Memberships(database=database, ids=ids, forget=forget),
        organization_limits=LimitsOfOrganizations(database=database, ids=ids),
        organization_usages=_organization_usages(parts),
        organizations=Organizations(database=database, ids=ids, mint=identity.mint),
        outcomes=Outcomes(database=database, access=access),
        plans=plans,
        plugins=_plugins(parts),
        policies=parts.rules.policies,
        policy_replays=parts.rules.policy_replays,
        bundles=parts.rules.bundles,
        projects=Projects(database=database, ids=ids, environments=parts.environments),
        queued_plans=QueuedPlans(database=database, ids=ids, wake=wake),
        redriving=Redriving(database=database, ids=ids, wake=wake),
        registries=_registries(parts),
        secret_rotations=kept.secrets.rotations,
        schedules=Schedules(database=database, ids=ids, forget=forget),
        sessions=identity.sessions(tokens=tokens, invitations=invitations, refusals=refusals),
        states=States(database=database, ids=ids, access=access, lines=lines),
        tokens=tokens,
        usages=Usages(database=database, clock=parts.clock, access=access),
        webhooks=_webhooks(parts, identity, seal),
    )


def conversation_parts(parts: Parts) -> ConversationParts:
    """Return what conversations are made of."""
    return ConversationParts(
        database=parts.database,
        ids=parts.ids,
        access=parts.access,
        environments=parts.environments,
        enabled=parts.switches.environment_enabled,
        recorder=parts.recorder,
    )


def _forgetting(access: Access, authentication: Authentication) -> Callable[[str], None]:
    """Return what lets nobody rely on what a member was."""

    def forget(member_id: str) -> None:
        access.forget_member(member_id)
        authentication.forget_member(member_id)

    return forget


def _conversations(parts: Parts, models: ModelDesk, plans: Plans) -> ConversationDesk:
    return conversation_desk(conversation_parts(parts), asking=models.asking, plans=plans)


def _organization_usages(parts: Parts) -> OrganizationUsages:
    return OrganizationUsages(database=parts.database, clock=parts.clock, rates=parts.rates)


def _audit(parts: Parts, audit: OpenAudit) -> AuditDesk:
    return audit_desk(
        database=parts.database,
        ids=parts.ids,
        keys=audit.keys,
        immutable_sink=audit.copies is not None,
    )


def _webhooks(parts: Parts, identity: OpenIdentity, seal: Seal) -> Webhooks:
    allow = identity.settings.egress_allow
    return webhook_desk(allow, database=parts.database, ids=parts.ids, seal=seal)


def _plugins(parts: Parts) -> Plugins:
    return Plugins(
        database=parts.database, ids=parts.ids, entries=plugin_entries(), switches=parts.switches
    )


def _registries(parts: Parts) -> Registries:
    return Registries(
        database=parts.database,
        access=parts.access,
        environments=parts.environments,
        enabled=parts.switches.environment_enabled,
    )


def _plans(parts: Parts, lines: Lines) -> Plans:
    return Plans(
        database=parts.database,
        ids=parts.ids,
        access=parts.access,
        judges=parts.judges,
        decisions=parts.rules.decisions,
        lines=lines,
        rates=parts.rates,
        recorder=parts.recorder,
    )
