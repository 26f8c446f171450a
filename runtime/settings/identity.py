"""Settings of identity: whom the platform believes, and where people reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr, TypeAdapter, ValidationError

from runtime.ports.identity_provider import LOOPBACK_HOSTS, TrustedIssuer
from runtime.settings.reading import LONG_TOKEN, SettingsError, listed, token
from runtime.settings.work import EGRESS_ALLOW

TOKEN_KEYS: Final = "PLANGATE_TOKEN_KEYS"  # noqa: S105  # the variable's name
SEALING_KEYS: Final = "PLANGATE_SEALING_KEYS"
OPERATOR_TOKEN: Final = "PLANGATE_OPERATOR_TOKEN"  # noqa: S105  # the variable's name
ISSUERS: Final = "PLANGATE_ISSUERS"
PUBLIC_URL: Final = "PLANGATE_PUBLIC_URL"
LEAST_KEY_LETTERS: Final = 32
_ISSUERS: Final = TypeAdapter(tuple[TrustedIssuer, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """Say whom the platform believes.

    Attributes:
        token_keys: keys of the hashes of tokens, from `PLANGATE_TOKEN_KEYS`, separated by commas:
            the first signs, all are tried.
        sealing_keys: keys of what is stored sealed, from `PLANGATE_SEALING_KEYS`, separated by
            commas: the first seals, all open; none: `token_keys` do.
        operator_token: makes organizations, from `PLANGATE_OPERATOR_TOKEN`; none: nobody does.
        issuers: OIDC issuers, from `PLANGATE_ISSUERS`, a JSON list of `TrustedIssuer`.
        public_url: where browsers reach the platform, from `PLANGATE_PUBLIC_URL`.
        egress_allow: beyond the issuers themselves and strangers by https, from
            `PLANGATE_EGRESS_ALLOW`.
    """

    token_keys: tuple[SecretStr, ...] = ()
    sealing_keys: tuple[SecretStr, ...] = ()
    operator_token: SecretStr | None = None
    issuers: tuple[TrustedIssuer, ...] = ()
    public_url: str | None = None
    egress_allow: str = ""


def read_identity(told: Mapping[str, str]) -> IdentitySettings:
    """Read the part of identity.

    Raises:
        SettingsError: a variable can't be used.
    """
    try:
        issuers = _ISSUERS.validate_json(told.get(ISSUERS, "[]"))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"{ISSUERS} is no JSON list of issuers: {problems}") from None
    return IdentitySettings(
        token_keys=_keys(told, TOKEN_KEYS),
        sealing_keys=_keys(told, SEALING_KEYS),
        operator_token=token(told, OPERATOR_TOKEN, LONG_TOKEN, least=32),
        issuers=issuers,
        public_url=_public_url(told),
        egress_allow=told.get(EGRESS_ALLOW, ""),
    )


def _keys(told: Mapping[str, str], name: str) -> tuple[SecretStr, ...]:
    """Return keys that nobody guesses."""
    keys = listed(told, name)
    if any(len(key) < LEAST_KEY_LETTERS for key in keys):
        raise SettingsError(
            f"{name} has a key of fewer than {LEAST_KEY_LETTERS} characters; "
            "use what `openssl rand -hex 32` prints"
        )
    return tuple(map(SecretStr, keys))


def _public_url(told: Mapping[str, str]) -> str | None:
    """Return where browsers come: by https, or on this machine."""
    url = told.get(PUBLIC_URL, "").rstrip("/")
    if not url:
        return None
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    if not safe or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(
            f"{PUBLIC_URL} is no address that cookies are safe with, such as "
            "https://plangate.example.com; http is for this machine only"
        )
    return url
