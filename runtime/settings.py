"""Touch the environment, as the one place that does: silence third parties, read the settings.

The bootstrap calls `quiet_environment` before it loads a part that reads these variables on import.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr, TypeAdapter, ValidationError

from runtime.kit.quiet import QUIET
from runtime.kit.rates import Rate
from runtime.ports.identity_provider import LOOPBACK_HOSTS, TrustedIssuer

MODEL: Final = "PLANGATE_MODEL"
EVAL_TOKEN: Final = "PLANGATE_EVAL_TOKEN"  # noqa: S105  # the variable's name
DATABASE_URL: Final = "PLANGATE_DATABASE_URL"
MIGRATION_URL: Final = "PLANGATE_MIGRATION_URL"
REDIS_URL: Final = "PLANGATE_REDIS_URL"
TOKEN_KEYS: Final = "PLANGATE_TOKEN_KEYS"  # noqa: S105  # the variable's name
OPERATOR_TOKEN: Final = "PLANGATE_OPERATOR_TOKEN"  # noqa: S105  # the variable's name
METRICS_TOKEN: Final = "PLANGATE_METRICS_TOKEN"  # noqa: S105  # the variable's name
ISSUERS: Final = "PLANGATE_ISSUERS"
PUBLIC_URL: Final = "PLANGATE_PUBLIC_URL"
ALLOWED_ORIGINS: Final = "PLANGATE_ALLOWED_ORIGINS"
REQUEST_RATE: Final = "PLANGATE_REQUEST_RATE"
LOG_LEVEL: Final = "PLANGATE_LOG_LEVEL"
LEASE_TTL_S: Final = "PLANGATE_LEASE_TTL_S"
APPROVAL_LASTS_S: Final = "PLANGATE_APPROVAL_LASTS_S"
OPA_URL: Final = "PLANGATE_OPA_URL"
OPA_TOKEN: Final = "PLANGATE_OPA_TOKEN"  # noqa: S105  # the variable's name
OPA_TIMEOUT_S: Final = "PLANGATE_OPA_TIMEOUT_S"
OPA_MAX_AGE_S: Final = "PLANGATE_OPA_MAX_AGE_S"
BUNDLE_KEY: Final = "PLANGATE_BUNDLE_KEY"
BUNDLE_KEY_FILE: Final = "PLANGATE_BUNDLE_KEY_FILE"
BUNDLE_KEY_ID: Final = "PLANGATE_BUNDLE_KEY_ID"
BUNDLE_TOKEN: Final = "PLANGATE_BUNDLE_TOKEN"  # noqa: S105  # the variable's name
LEAST_KEY_LETTERS: Final = 32
USUAL_RATE: Final = Rate(per_s=600, burst=1_200)
_TOKEN: Final = re.compile(r"[\x21-\x7e]{16,512}")
_LONG_TOKEN: Final = re.compile(r"[\x21-\x7e]{32,512}")
_ISSUERS: Final = TypeAdapter(tuple[TrustedIssuer, ...])
_LEVELS: Final = ("debug", "info", "warning", "error")
_RATE: Final = re.compile(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,6})")


def quiet_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set what is not set yet, so that no third party fetches, reports or chats on its own."""
    for name, value in QUIET.items():
        environ.setdefault(name, value)


class SettingsError(ValueError):
    """A variable that can't be used; the message names it and never repeats a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """Say whom the platform believes.

    Attributes:
        token_keys: keys of the hashes of tokens, from `PLANGATE_TOKEN_KEYS`, separated by commas:
            the first signs, all are tried.
        operator_token: makes organizations, from `PLANGATE_OPERATOR_TOKEN`; none: nobody does.
        issuers: OIDC issuers, from `PLANGATE_ISSUERS`, a JSON list of `TrustedIssuer`.
        public_url: where browsers reach the platform, from `PLANGATE_PUBLIC_URL`.
    """

    token_keys: tuple[SecretStr, ...] = ()
    operator_token: SecretStr | None = None
    issuers: tuple[TrustedIssuer, ...] = ()
    public_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """Say what the edge lets through.

    Attributes:
        allowed_origins: pages of other origins that browsers may call from, from
            `PLANGATE_ALLOWED_ORIGINS`, separated by commas; none by default.
        request_rate: from `PLANGATE_REQUEST_RATE`, as `600/1200` (a second, at once) or `off`.
        metrics_token: reads metrics from elsewhere, from `PLANGATE_METRICS_TOKEN`.
        log_level: from `PLANGATE_LOG_LEVEL`.
    """

    allowed_origins: tuple[str, ...] = ()
    request_rate: Rate | None = USUAL_RATE
    metrics_token: SecretStr | None = None
    log_level: str = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesSettings:
    """Say who evaluates rules; without an OPA server the platform does it itself.

    Attributes:
        opa_url: an OPA server, from `PLANGATE_OPA_URL`.
        opa_token: what it knows us by, from `PLANGATE_OPA_TOKEN`.
        opa_timeout_s: within which it must answer, from `PLANGATE_OPA_TIMEOUT_S`.
        opa_max_age_s: how old its rules may be, from `PLANGATE_OPA_MAX_AGE_S`.
        bundle_key: signs bundles, from `PLANGATE_BUNDLE_KEY`: a secret, or a private key in PEM.
        bundle_key_file: holds the same instead, from `PLANGATE_BUNDLE_KEY_FILE`.
        bundle_key_id: what OPA calls the key, from `PLANGATE_BUNDLE_KEY_ID`.
        bundle_token: what OPA fetches bundles with, from `PLANGATE_BUNDLE_TOKEN`.
    """

    opa_url: str | None = None
    opa_token: SecretStr | None = None
    opa_timeout_s: float = 1.0
    opa_max_age_s: float = 300.0
    bundle_key: SecretStr | None = None
    bundle_key_file: str | None = None
    bundle_key_id: str = "plangate"
    bundle_token: SecretStr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Hold what the environment tells the service.

    Attributes:
        model: reference of the model that the platform asks, from `PLANGATE_MODEL`; empty: none.
        eval_token: bearer token of those who evaluate, from `PLANGATE_EVAL_TOKEN`; without it
            only this machine may.
        database_url: Postgres under the app's role, from `PLANGATE_DATABASE_URL`; without it the
            platform evaluates proposals and does nothing else.
        migration_url: the same under the owner's role, from `PLANGATE_MIGRATION_URL`; for
            `plangate db` only.
        redis_urls: where leases are, from `PLANGATE_REDIS_URL`; several, separated by commas, are
            a quorum.
        lease_ttl_s: how long a project waits for a process that died while it held its lease,
            from `PLANGATE_LEASE_TTL_S`.
        approval_lasts_s: how long a request for approval can be granted and used, from
            `PLANGATE_APPROVAL_LASTS_S`.
        environ: variables, for model keys.
    """

    model: str = ""
    eval_token: SecretStr | None = None
    database_url: SecretStr | None = None
    migration_url: SecretStr | None = None
    redis_urls: tuple[SecretStr, ...] = ()
    lease_ttl_s: float = 6.0
    approval_lasts_s: float = 86_400.0
    identity: IdentitySettings = IdentitySettings()
    edge: EdgeSettings = EdgeSettings()
    rules: RulesSettings = RulesSettings()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> ServiceSettings:
        """Read the process's environment; a blank variable is an unset one.

        Raises:
            SettingsError: a variable can't be used, or one that another needs is missing.
        """
        told = {name: value.strip() for name, value in environ.items() if value.strip()}
        return cls(
            model=told.get(MODEL, ""),
            eval_token=_token(told, EVAL_TOKEN, _TOKEN, least=16),
            database_url=_postgres(told, DATABASE_URL),
            migration_url=_postgres(told, MIGRATION_URL),
            redis_urls=_redis(told),
            lease_ttl_s=_seconds(told, LEASE_TTL_S, least=0.5, most=60.0, usual=6.0),
            approval_lasts_s=_seconds(
                told, APPROVAL_LASTS_S, least=60, most=2_592_000, usual=86_400
            ),
            identity=_identity(told),
            edge=_edge(told),
            rules=_rules(told),
            environ=dict(environ),
        )

    def require_platform(self) -> None:
        """Refuse to serve a platform that could not hold what it promises.

        Raises:
            SettingsError: there is a database, but no Redis or no key.
        """
        if not self.redis_urls:
            raise SettingsError(
                f"{DATABASE_URL} is set and {REDIS_URL} is not: executions need leases; "
                "set it, as in redis://:PASSWORD@HOST:6379/0"
            )
        if not self.identity.token_keys:
            raise SettingsError(
                f"{DATABASE_URL} is set and {TOKEN_KEYS} is not: tokens need a key; "
                "set it to what `openssl rand -hex 32` prints"
            )


def _token(
    told: Mapping[str, str], name: str, pattern: re.Pattern[str], *, least: int
) -> SecretStr | None:
    token = told.get(name)
    if token is None:
        return None
    if not pattern.fullmatch(token):
        raise SettingsError(
            f"{name} has {len(token)} characters, expected {least} to 512 printable ones of "
            "ASCII without spaces, as `openssl rand -hex 32` prints them"
        )
    return SecretStr(token)


def _postgres(told: Mapping[str, str], name: str) -> SecretStr | None:
    url = told.get(name)
    if url is None:
        return None
    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise SettingsError(f"{name} is no address of Postgres, such as postgresql://ROLE@HOST/DB")
    return SecretStr(url)


def _redis(told: Mapping[str, str]) -> tuple[SecretStr, ...]:
    urls = _listed(told, REDIS_URL)
    if any(urlsplit(url).scheme not in {"redis", "rediss", "unix"} for url in urls):
        raise SettingsError(f"{REDIS_URL} is no address of Redis, such as redis://HOST:6379/0")
    return tuple(map(SecretStr, urls))


def _identity(told: Mapping[str, str]) -> IdentitySettings:
    keys = _listed(told, TOKEN_KEYS)
    if any(len(key) < LEAST_KEY_LETTERS for key in keys):
        raise SettingsError(
            f"{TOKEN_KEYS} has a key of fewer than {LEAST_KEY_LETTERS} characters; "
            "use what `openssl rand -hex 32` prints"
        )
    try:
        issuers = _ISSUERS.validate_json(told.get(ISSUERS, "[]"))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"{ISSUERS} is no JSON list of issuers: {problems}") from None
    return IdentitySettings(
        token_keys=tuple(map(SecretStr, keys)),
        operator_token=_token(told, OPERATOR_TOKEN, _LONG_TOKEN, least=32),
        issuers=issuers,
        public_url=_public_url(told),
    )


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


def _edge(told: Mapping[str, str]) -> EdgeSettings:
    origins = _listed(told, ALLOWED_ORIGINS)
    if any(not _is_origin(origin) for origin in origins):
        raise SettingsError(
            f"{ALLOWED_ORIGINS} has a part that is no origin, such as https://console.example.com"
        )
    level = told.get(LOG_LEVEL, "info").lower()
    if level not in _LEVELS:
        raise SettingsError(f"{LOG_LEVEL} is '{level[:20]}', expected one of {', '.join(_LEVELS)}")
    return EdgeSettings(
        allowed_origins=origins,
        request_rate=_rate(told.get(REQUEST_RATE)),
        metrics_token=_token(told, METRICS_TOKEN, _TOKEN, least=16),
        log_level=level,
    )


def _rules(told: Mapping[str, str]) -> RulesSettings:
    url = told.get(OPA_URL)
    if url is not None and urlsplit(url).scheme not in {"http", "https"}:
        raise SettingsError(f"{OPA_URL} is no address of OPA, such as http://127.0.0.1:8181")
    found = RulesSettings(
        opa_url=url,
        opa_token=_token(told, OPA_TOKEN, _TOKEN, least=16),
        opa_timeout_s=_seconds(told, OPA_TIMEOUT_S, least=0.05, most=10.0, usual=1.0),
        opa_max_age_s=_seconds(told, OPA_MAX_AGE_S, least=10.0, most=86_400.0, usual=300.0),
        bundle_key=SecretStr(told[BUNDLE_KEY]) if BUNDLE_KEY in told else None,
        bundle_key_file=told.get(BUNDLE_KEY_FILE),
        bundle_key_id=told.get(BUNDLE_KEY_ID, "plangate"),
        bundle_token=_token(told, BUNDLE_TOKEN, _LONG_TOKEN, least=32),
    )
    keys = [key for key in (found.bundle_key, found.bundle_key_file) if key is not None]
    if len(keys) != (0 if found.bundle_token is None else 1):
        raise SettingsError(
            f"{BUNDLE_KEY} or {BUNDLE_KEY_FILE}, and {BUNDLE_TOKEN} go together: one signs, "
            "OPA fetches what was signed with the other; set the token and one key, or nothing"
        )
    return found


def _rate(text: str | None) -> Rate | None:
    if text is None:
        return USUAL_RATE
    if text == "off":
        return None
    found = _RATE.fullmatch(text)
    if found is None:
        raise SettingsError(f"{REQUEST_RATE} is '{text[:20]}', expected as in 600/1200, or off")
    return Rate(per_s=int(found[1]), burst=int(found[2]))


def _seconds(
    told: Mapping[str, str], name: str, *, least: float, most: float, usual: float
) -> float:
    text = told.get(name)
    if text is None:
        return usual
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not least <= seconds <= most:
        raise SettingsError(
            f"{name} is '{text[:20]}', expected seconds from {least:.10g} to {most:.10g}"
        )
    return seconds


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and text == f"{parts.scheme}://{parts.netloc}"


def _listed(told: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in told.get(name, "").split(",") if part.strip())
