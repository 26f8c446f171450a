"""Trust an issuer that is served in the test, for one organization."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from runtime.adapters.oidc.providers import OidcProviders
from runtime.entrypoints.rest.edge import EdgeOptions
from runtime.kit.clock import FixedClock
from runtime.ports.identity_provider import TrustedIssuer
from tests.api.identity.world import CALLBACK, START, Founded, World, a_world
from tests.database import FreshDatabase
from tests.egress import issuers_way
from tests.servers.identity_provider import AUDIENCE, CLIENT_ID, IdentityProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusting:
    """Hold a world that trusts an issuer, and the organization that it vouches for."""

    world: World
    issuer: IdentityProvider
    founded: Founded


@asynccontextmanager
async def trusting(
    database: FreshDatabase,
    issuer: IdentityProvider,
    *,
    callback: str = CALLBACK,
    claims: tuple[str, ...] = (),
    options: EdgeOptions | None = None,
) -> AsyncIterator[Trusting]:
    """Open a world in which an issuer vouches for the people of one organization."""
    clock = FixedClock(START)
    issuer.clock = clock
    issuer.redirect_uris = (CALLBACK,)
    async with a_world(database, clock=clock) as before:
        founded = await before.found()
    trusted = TrustedIssuer(
        issuer=issuer.url,
        audiences=(AUDIENCE,),
        client_id=CLIENT_ID,
        redirect_uris=(CALLBACK,),
        organization_id=founded.id,
        claims=claims,
        allow_http_loopback=True,
    )
    providers = OidcProviders([trusted], clock=clock, egress=issuers_way(trusted.issuer))
    try:
        async with a_world(
            database,
            clock=clock,
            identities=providers,
            issuers=[trusted.issuer],
            callback=callback,
            options=options,
        ) as world:
            yield Trusting(world=world, issuer=issuer, founded=founded)
    finally:
        await providers.close()
