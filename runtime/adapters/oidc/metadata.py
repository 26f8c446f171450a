"""Read where an issuer's endpoints are (Source: OpenID Connect Discovery 1.0 §4)."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.adapters.oidc.fetch import IssuerClient
from runtime.adapters.oidc.refusal import unavailable
from runtime.kit.json_value import JsonObject
from runtime.ports.identity_provider import TrustedIssuer

_CHALLENGE_METHOD = "S256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Hold the endpoints of an issuer.

    Attributes:
        keys_url: where its public keys are.
        authorization_url: where a login begins; None: it has none.
        token_url: where a code is redeemed; None: it has none.
        names_itself: whether its callbacks always carry `iss` (Source: RFC 9207 §3).
        knows_s256: whether it knows PKCE with S256, or does not say (Source: RFC 8414 §2).
    """

    keys_url: str
    authorization_url: str | None
    token_url: str | None
    names_itself: bool
    knows_s256: bool


async def fetch_metadata(trusted: TrustedIssuer, client: IssuerClient) -> Metadata:
    """Return the endpoints of an issuer, as it publishes them now.

    Raises:
        IdentityRefusedError: `unavailable`: it can't be reached, is another issuer, or names an
            endpoint that may not be used.
    """
    url = trusted.issuer.rstrip("/") + "/.well-known/openid-configuration"
    document = await client.get(url)
    if document.get("issuer") != trusted.issuer:
        raise unavailable("the issuer's metadata is that of another issuer")
    keys_url = _endpoint(document, "jwks_uri", trusted)
    if keys_url is None:
        raise unavailable("the issuer's metadata names no jwks_uri")
    methods = document.get("code_challenge_methods_supported", [_CHALLENGE_METHOD])
    return Metadata(
        keys_url=keys_url,
        authorization_url=_endpoint(document, "authorization_endpoint", trusted),
        token_url=_endpoint(document, "token_endpoint", trusted),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        knows_s256=isinstance(methods, list) and _CHALLENGE_METHOD in methods,
    )


def _endpoint(document: JsonObject, name: str, trusted: TrustedIssuer) -> str | None:
    url = document.get(name)
    if url is None:
        return None
    if not isinstance(url, str) or not trusted.allows_url(url):
        raise unavailable(f"the issuer's {name} is no https URL without user and fragment")
    return url
