"""Open the platform from settings: connections, adapters and use cases; close them in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from runtime.adapters.aes_seal import AesSeal
from runtime.adapters.celery.queue import open_queue
from runtime.adapters.redis_leases.opening import open_leases
from runtime.adapters.redis_rates.opening import open_rates
from runtime.bootstrap.ending import when_told_to_end
from runtime.bootstrap.environments import installed_environments
from runtime.bootstrap.identity import OpenIdentity, open_identity
from runtime.bootstrap.relaying import relayed
from runtime.bootstrap.rules import Rules, open_rules
from runtime.bootstrap.webhook_desk import webhook_desk
from runtime.kit.clock import Clock
from runtime.ports.leases import Leases
from runtime.ports.policy import PolicyEvaluator
from runtime.ports.shared_rates import SharedRates
from runtime.services.approvals.approvals import Approvals
from runtime.services.context import Ids
from runtime.services.environments import Environments
from runtime.services.execution.decisions import Decisions
from runtime.services.execution.judges import Judges
from runtime.services.execution.lines import Lines
from runtime.services.execution.measures import Measures
from runtime.services.execution.needs import Needs
from runtime.services.execution.organization_usages import OrganizationUsages
from runtime.services.execution.outcomes import Outcomes
from runtime.services.execution.past import Past
from runtime.services.execution.plans import Plans
from runtime.services.execution.registries import Registries
from runtime.services.execution.shared_rates import Rates
from runtime.services.execution.states import States
from runtime.services.execution.usages import Usages
from runtime.services.expired_keys import ExpiredKeys
from runtime.services.hooks.deliveries import HookDeliveries
from runtime.services.hooks.hooks import Hooks
from runtime.services.identity.access import Access
from runtime.services.identity.tokens import Tokens
from runtime.services.jobs.measures import JobMeasures
from runtime.services.jobs.queueing import QueuedPlans
from runtime.services.jobs.queues import JobQueues
from runtime.services.jobs.reading import Jobs
from runtime.services.jobs.redriving import Redriving
from runtime.services.jobs.relay import RelayPace
from runtime.services.live.commits import ToldCommits
from runtime.services.live.events import LiveEvents
from runtime.services.platform import Platform
from runtime.services.schedules.firings import Firings
from runtime.services.schedules.ringing import Ringing
from runtime.services.schedules.schedules import Schedules
from runtime.services.tenancy.exports import Exports
from runtime.services.tenancy.members import Members
from runtime.services.tenancy.memberships import Memberships
from runtime.services.tenancy.organization_limits import LimitsOfOrganizations
from runtime.services.tenancy.organizations import Organizations
from runtime.services.tenancy.projects import Projects
from runtime.settings import ServiceSettings, SettingsError
from runtime.store import schema
from runtime.store.one_connection import connected
from runtime.store.roles import refuse_unsafe_role
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlatform:
    """Hold an open platform: its use cases, what its readiness depends on, and what judges."""

    services: Platform
    database: Database
    leases: Leases
    shared_rates: SharedRates
    evaluator: PolicyEvaluator
    decisions: Decisions
    judges: Judges


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
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
    wake: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Say as what a process opens the platform.

    Attributes:
        clock: the time.
        measures: told what happens.
        job_measures: told what is handed over, and to whom.
        instance: its name in messages about leases.
        pace: of its relay; None for the usual one.
        keeps_going: whether it hands jobs over, takes them from the dead, and listens for what
            comes due; not where it is there for one job.
    """

    clock: Clock
    measures: Measures
    job_measures: JobMeasures
    instance: str
    pace: RelayPace | None = None
    keeps_going: bool = True


@asynccontextmanager
async def open_platform(settings: ServiceSettings, process: Process) -> AsyncIterator[OpenPlatform]:
    """Open everything that serving takes, and close it in the end, the newest first.

    Raises:
        SettingsError: the settings name no database, or no broker.
        StorageUnavailableError, SchemaMismatchError, UnsafeRoleError: of the database.
        DeclarationError: a plugin can't be used.
    """
    if settings.database_url is None or settings.broker_url is None:
        raise SettingsError("no database or no broker is named: there is no platform to open")
    url, broker_url = settings.database_url.get_secret_value(), settings.broker_url
    clock, measures = process.clock, process.measures
    await check_database(url)
    async with AsyncExitStack() as stack:
        database = await Database.opened(url, observe=measures.connection_waited)
        stack.push_async_callback(database.close)
        leases = _leases(settings, process)
        stack.push_async_callback(leases.close)
        shared_rates, rates = _rates(settings, database, clock=clock, stack=stack)
        wake = await _relay(broker_url, database, process, stack=stack)
        parts = _parts(settings, rates, database, clock=clock, stack=stack, wake=wake)
        lines = Lines(_needs(parts, leases, measures), expired_keys=ExpiredKeys(database, clock))
        stack.push_async_callback(lines.close)
        identity = open_identity(settings.identity, database=database, clock=clock, stack=stack)
        services = _services(parts, identity, lines)
        if process.keeps_going:
            _listen(parts, services.plans, stack=stack)
        yield OpenPlatform(
            services=services,
            database=database,
            leases=leases,
            shared_rates=shared_rates,
            evaluator=parts.rules.evaluator,
            decisions=parts.rules.decisions,
            judges=parts.judges,
        )


def _rates(
    settings: ServiceSettings, database: Database, *, clock: Clock, stack: AsyncExitStack
) -> tuple[SharedRates, Rates]:
    """Open what counts rates that projects share, and what reserves there."""
    shared_rates = open_rates(_redis_urls(settings))
    stack.push_async_callback(shared_rates.close)
    rates = Rates(shared_rates, database=database, clock=clock)
    stack.push_async_callback(rates.close)
    return shared_rates, rates


async def _relay(
    broker_url: SecretStr, database: Database, process: Process, *, stack: AsyncExitStack
) -> Callable[[], None]:
    """Hand jobs over until the stack ends; return what makes it look for them at once."""
    if not process.keeps_going:
        return _nobody
    queue = open_queue(broker_url.get_secret_value())
    stack.push_async_callback(queue.close)
    relaying = relayed(
        database,
        queue,
        clock=process.clock,
        measures=process.job_measures,
        pace=process.pace,
    )
    return (await stack.enter_async_context(relaying)).wake


def _nobody() -> None:
    """Wake nobody: another process looks within half a second."""


def _leases(settings: ServiceSettings, process: Process) -> Leases:
    return open_leases(
        _redis_urls(settings),
        instance=process.instance,
        clock=process.clock,
        ttl_s=settings.lease_ttl_s,
        observe=process.measures.lease_told,
    )


def _redis_urls(settings: ServiceSettings) -> list[str]:
    return [item.get_secret_value() for item in settings.redis_urls]


def _parts(
    settings: ServiceSettings,
    rates: Rates,
    database: Database,
    *,
    clock: Clock,
    stack: AsyncExitStack,
    wake: Callable[[], None],
) -> _Parts:
    access = Access(database, clock)
    stack.push_async_callback(access.close)
    environments = installed_environments()
    live_events = LiveEvents(database=database, access=access, clock=clock)
    stack.push_async_callback(live_events.close)
    stack.enter_context(when_told_to_end(live_events.end))
    return _Parts(
        database=database,
        clock=clock,
        ids=Ids(clock),
        access=access,
        environments=environments,
        judges=Judges(environments, puts_jobs=True),
        live_events=live_events,
        wake=wake,
        approval_lasts=timedelta(seconds=settings.approval_lasts_s),
        rules=open_rules(
            settings.rules, database=database, clock=clock, access=access, stack=stack
        ),
        rates=rates,
    )


def _listen(parts: _Parts, plans: Plans, *, stack: AsyncExitStack) -> None:
    """Execute what schedules have come due, in this process as in any other."""
    firings = Firings(database=parts.database, ids=parts.ids, plans=plans)
    ringing = Ringing(parts.database, firings.serve)
    stack.push_async_callback(ringing.close)
    ringing.start()


async def check_database(url: str) -> None:
    """Refuse a database that this code was not written for, and a role that may too much.

    Raises:
        SchemaMismatchError: it was never migrated, or to another revision.
        UnsafeRoleError: the role owns tables, bypasses row security, or could become such a role.
        StorageUnavailableError: nobody answers there.
    """
    await schema.check(url)
    async with connected(url) as connection:
        await refuse_unsafe_role(connection)


def _needs(parts: _Parts, leases: Leases, measures: Measures) -> Needs:
    return Needs(
        database=parts.database,
        commits=ToldCommits(parts.database, told=parts.live_events.wake),
        leases=leases,
        judge=parts.judges.of,
        decisions=parts.rules.decisions,
        past=Past(parts.database),
        rates=parts.rates,
        clock=parts.clock,
        measures=measures,
        approval_lasts=parts.approval_lasts,
        jobs_put=parts.wake,
    )


def _services(parts: _Parts, identity: OpenIdentity, lines: Lines) -> Platform:
    database, ids, access = parts.database, parts.ids, parts.access
    environments, authentication = parts.environments, identity.authentication
    rates, wake = parts.rates, parts.wake

    def forget(member_id: str) -> None:
        access.forget_member(member_id)
        authentication.forget_member(member_id)

    tokens = Tokens(database=database, ids=ids, mint=identity.mint, authentication=authentication)
    invitations = identity.invitations(ids=ids, forget=forget)
    seal, plans = AesSeal(identity.keys.keys), _plans(parts, lines)
    return Platform(
        access=access,
        approvals=Approvals(database=database, ids=ids),
        authentication=authentication,
        environments=environments,
        exports=Exports(database=database, ids=ids),
        hook_deliveries=HookDeliveries(database=database, ids=ids, seal=seal, plans=plans),
        hooks=Hooks(database=database, ids=ids, seal=seal),
        invitations=invitations,
        job_queues=JobQueues(database=database, ids=ids, wake=wake),
        jobs=Jobs(database=database),
        live_events=parts.live_events,
        members=Members(database=database, ids=ids, forget=forget),
        memberships=Memberships(database=database, ids=ids, forget=forget),
        organization_limits=LimitsOfOrganizations(database=database, ids=ids),
        organization_usages=OrganizationUsages(database=database, clock=parts.clock, rates=rates),
        organizations=Organizations(database=database, ids=ids, mint=identity.mint),
        outcomes=Outcomes(database=database, access=access),
        plans=plans,
        policies=parts.rules.policies,
        policy_replays=parts.rules.policy_replays,
        bundles=parts.rules.bundles,
        projects=Projects(database=database, ids=ids, environments=environments),
        queued_plans=QueuedPlans(database=database, ids=ids, wake=wake),
        redriving=Redriving(database=database, ids=ids, wake=wake),
        registries=Registries(database=database, access=access, environments=environments),
        schedules=Schedules(database=database, ids=ids, forget=forget),
        sessions=identity.sessions(tokens=tokens, invitations=invitations),
        states=States(database=database, ids=ids, access=access, lines=lines),
        tokens=tokens,
        usages=Usages(database=database, clock=parts.clock, access=access),
        webhooks=webhook_desk(
            identity.settings.egress_allow, database=database, ids=ids, seal=seal
        ),
    )


def _plans(parts: _Parts, lines: Lines) -> Plans:
    return Plans(
        database=parts.database,
        ids=parts.ids,
        access=parts.access,
        judges=parts.judges,
        decisions=parts.rules.decisions,
        lines=lines,
        rates=parts.rates,
    )
