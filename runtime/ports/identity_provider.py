"""The role of those who vouch for people: OIDC issuers that an operator trusts.

Services take an `IdentityProviders`; `adapters.oidc` implements it. Of a foreign token nothing has
a meaning here but what `VerifiedIdentity` holds: roles, user ids and the like are dropped, unless
an operator lists them for policies to judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Protocol, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from runtime.kit.ids import IdError, parse_id

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})
MOST_LEEWAY_S: Final = 120
MOST_CLAIMS: Final = 20

_Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
_Scope = Annotated[str, StringConstraints(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")]
_REGISTERED_CLAIMS: Final = frozenset(
    {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "nonce", "email", "email_verified"}
)


class SignatureAlgorithm(StrEnum):
    """Name the signatures that can be trusted at all: asymmetric ones, never `none`."""

    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    PS256 = "PS256"
    ES256 = "ES256"
    ES384 = "ES384"
    EDDSA = "EdDSA"


class TrustedIssuer(BaseModel):
    """Configure one issuer that identities are accepted from.

    Attributes:
        issuer: its URL, compared letter by letter with the `iss` of its tokens.
        audiences: bearer tokens must be made for one of these.
        client_id: what this platform is called there; logins are made for it.
        client_secret: proves the client at the token endpoint; None for a public client.
        redirect_uris: where a login may return to, letter by letter; none: no logins, bearer only.
        login_scopes: what a login asks for.
        algorithms: the signatures that it uses.
        organization_id: whose members it vouches for. Exactly one of this and the next is set.
        organization_claim: the claim that holds an organization id; such an issuer speaks for every
            organization, so it is one that the platform itself runs.
        claims: names of claims of its tokens that policies may judge people by; none by default.
            A session keeps those of its login.
        leeway_s: by how much its clock may differ from ours.
        keys_max_age_s: how long its keys are used before they are fetched again, and so how long
            a withdrawn key can work.
        keys_kept_s: how long its last keys are used while it can't be reached.
        allow_http_loopback: accept http on this machine; for development and tests only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: str = Field(min_length=1, max_length=2_000)
    audiences: tuple[_Name, ...] = Field(min_length=1)
    client_id: _Name
    client_secret: SecretStr | None = Field(default=None, min_length=1)
    redirect_uris: tuple[str, ...] = ()
    login_scopes: tuple[_Scope, ...] = ("openid", "email")
    algorithms: frozenset[SignatureAlgorithm] = Field(
        default=frozenset({SignatureAlgorithm.RS256, SignatureAlgorithm.ES256}), min_length=1
    )
    organization_id: str | None = None
    organization_claim: _Name | None = None
    claims: tuple[_Name, ...] = Field(default=(), max_length=MOST_CLAIMS)
    leeway_s: int = Field(default=30, ge=0, le=MOST_LEEWAY_S)
    keys_max_age_s: int = Field(default=600, ge=30, le=86_400)
    keys_kept_s: int = Field(default=3_600, ge=30, le=86_400)
    allow_http_loopback: bool = False

    @model_validator(mode="after")
    def _checked(self) -> Self:
        self._check_organization()
        if not self.allows_url(self.issuer) or "?" in self.issuer:
            raise ValueError("the issuer is no https URL without user, query and fragment")
        for uri in self.redirect_uris:
            if not self.allows_url(uri):
                raise ValueError("a redirect URI is no https URL without user and fragment")
        if "openid" not in self.login_scopes:
            raise ValueError("the login scopes lack 'openid', without which there is no identity")
        if len(set(self.claims)) < len(self.claims):
            raise ValueError("the list of claims names one twice")
        if self.keys_kept_s < self.keys_max_age_s:
            raise ValueError("keys_kept_s is below keys_max_age_s, expected at least as long")
        return self

    def allows_url(self, url: str) -> bool:
        """Return whether a URL may be used: https, or http on this machine where that is allowed.

        A URL with a user, a fragment, a space or a control character never may.
        """
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return False
        plain = url.isascii() and url.isprintable() and not set(' "<>\\^`{|}') & set(url)
        if not host or not plain or parts.username is not None or "#" in url:
            return False
        loopback = self.allow_http_loopback and host in LOOPBACK_HOSTS
        return parts.scheme == "https" or (parts.scheme == "http" and loopback)

    def _check_organization(self) -> None:
        if (self.organization_id is None) == (self.organization_claim is None):
            raise ValueError("expected exactly one of organization_id and organization_claim")
        if self.organization_claim in _REGISTERED_CLAIMS:
            raise ValueError("organization_claim names a claim that means something else")
        if self.organization_id is not None:
            try:
                parse_id(self.organization_id, "org")
            except IdError as error:
                raise ValueError(str(error)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedIdentity:
    """Hold what a trusted issuer vouches for, and nothing else of what its token said.

    Attributes:
        issuer: who vouches; with `subject` it names one person for good.
        subject: their name there; never an e-mail address to match by.
        email: their address, if told.
        email_verified: whether the issuer says that it is theirs.
        organization_id: the organization that they belong to, by the issuer's settings.
        expires_at: until when.
        claims: those that the settings list, as canonical JSON text; empty where there are none.
    """

    issuer: str
    subject: str
    email: str | None = field(default=None, repr=False)
    email_verified: bool = False
    organization_id: str
    expires_at: datetime
    claims: str = field(default="", repr=False)


class PendingLogin(Protocol):
    """What must be kept, in secret, between the start of a login and its end; used once."""

    @property
    def issuer(self) -> str:
        """Return who was asked."""
        ...

    @property
    def redirect_uri(self) -> str:
        """Return where the login was to return to."""
        ...

    @property
    def state(self) -> str:
        """Return what binds the answer to the browser that asked."""
        ...

    @property
    def nonce(self) -> str:
        """Return what binds the identity token to this login."""
        ...

    @property
    def verifier(self) -> str:
        """Return what proves that the code is redeemed by who asked for it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginStart:
    """Hold a login that has begun: where to send the browser, and the `PendingLogin`."""

    issuer: str
    redirect_uri: str
    url: str = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


class IdentityProviders(Protocol):
    """Verify identities of the trusted issuers; safe to use from many tasks of one event loop."""

    async def verify(self, bearer: str) -> VerifiedIdentity:
        """Return whom a bearer token identifies.

        Args:
            bearer: the token, without the word before it.

        Raises:
            IdentityRefusedError: with the reason; `unavailable` when its issuer can't be asked.
        """
        ...

    async def start_login(self, issuer: str, *, redirect_uri: str) -> LoginStart:
        """Begin a login by code flow with PKCE.

        Raises:
            IdentityRefusedError: the issuer or the redirect URI is not in the settings, or the
                issuer can't be asked.
        """
        ...

    async def finish_login(
        self, pending: PendingLogin, *, state: str, code: str, issuer: str | None = None
    ) -> VerifiedIdentity:
        """Redeem a code. The caller forgets the pending login first: it is good for one try.

        Args:
            pending: what `start_login` returned, as kept for this browser.
            state: from the callback.
            code: from the callback.
            issuer: `iss` from the callback, if there (Source: RFC 9207).

        Raises:
            IdentityRefusedError: with the reason.
        """
        ...

    async def close(self) -> None:
        """Release connections; further requests are refused as `unavailable`."""
        ...
