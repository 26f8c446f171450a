"""Log a browser in by code flow with PKCE at one issuer (Source: RFC 9700 §2.1, RFC 7636)."""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64encode, urlsafe_b64encode
from typing import Final
from urllib.parse import quote_plus, urlencode

from runtime.adapters.oidc.bearer import TokenVerifier
from runtime.adapters.oidc.claims import same_text
from runtime.adapters.oidc.fetch import Answer, IssuerClient
from runtime.adapters.oidc.jwks import IssuerKeys
from runtime.adapters.oidc.jws import take_apart
from runtime.adapters.oidc.refusal import refused, unavailable
from runtime.domain.identity import IdentityRefusal
from runtime.kit.json_value import JsonObject
from runtime.ports.identity_provider import (
    LoginStart,
    PendingLogin,
    TrustedIssuer,
    VerifiedIdentity,
)

SECRET_BYTES: Final = 32
VERIFIER_BYTES: Final = 48  # 64 characters

_CODE: Final = re.compile(r"[\x20-\x7e]{1,4096}")
_OK: Final = 200
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


class CodeFlow:
    """Begin and end logins at one issuer."""

    def __init__(
        self,
        trusted: TrustedIssuer,
        *,
        client: IssuerClient,
        keys: IssuerKeys,
        verifier: TokenVerifier,
    ) -> None:
        """Know the issuer, how to reach it and what it signs by."""
        self._trusted = trusted
        self._client = client
        self._keys = keys
        self._verifier = verifier

    async def start(self, redirect_uri: str) -> LoginStart:
        """Return where to send the browser, with the secrets of this login.

        Raises:
            IdentityRefusedError: `redirect` or `unavailable`.
        """
        if redirect_uri not in self._trusted.redirect_uris:
            raise refused(
                IdentityRefusal.REDIRECT, "the redirect URI is not in the issuer's settings"
            )
        metadata = await self._keys.metadata()
        if metadata.authorization_url is None or metadata.token_url is None:
            raise unavailable("the issuer publishes no endpoints for logins")
        if not metadata.knows_s256:
            raise unavailable("the issuer rules out PKCE with S256")
        verifier = secrets.token_urlsafe(VERIFIER_BYTES)
        state, nonce = secrets.token_urlsafe(SECRET_BYTES), secrets.token_urlsafe(SECRET_BYTES)
        question = {
            "response_type": "code",
            "client_id": self._trusted.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._trusted.login_scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_url else "?"
        return LoginStart(
            issuer=self._trusted.issuer,
            redirect_uri=redirect_uri,
            url=metadata.authorization_url + joint + urlencode(question),
            state=state,
            nonce=nonce,
            verifier=verifier,
        )

    async def finish(
        self, pending: PendingLogin, *, state: str, code: str, issuer: str | None
    ) -> VerifiedIdentity:
        """Return who logged in.

        Raises:
            IdentityRefusedError: with the reason.
        """
        if not pending.state or not same_text(state, pending.state):
            raise refused(IdentityRefusal.STATE, "the answer belongs to another login ('state')")
        metadata = await self._keys.metadata()
        if issuer != self._trusted.issuer and (issuer is not None or metadata.names_itself):
            raise refused(IdentityRefusal.ISSUER, "the answer is not this issuer's ('iss')")
        if not _CODE.fullmatch(code):
            raise refused(IdentityRefusal.CODE, "the code is not 1 to 4096 printable characters")
        if metadata.token_url is None:
            raise unavailable("the issuer publishes no token endpoint")
        document = await self._redeemed(pending, code, metadata.token_url)
        identity_token = document.get("id_token")
        if not isinstance(identity_token, str):
            raise refused(IdentityRefusal.MALFORMED, "the issuer gave no identity token")
        return await self._verifier.login(take_apart(identity_token), nonce=pending.nonce)

    async def _redeemed(self, pending: PendingLogin, code: str, url: str) -> JsonObject:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": pending.redirect_uri,
            "code_verifier": pending.verifier,
        }
        headers = {}
        if self._trusted.client_secret is None:
            form["client_id"] = self._trusted.client_id
        else:
            secret = self._trusted.client_secret.get_secret_value()
            headers["Authorization"] = basic_credentials(self._trusted.client_id, secret)
        return _document(await self._client.post_form(url, form, headers=headers))


def challenge_of(verifier: str) -> str:
    """Return what is shown of a verifier before it is used (Source: RFC 7636 §4.2).

    >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def basic_credentials(client_id: str, secret: str) -> str:
    """Return the header that proves a client (Source: RFC 6749 §2.3.1).

    >>> basic_credentials("app", "a:b")
    'Basic YXBwOmElM0Fi'
    """
    return "Basic " + b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()


def _document(answer: Answer) -> JsonObject:
    if answer.status == _OK:
        return answer.document
    if answer.status >= _SERVER_ERROR or answer.status == _TOO_MANY:
        raise unavailable(f"the issuer's token endpoint answered HTTP {answer.status}")
    raise refused(
        IdentityRefusal.CODE, f"the issuer did not redeem the code (HTTP {answer.status})"
    )
