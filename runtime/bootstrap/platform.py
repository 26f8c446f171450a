"""Open the platform from settings: connections, adapters and use cases; close them in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from runtime.adapters.aes_seal import AesSeal
from runtime.adapters.redis_leases.opening import open_leases
from runtime.adapters.redis_rates.opening import open_rates
from runtime.bootstrap.environments import installed_environments
from runtime.bootstrap.rules import Rules, open_rules
from runtime.kit.clock import Clock
from runtime.ports.identity_provider import IdentityProviders
from runtime.ports.leases import Leases, Observe
from runtime.ports.policy import PolicyEvaluator
from runtime.ports.shared_rates import SharedRates
from runtime.services.approvals.approvals import Approvals
from runtime.services.context import Ids
from runtime.services.environments import Environments
from runtime.services.execution.commits import Commits
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
from runtime.services.identity.authentication import Authentication
from runtime.services.identity.minting import Mint, TokenKeys
from runtime.services.identity.pending_logins import PendingLogins
from runtime.services.identity.sessions import LoginSettings, Sessions
from runtime.services.identity.token_uses import TokenUses
from runtime.services.identity.tokens import Tokens
from runtime.services.platform import Platform
from runtime.services.schedules.firings import Firings
from runtime.services.schedules.ringing import Ringing
from runtime.services.schedules.schedules import Schedules
from runtime.services.tenancy.exports import Exports
from runtime.services.tenancy.invitations import Invitations
from runtime.services.tenancy.members import Members
from runtime.services.tenancy.memberships import Memberships
from runtime.services.tenancy.organization_limits import LimitsOfOrganizations
from runtime.services.tenancy.organizations import Organizations
from runtime.services.tenancy.projects import Projects
from runtime.settings import IdentitySettings, ServiceSettings, SettingsError
from runtime.store import schema
from runtime.store.one_connection import connected
from runtime.store.roles import refuse_unsafe_role
from runtime.store.session import Database

CALLBACK_PATH: Final = "/v1/sessions:callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlatform:
    """Hold an open platform: its use cases, and what its readiness depends on."""

    services: Platform
    database: Database
    leases: Leases
    shared_rates: SharedRates
    evaluator: PolicyEvaluator


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Share what most use cases are made of."""

    database: Database
    clock: Clock
    ids: Ids
    access: Access
    keys: TokenKeys
    environments: Environments
    rules: Rules
    approval_lasts: timedelta
    rates: Rates


@asynccontextmanager
async def open_platform(
    settings: ServiceSettings, *, clock: Clock, measures: Measures, instance: str
) -> AsyncIterator[OpenPlatform]:
    """Open everything that serving takes, and close it in the end, the newest first.

    Args:
        settings: with a database's address.
        clock: the time.
        measures: told what happens.
        instance: what this process is called in messages about leases.

    Raises:
        SettingsError: the settings name no database.
        StorageUnavailableError: the database does not answer.
        SchemaMismatchError: it was migrated to another revision.
        UnsafeRoleError: its role may do more than an app may.
        DeclarationError: a plugin can't be used.
    """
    if settings.database_url is None:
        raise SettingsError("PLANGATE_DATABASE_URL is not set: there is no platform to open")
    url = settings.database_url.get_secret_value()
    await check_database(url)
    async with AsyncExitStack() as stack:
        database = await Database.opened(url, observe=measures.connection_waited)
        stack.push_async_callback(database.close)
        observe = measures.lease_told
        leases = _leases(settings, clock=clock, instance=instance, observe=observe)
        stack.push_async_callback(leases.close)
        shared_rates = open_rates(_redis_urls(settings))
        stack.push_async_callback(shared_rates.close)
        rates = Rates(shared_rates, database=database, clock=clock)
        stack.push_async_callback(rates.close)
        parts = _parts(settings, rates, database, clock=clock, stack=stack)
        lines = Lines(_needs(parts, leases, measures), expired_keys=ExpiredKeys(database, clock))
        stack.push_async_callback(lines.close)
        identity = _identity(parts, settings.identity, stack=stack)
        services = _services(parts, identity, lines)
        _listen(parts, services.plans, stack=stack)
        yield OpenPlatform(
            services=services,
            database=database,
            leases=leases,
            shared_rates=shared_rates,
            evaluator=parts.rules.evaluator,
        )


def _leases(settings: ServiceSettings, *, clock: Clock, instance: str, observe: Observe) -> Leases:
    return open_leases(
        _redis_urls(settings),
        instance=instance,
        clock=clock,
        ttl_s=settings.lease_ttl_s,
        observe=observe,
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
) -> _Parts:
    access = Access(database, clock)
    stack.push_async_callback(access.close)
    return _Parts(
        database=database,
        clock=clock,
        ids=Ids(clock),
        access=access,
        keys=_keys(settings.identity),
        environments=installed_environments(),
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


def _keys(identity: IdentitySettings) -> TokenKeys:
    return TokenKeys(keys=tuple(key.get_secret_value().encode() for key in identity.token_keys))


def _needs(parts: _Parts, leases: Leases, measures: Measures) -> Needs:
    return Needs(
        database=parts.database,
        commits=Commits(parts.database),
        leases=leases,
        judge=Judges(parts.environments).of,
        decisions=parts.rules.decisions,
        past=Past(parts.database),
        rates=parts.rates,
        clock=parts.clock,
        measures=measures,
        approval_lasts=parts.approval_lasts,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    """Share what tells who asks."""

    settings: IdentitySettings
    mint: Mint
    providers: IdentityProviders | None
    authentication: Authentication


def _identity(parts: _Parts, settings: IdentitySettings, *, stack: AsyncExitStack) -> _Identity:
    providers: IdentityProviders | None = None
    if settings.issuers:
        from runtime.adapters.oidc.providers import OidcProviders  # noqa: PLC0415  # takes 0.3 s

        providers = OidcProviders(settings.issuers, clock=parts.clock)
        stack.push_async_callback(providers.close)
    uses = TokenUses(parts.database, parts.clock)
    stack.push_async_callback(uses.close)
    authentication = Authentication(
        parts.database,
        parts.clock,
        parts.keys,
        uses=uses,
        identities=providers,
        operator_token=settings.operator_token,
    )
    stack.push_async_callback(authentication.close)
    return _Identity(
        settings=settings,
        mint=Mint(parts.keys),
        providers=providers,
        authentication=authentication,
    )


def _services(parts: _Parts, identity: _Identity, lines: Lines) -> Platform:
    database, ids, access = parts.database, parts.ids, parts.access
    environments, authentication = parts.environments, identity.authentication
    rates = parts.rates

    def forget(member_id: str) -> None:
        access.forget_member(member_id)
        authentication.forget_member(member_id)

    tokens = Tokens(database=database, ids=ids, mint=identity.mint, authentication=authentication)
    invitations = Invitations(
        database=database,
        ids=ids,
        keys=parts.keys,
        forget=forget,
        identities=identity.providers,
    )
    seal, plans = AesSeal(parts.keys.keys), _plans(parts, lines)
    return Platform(
        access=access,
        approvals=Approvals(database=database, ids=ids),
        authentication=authentication,
        environments=environments,
        exports=Exports(database=database, ids=ids),
        hook_deliveries=HookDeliveries(database=database, ids=ids, seal=seal, plans=plans),
        hooks=Hooks(database=database, ids=ids, seal=seal),
        invitations=invitations,
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
        registries=Registries(database=database, access=access, environments=environments),
        schedules=Schedules(database=database, ids=ids, forget=forget),
        sessions=_sessions(parts, identity, tokens=tokens, invitations=invitations),
        states=States(database=database, ids=ids, access=access, lines=lines),
        tokens=tokens,
        usages=Usages(database=database, clock=parts.clock, access=access),
    )


def _plans(parts: _Parts, lines: Lines) -> Plans:
    return Plans(
        database=parts.database,
        ids=parts.ids,
        access=parts.access,
        judges=Judges(parts.environments),
        decisions=parts.rules.decisions,
        lines=lines,
        rates=parts.rates,
    )


def _sessions(
    parts: _Parts, identity: _Identity, *, tokens: Tokens, invitations: Invitations
) -> Sessions:
    settings = identity.settings
    return Sessions(
        database=parts.database,
        clock=parts.clock,
        mint=identity.mint,
        tokens=tokens,
        pending=PendingLogins(key=parts.keys.signing),
        settings=LoginSettings(
            callback_url=f"{settings.public_url}{CALLBACK_PATH}" if settings.public_url else "",
            issuers=[trusted.issuer for trusted in settings.issuers],
        ),
        identities=identity.providers,
        invitations=invitations,
    )
