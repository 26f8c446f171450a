"""Open the platform from settings: connections, adapters and use cases; close them in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from runtime.adapters.oidc.providers import OidcProviders
from runtime.adapters.redis_leases.opening import open_leases
from runtime.bootstrap.environments import installed_environments
from runtime.kit.clock import Clock
from runtime.ports.leases import Leases
from runtime.services.access import Access
from runtime.services.authentication import Authentication
from runtime.services.commits import Commits
from runtime.services.context import Ids
from runtime.services.environments import Environments
from runtime.services.exports import Exports
from runtime.services.invitations import Invitations
from runtime.services.judges import Judges
from runtime.services.line import Needs
from runtime.services.lines import Lines
from runtime.services.measures import Measures
from runtime.services.members import Members
from runtime.services.memberships import Memberships
from runtime.services.minting import Mint, TokenKeys
from runtime.services.organizations import Organizations
from runtime.services.outcomes import Outcomes
from runtime.services.past import Past
from runtime.services.pending_logins import PendingLogins
from runtime.services.plans import Plans
from runtime.services.platform import Platform
from runtime.services.projects import Projects
from runtime.services.registries import Registries
from runtime.services.sessions import LoginSettings, Sessions
from runtime.services.states import States
from runtime.services.token_uses import TokenUses
from runtime.services.tokens import Tokens
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Share what most use cases are made of."""

    database: Database
    clock: Clock
    ids: Ids
    access: Access
    keys: TokenKeys
    environments: Environments


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
        database = await Database.opened(url)
        stack.push_async_callback(database.close)
        leases = open_leases(
            [item.get_secret_value() for item in settings.redis_urls],
            instance=instance,
            clock=clock,
            ttl_s=settings.lease_ttl_s,
        )
        stack.push_async_callback(leases.close)
        parts = _Parts(
            database=database,
            clock=clock,
            ids=Ids(clock),
            access=Access(database, clock),
            keys=_keys(settings.identity),
            environments=installed_environments(),
        )
        stack.push_async_callback(parts.access.close)
        lines = Lines(_needs(parts, leases, measures))
        stack.push_async_callback(lines.close)
        services = await _services(parts, settings.identity, lines, stack=stack)
        yield OpenPlatform(services=services, database=database, leases=leases)


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
        past=Past(parts.database),
        clock=parts.clock,
        measures=measures,
    )


async def _services(
    parts: _Parts, identity: IdentitySettings, lines: Lines, *, stack: AsyncExitStack
) -> Platform:
    database, ids, access = parts.database, parts.ids, parts.access
    mint = Mint(parts.keys)
    identities = None
    if identity.issuers:
        identities = OidcProviders(identity.issuers, clock=parts.clock)
        stack.push_async_callback(identities.close)
    uses = TokenUses(database, parts.clock)
    stack.push_async_callback(uses.close)
    authentication = Authentication(
        database,
        parts.clock,
        parts.keys,
        uses=uses,
        identities=identities,
        operator_token=identity.operator_token,
    )
    stack.push_async_callback(authentication.close)

    def forget(member_id: str) -> None:
        access.forget_member(member_id)
        authentication.forget_member(member_id)

    tokens = Tokens(database=database, ids=ids, mint=mint, authentication=authentication)
    invitations = Invitations(database=database, ids=ids, keys=parts.keys, forget=forget)
    return Platform(
        access=access,
        authentication=authentication,
        environments=parts.environments,
        exports=Exports(database=database, ids=ids),
        invitations=invitations,
        members=Members(database=database, ids=ids, forget=forget),
        memberships=Memberships(database=database, ids=ids, forget=forget),
        organizations=Organizations(database=database, ids=ids, mint=mint),
        outcomes=Outcomes(database=database, access=access),
        plans=Plans(
            database=database,
            ids=ids,
            access=access,
            judges=Judges(parts.environments),
            lines=lines,
        ),
        projects=Projects(database=database, ids=ids, environments=parts.environments),
        registries=Registries(database=database, access=access, environments=parts.environments),
        sessions=Sessions(
            database=database,
            clock=parts.clock,
            mint=mint,
            tokens=tokens,
            pending=PendingLogins(key=parts.keys.signing),
            settings=LoginSettings(
                callback_url=f"{identity.public_url}{CALLBACK_PATH}" if identity.public_url else "",
                issuers=[trusted.issuer for trusted in identity.issuers],
            ),
            identities=identities,
            invitations=invitations,
        ),
        states=States(database=database, ids=ids, access=access, lines=lines),
        tokens=tokens,
    )
