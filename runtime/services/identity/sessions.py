"""Let people log in with a browser, by code flow with PKCE, and log out again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import (
    CredentialRefusedError,
    CredentialUnverifiableError,
    IdentityRefusedError,
    LoginClosedError,
    NotAllowedError,
)
from runtime.domain.identity import IdentityRefusal
from runtime.domain.issued_token import SESSION_LIFE, scopes_by_role
from runtime.kit.clock import Clock
from runtime.ports.identity_provider import IdentityProviders, VerifiedIdentity
from runtime.services.audit.access_refusals import AccessRefusals
from runtime.services.context import Context, Ids
from runtime.services.documents import spelled_instant
from runtime.services.identity.minting import Mint, Wish
from runtime.services.identity.pending_logins import Pending, PendingLogins
from runtime.services.identity.tokens import Tokens
from runtime.services.standing import steady_caller
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.access import Bearer, identity_bearer
from runtime.store.session import Database
from runtime.store.tokens import forget_claims_of

_SESSION_NAME: Final = "browser session"


class Invited(Protocol):
    """Make somebody a member who was invited; `runtime.services.tenancy.invitations` does."""

    async def accept_by_email(self, identity: VerifiedIdentity) -> bool:
        """Bind an open invitation for a verified address to who logged in; say whether one was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """Hold what is done about people who log in and are no members: invited ones, and others."""

    invitations: Invited
    refusals: AccessRefusals


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSettings:
    """Say how browsers log in.

    Attributes:
        callback_url: where issuers send browsers back to; empty: nobody can log in.
        issuers: who may be asked; with one of them, it need not be named.
    """

    callback_url: str
    issuers: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginBegun:
    """Say where to send a browser, and what it has to bring back."""

    url: str = field(repr=False)
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """Hold the text of a new session, and where the browser wanted to go."""

    text: str = field(repr=False)
    return_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAnswer:
    """Hold what an issuer sent a browser back with."""

    state: str
    code: str
    issuer: str | None = None


class Sessions:
    """Begin and end the sessions of browsers."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        mint: Mint,
        tokens: Tokens,
        pending: PendingLogins,
        settings: LoginSettings,
        identities: IdentityProviders | None,
        newcomers: Newcomers,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = Ids(clock)
        self._mint = mint
        self._tokens = tokens
        self._pending = pending
        self._settings = settings
        self._identities = identities
        self._newcomers = newcomers

    async def begin(self, *, issuer: str | None, return_to: str) -> LoginBegun:
        """Begin a login.

        Args:
            issuer: who is asked; None asks the only one there is.
            return_to: path of this site to go to afterwards; the edge has seen that it is one.

        Raises:
            LoginClosedError: the platform knows no issuer, or not its own address.
            IdentityRefusedError: the issuer is unknown, or none is named of several.
            CredentialUnverifiableError: the issuer can't be asked.
        """
        identities = self._open()
        known = self._settings.issuers
        chosen = known[0] if issuer is None and len(known) == 1 else issuer
        if chosen is None:
            raise IdentityRefusedError(
                reason=IdentityRefusal.ISSUER, detail="there are several issuers: name one"
            )
        with _asking():
            start = await identities.start_login(chosen, redirect_uri=self._settings.callback_url)
        sealed = self._pending.sealed(start, return_to=return_to, now=self._clock.now())
        return LoginBegun(url=start.url, sealed=sealed)

    async def finish(self, sealed: str, answer: LoginAnswer) -> LoggedIn:
        """Finish a login: a session begins.

        Raises:
            LoginClosedError: nobody can log in.
            IdentityRefusedError: the answer is not the one that this browser waits for, or the
                issuer does not stand by it.
            CredentialUnverifiableError: the issuer can't be asked.
            CredentialRefusedError: who logged in is no member, and was not invited.
        """
        identities = self._open()
        pending = self._pending.opened(sealed, now=self._clock.now())
        with _asking():
            identity = await identities.finish_login(
                pending, state=answer.state, code=answer.code, issuer=answer.issuer
            )
        bearer = await self._member(identity)
        return await self._begun(identity, bearer, pending)

    async def end(self, context: Context) -> Answer:
        """End the session whose credential this is.

        Raises:
            NotAllowedError: it is no session.
        """
        caller = context.caller
        if caller.credential_kind is not CredentialKind.SESSION:
            raise NotAllowedError(
                needs="the credential of a browser's session", has=caller.credential_kind.value
            )
        return await self._tokens.revoke(context, caller.credential_id)

    def _open(self) -> IdentityProviders:
        if self._identities is None or not self._settings.callback_url:
            raise LoginClosedError
        return self._identities

    async def _member(self, identity: VerifiedIdentity) -> Bearer:
        found = await self._found(identity)
        if found is None:
            await self._newcomers.invitations.accept_by_email(identity)
            found = await self._found(identity)
        if found is None:
            await self._newcomers.refusals.note_login(
                identity.organization_id, issuer=identity.issuer, subject=identity.subject
            )
            raise CredentialRefusedError
        return found

    async def _found(self, identity: VerifiedIdentity) -> Bearer | None:
        async with self._database.transaction(
            identity.organization_id, read_only=True
        ) as connection:
            return await identity_bearer(
                connection, issuer=identity.issuer, subject=identity.subject
            )

    async def _begun(
        self, identity: VerifiedIdentity, bearer: Bearer, pending: Pending
    ) -> LoggedIn:
        caller = Caller(
            member_id=bearer.member_id,
            organization_id=identity.organization_id,
            organization_role=bearer.organization_role,
            member_kind=bearer.member_kind,
            scopes=scopes_by_role(bearer.organization_role),
            credential_id=f"oidc:{bearer.member_id}",
            credential_kind=CredentialKind.OIDC,
        )

        async def work(unit: Unit) -> Answer:
            await steady_caller(unit, caller)
            await forget_claims_of(unit.connection, caller.member_id, at=unit.now)
            wish = Wish(
                member_id=caller.member_id,
                created_by=caller.member_id,
                name=_SESSION_NAME,
                scopes=caller.scopes,
                life=SESSION_LIFE,
                kind=CredentialKind.SESSION,
                claims=identity.claims,
            )
            made = await self._mint.strike(unit, wish, organization_id=caller.organization_id)
            until = unit.now + SESSION_LIFE
            told = {"issuer": identity.issuer, "expires_at": spelled_instant(until)}
            await unit.audit("session.opened", {"session": made.token.id, **told})
            return Answer(document={"token": made.text})

        answer = await once(self._database, self._ids, Context(caller=caller), work=work)
        return LoggedIn(text=answer.document["token"], return_to=pending.return_to)


@contextmanager
def _asking() -> Iterator[None]:
    """Tell an issuer that does not answer from one that refuses."""
    try:
        yield
    except IdentityRefusedError as error:
        if error.reason is IdentityRefusal.UNAVAILABLE:
            raise CredentialUnverifiableError from error
        raise
