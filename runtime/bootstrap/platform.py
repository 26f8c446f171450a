"""Open the platform from settings: connections, adapters and use cases; close them in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from runtime.adapters.celery.queue import open_queue
from runtime.adapters.redis_leases.opening import open_leases
from runtime.adapters.redis_rates.opening import open_rates
from runtime.bootstrap.audit import open_audit
from runtime.bootstrap.conversations import keep_answering
from runtime.bootstrap.ending import when_told_to_end
from runtime.bootstrap.environments import installed_environments
from runtime.bootstrap.evaluations import open_dashboards
from runtime.bootstrap.identity import open_identity
from runtime.bootstrap.models import ModelParts, open_model_desk
from runtime.bootstrap.plugins import find_plugins, open_switches
from runtime.bootstrap.process import Process
from runtime.bootstrap.relaying import relayed
from runtime.bootstrap.rules import open_rules
from runtime.bootstrap.secrets import OpenSecrets, open_secrets
from runtime.bootstrap.use_cases import Kept, Parts, conversation_parts, use_cases
from runtime.kit.clock import Clock
from runtime.ports.leases import Leases
from runtime.ports.policy import PolicyEvaluator
from runtime.ports.shared_rates import SharedRates
from runtime.services.audit.copying import Copying
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Ids
from runtime.services.evaluations.gates import Gates
from runtime.services.execution.decisions import Decisions
from runtime.services.execution.judges import Judges
from runtime.services.execution.lines import Lines
from runtime.services.execution.measures import Measures
from runtime.services.execution.needs import Needs
from runtime.services.execution.past import Past
from runtime.services.execution.plans import Plans
from runtime.services.execution.shared_rates import Rates
from runtime.services.expired_keys import ExpiredKeys
from runtime.services.identity.access import Access
from runtime.services.live.commits import ToldCommits
from runtime.services.live.events import LiveEvents
from runtime.services.models.effect_charges import EffectCharges
from runtime.services.platform import Platform
from runtime.services.plugins.switches import PluginSwitches
from runtime.services.schedules.firings import Firings
from runtime.services.schedules.ringing import Ringing
from runtime.settings import ServiceSettings, SettingsError
from runtime.store import schema
from runtime.store.audit_self_test import refuse_unwritable_log
from runtime.store.one_connection import connected
from runtime.store.roles import refuse_unsafe_role
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlatform:
    """Hold an open platform: its use cases, what its readiness depends on, and what judges."""

    services: Platform
    secrets: OpenSecrets
    copies: Copying | None
    database: Database
    leases: Leases
    shared_rates: SharedRates
    evaluator: PolicyEvaluator
    decisions: Decisions
    judges: Judges
    switches: PluginSwitches
    effect_charges: EffectCharges


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
    await find_plugins(settings)
    await check_database(url)
    async with AsyncExitStack() as stack:
        database = await Database.opened(url, observe=measures.connection_waited)
        stack.push_async_callback(database.close)
        leases = _leases(settings, process)
        stack.push_async_callback(leases.close)
        shared_rates, rates = _rates(settings, database, clock=clock, stack=stack)
        wake = await _relay(broker_url, database, process, stack=stack)
        parts = _parts(settings, rates, database, clock=clock, stack=stack, wake=wake)
        secrets = await stack.enter_async_context(
            open_secrets(settings, database=database, clock=clock, figures=process.secret_figures)
        )
        audit = await stack.enter_async_context(
            open_audit(settings, process, database=database, secrets=secrets.reader)
        )
        models = open_model_desk(settings, _model_parts(parts, process, secrets), stack=stack)
        copies = None if audit.copies is None else audit.copies.copying
        needs = _needs(parts, leases, measures, copies=copies)
        lines = Lines(needs, expired_keys=ExpiredKeys(database, clock))
        stack.push_async_callback(lines.close)
        identity = open_identity(settings.identity, database=database, clock=clock, stack=stack)
        kept = Kept(secrets=secrets, audit=audit, models=models)
        services = use_cases(parts, identity, lines, kept=kept)
        _keep_going(parts, services, process, stack=stack)
        yield OpenPlatform(
            services=services,
            secrets=secrets,
            copies=copies,
            database=database,
            leases=leases,
            shared_rates=shared_rates,
            evaluator=parts.rules.evaluator,
            decisions=parts.rules.decisions,
            judges=parts.judges,
            switches=parts.switches,
            effect_charges=models.effects,
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


def _model_parts(parts: Parts, process: Process, secrets: OpenSecrets) -> ModelParts:
    return ModelParts(
        database=parts.database,
        clock=parts.clock,
        ids=parts.ids,
        gates=parts.gates,
        measures=process.model_measures,
        reader=secrets.reader,
    )


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
) -> Parts:
    access = Access(database, clock)
    stack.push_async_callback(access.close)
    environments, ids = installed_environments(), Ids(clock)
    recorder = Recorder(database, ids)
    stack.push_async_callback(recorder.close)
    live_events = LiveEvents(database=database, access=access, clock=clock)
    stack.push_async_callback(live_events.close)
    stack.enter_context(when_told_to_end(live_events.end))
    switches = open_switches(database, environments, clock=clock, stack=stack)
    gates = Gates(database=database, ids=ids, monotonic_s=clock.monotonic_s)
    stack.push_async_callback(gates.close)
    return Parts(
        database=database,
        clock=clock,
        ids=ids,
        access=access,
        environments=environments,
        judges=Judges(environments, puts_jobs=True, enabled=switches.environment_enabled),
        live_events=live_events,
        gates=gates,
        switches=switches,
        dashboards=open_dashboards(settings.evaluations, stack),
        recorder=recorder,
        wake=wake,
        approval_lasts=timedelta(seconds=settings.approval_lasts_s),
        rules=open_rules(
            settings.rules, database=database, clock=clock, access=access, stack=stack
        ),
        rates=rates,
    )


def _keep_going(
    parts: Parts, services: Platform, process: Process, *, stack: AsyncExitStack
) -> None:
    """Begin what goes on beside requests, and end it with the stack."""
    keep_answering(
        services.conversations,
        conversation_parts(parts),
        erases=process.keeps_going,
        stack=stack,
    )
    if process.keeps_going:
        _listen(parts, services.plans, stack=stack)


def _listen(parts: Parts, plans: Plans, *, stack: AsyncExitStack) -> None:
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
        StorageRefusedError: no audit record can be written there.
    """
    await schema.check(url)
    async with connected(url) as connection:
        await refuse_unsafe_role(connection)
        await refuse_unwritable_log(connection)


def _needs(parts: Parts, leases: Leases, measures: Measures, *, copies: Copying | None) -> Needs:
    return Needs(
        database=parts.database,
        commits=ToldCommits(parts.database, told=parts.live_events.wake, copies=copies),
        leases=leases,
        judge=parts.judges.of,
        decisions=parts.rules.decisions,
        past=Past(parts.database),
        rates=parts.rates,
        clock=parts.clock,
        measures=measures,
        approval_lasts=parts.approval_lasts,
        jobs_put=parts.wake,
        enabled=parts.switches.environment_enabled,
    )
