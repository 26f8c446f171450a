"""Find out whose credential a text is; whatever is wrong with one, the refusal is the same.

What was found is remembered for three seconds, so that a revoked token opens nothing five seconds
later on any replica, and at once on the one that revoked it.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from runtime.domain.caller import OPERATOR_ID, Caller, CredentialKind
from runtime.domain.errors import (
    CredentialRefusedError,
    CredentialUnverifiableError,
    IdentityRefusedError,
    TokenMalformedError,
)
from runtime.domain.identity import IdentityRefusal
from runtime.domain.issued_token import scopes_by_role
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.domain.token import TokenText, matches, parse_token
from runtime.kit.clock import Clock
from runtime.kit.ids import ENTROPY_BYTES, new_id
from runtime.ports.identity_provider import IdentityProviders
from runtime.services.context import Ids
from runtime.services.identity.minting import KIND_OF, TokenKeys
from runtime.services.identity.narrow_door import NarrowDoor
from runtime.services.identity.token_uses import TokenUses
from runtime.services.remembered import Remembered, Told
from runtime.store.access import TokenBearer, identity_bearer, token_bearer
from runtime.store.session import Database

FRESH_S: Final = 3.0
REFUSED_FRESH_S: Final = 1.0
MOST_LETTERS: Final = 8_192

_DOTS_OF_A_JWT: Final = 2
_REFUSED: Final[Told[Caller]] = Told(value=None, fresh_s=REFUSED_FRESH_S)
_NO_HASH: Final = bytes(32)
_TIME_BYTES: Final = 6


class Authentication:
    """Turn credentials into callers.

    Attributes:
        door: through which those pass that nobody knows.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: TokenKeys,
        *,
        uses: TokenUses,
        identities: IdentityProviders | None = None,
        operator_token: SecretStr | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = Ids(clock)
        self._keys = keys
        self._uses = uses
        self._identities = identities
        self._operator_secret = (
            None if operator_token is None else operator_token.get_secret_value().encode()
        )
        self._remembered = Remembered[Caller](monotonic_s=clock.monotonic_s)
        self.door = NarrowDoor()

    async def caller_of(self, bearer: str) -> Caller:
        """Return whose credential this is.

        Raises:
            CredentialRefusedError: it opens nothing, for whatever reason.
            CredentialUnverifiableError: who vouches for it can't be asked.
            AuthenticationBusyError: it is unknown, and too many such are being looked up.
            StorageUnavailableError: the database can't be asked.
        """
        if not 0 < len(bearer) <= MOST_LETTERS:
            raise CredentialRefusedError
        key = _digest(bearer)
        kept = self._remembered.fresh(key)
        caller = (
            await self._remembered.told(key, lambda: self._asked(bearer, key=key))
            if kept is None
            else kept.value
        )
        if caller is None:
            raise CredentialRefusedError
        return caller

    def knows(self, bearer: str) -> bool:
        """Say whether a credential opened something a while ago, so that it may still."""
        return self._is_operator(bearer) or self._remembered.known(_digest(bearer))

    async def operator_or_caller_of(self, bearer: str, *, request_key: str | None) -> Caller:
        """Return the holder of the platform's own credential, for an organization to be made.

        Its id is new, or with an idempotency key the same each time, so that a repeated request
        finds what the first one made. Any other credential is what it always is.
        """
        secret = self._operator_secret
        if secret is None or not self._is_operator(bearer):
            return await self.caller_of(bearer)
        return Caller(
            member_id=OPERATOR_ID,
            organization_id=(
                self._ids.new("org") if request_key is None else _organization(secret, request_key)
            ),
            organization_role=OrganizationRole.MEMBER,
            member_kind=MemberKind.SERVICE,
            scopes=frozenset({Scope.ORGANIZATION_MANAGE}),
            credential_id=OPERATOR_ID,
            credential_kind=CredentialKind.OPERATOR,
        )

    def forget(self, token_id: str) -> None:
        """Believe a token no longer without asking again, on this replica."""
        self._remembered.forget(lambda caller: caller.credential_id == token_id)

    def forget_member(self, member_id: str) -> None:
        """Believe nothing of a member without asking again, on this replica."""
        self._remembered.forget(lambda caller: caller.member_id == member_id)

    async def close(self) -> None:
        """Wait for what is being asked."""
        await self._remembered.close()

    def _is_operator(self, bearer: str) -> bool:
        secret, brought = self._operator_secret, bearer.encode("utf-8", "surrogatepass")
        return secret is not None and hmac.compare_digest(brought, secret)

    async def _asked(self, bearer: str, *, key: bytes) -> Told[Caller]:
        if bearer.count(".") == _DOTS_OF_A_JWT:
            return await self._of_identity(bearer)
        try:
            token = parse_token(bearer)
        except TokenMalformedError:
            return _REFUSED
        if self._remembered.known(key):
            return await self._of_token(token)
        async with self.door.passed():
            return await self._of_token(token)

    async def _of_token(self, token: TokenText) -> Told[Caller]:
        async with self._database.transaction(token.organization_id, read_only=True) as connection:
            found = await token_bearer(connection, token.token_id)
        stored = _NO_HASH if found is None else found.hash  # as much work for a token of nobody
        fits = matches(stored, token.secret, keys=self._keys.keys, token_id=token.token_id)
        if found is None or not fits or found.kind is not KIND_OF[token.kind]:
            return _REFUSED
        left_s = self._left_s(found)
        if left_s <= 0:
            return _REFUSED
        self._uses.note(token.organization_id, token.token_id, last_used_at=found.last_used_at)
        caller = Caller(
            member_id=found.bearer.member_id,
            organization_id=token.organization_id,
            organization_role=found.bearer.organization_role,
            member_kind=found.bearer.member_kind,
            scopes=found.scopes,
            credential_id=token.token_id,
            credential_kind=found.kind,
            claims=found.claims,
        )
        return Told(value=caller, fresh_s=min(FRESH_S, left_s))

    async def _of_identity(self, bearer: str) -> Told[Caller]:
        if self._identities is None:
            return _REFUSED
        try:
            identity = await self._identities.verify(bearer)
        except IdentityRefusedError as error:
            if error.reason is IdentityRefusal.UNAVAILABLE:
                raise CredentialUnverifiableError from error
            return _REFUSED
        async with self._database.transaction(
            identity.organization_id, read_only=True
        ) as connection:
            found = await identity_bearer(
                connection, issuer=identity.issuer, subject=identity.subject
            )
        if found is None:
            return _REFUSED
        caller = Caller(
            member_id=found.member_id,
            organization_id=identity.organization_id,
            organization_role=found.organization_role,
            member_kind=found.member_kind,
            scopes=scopes_by_role(found.organization_role),
            credential_id=f"oidc:{found.member_id}",
            credential_kind=CredentialKind.OIDC,
            claims=identity.claims,
        )
        return Told(value=caller, fresh_s=min(FRESH_S, self._seconds_to(identity.expires_at)))

    def _left_s(self, found: TokenBearer) -> float:
        if found.revoked_at is not None:
            return 0.0
        return FRESH_S if found.expires_at is None else self._seconds_to(found.expires_at)

    def _seconds_to(self, instant: datetime) -> float:
        return (instant - self._clock.now()).total_seconds()


def _digest(bearer: str) -> bytes:
    return hashlib.sha256(bearer.encode("utf-8", "surrogatepass")).digest()


def _organization(secret: bytes, request_key: str) -> str:
    """Return the id of what a request with a key makes, which only holders of the secret know."""
    message = b"plangate/organization/1\0" + request_key.encode()
    made = hmac.digest(secret, message, hashlib.sha256)
    now_ms = int.from_bytes(made[ENTROPY_BYTES : ENTROPY_BYTES + _TIME_BYTES])
    return new_id("org", now_ms=now_ms, entropy=made[:ENTROPY_BYTES])
