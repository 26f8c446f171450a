"""Open what tells who asks: tokens, sessions of browsers, identity providers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from runtime.bootstrap.egress import issuers_egress
from runtime.kit.clock import Clock
from runtime.ports.identity_provider import IdentityProviders
from runtime.services.audit.access_refusals import AccessRefusals
from runtime.services.context import Ids
from runtime.services.evaluations.links import EvaluationLinks
from runtime.services.identity.authentication import Authentication
from runtime.services.identity.minting import Mint, TokenKeys
from runtime.services.identity.page_passes import PagePasses
from runtime.services.identity.pending_logins import PendingLogins
from runtime.services.identity.sessions import LoginSettings, Newcomers, Sessions
from runtime.services.identity.token_uses import TokenUses
from runtime.services.identity.tokens import Tokens
from runtime.services.tenancy.invitations import Invitations
from runtime.settings import IdentitySettings
from runtime.store.session import Database

CALLBACK_PATH: Final = "/v1/sessions:callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdentity:
    """Share what tells who asks."""

    settings: IdentitySettings
    database: Database
    clock: Clock
    keys: TokenKeys
    mint: Mint
    providers: IdentityProviders | None
    authentication: Authentication

    def invitations(self, *, ids: Ids, forget: Callable[[str], None]) -> Invitations:
        """Return the use cases of invitations; who joined or left is told by id."""
        return Invitations(
            database=self.database,
            ids=ids,
            keys=self.keys,
            forget=forget,
            identities=self.providers,
        )

    def evaluation_links(self, *, ids: Ids) -> EvaluationLinks:
        """Return the use cases of links to the pages of evaluations."""
        return EvaluationLinks(
            database=self.database,
            ids=ids,
            passes=PagePasses(keys=self.keys),
            public_url=self.settings.public_url,
        )

    def sessions(
        self, *, tokens: Tokens, invitations: Invitations, refusals: AccessRefusals
    ) -> Sessions:
        """Return the use cases of browsers that log in."""
        settings = self.settings
        return Sessions(
            database=self.database,
            clock=self.clock,
            mint=self.mint,
            tokens=tokens,
            pending=PendingLogins(key=self.keys.signing),
            settings=LoginSettings(
                callback_url=f"{settings.public_url}{CALLBACK_PATH}" if settings.public_url else "",
                issuers=[trusted.issuer for trusted in settings.issuers],
            ),
            identities=self.providers,
            newcomers=Newcomers(invitations=invitations, refusals=refusals),
        )


def open_identity(
    settings: IdentitySettings, *, database: Database, clock: Clock, stack: AsyncExitStack
) -> OpenIdentity:
    """Open it; the stack closes it.

    Raises:
        SettingsError: an issuer can't be reached as it is named, or what may be reached beyond.
    """
    keys = TokenKeys(keys=tuple(key.get_secret_value().encode() for key in settings.token_keys))
    providers: IdentityProviders | None = None
    if settings.issuers:
        from runtime.adapters.oidc.providers import OidcProviders  # noqa: PLC0415  # takes 0.3 s

        egress = issuers_egress(settings, clock=clock)
        providers = OidcProviders(settings.issuers, clock=clock, egress=egress)
        stack.push_async_callback(providers.close)
    uses = TokenUses(database, clock)
    stack.push_async_callback(uses.close)
    authentication = Authentication(
        database,
        clock,
        keys,
        uses=uses,
        identities=providers,
        operator_token=settings.operator_token,
    )
    stack.push_async_callback(authentication.close)
    return OpenIdentity(
        settings=settings,
        database=database,
        clock=clock,
        keys=keys,
        mint=Mint(keys),
        providers=providers,
        authentication=authentication,
    )
