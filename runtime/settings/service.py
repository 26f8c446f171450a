"""Settings of the service as a whole: read the process's environment, as the one place that does.

The bootstrap calls `quiet_environment` before it loads a part that reads these variables on import.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from runtime.kit.quiet import QUIET
from runtime.settings.audit import AuditSettings, read_audit
from runtime.settings.edge import CONSOLE, MOUNTED, EdgeSettings, read_edge
from runtime.settings.graphql import GraphqlSettings, read_graphql
from runtime.settings.identity import TOKEN_KEYS, IdentitySettings, read_identity
from runtime.settings.models import ModelOfferSettings, read_model_offers
from runtime.settings.plugins import PluginSettings, read_plugins
from runtime.settings.reading import TOKEN, SettingsError, listed, seconds, token
from runtime.settings.rules import RulesSettings, read_rules
from runtime.settings.secret_use import (
    Resolution,
    ResolvedVariable,
    SecretUseSettings,
    read_secret_use,
    unresolved,
)
from runtime.settings.secrets import SecretSettings, read_secret_settings
from runtime.settings.work import WorkSettings, read_work

MODEL: Final = "PLANGATE_MODEL"
EVAL_TOKEN: Final = "PLANGATE_EVAL_TOKEN"  # noqa: S105  # the variable's name
DATABASE_URL: Final = "PLANGATE_DATABASE_URL"
MIGRATION_URL: Final = "PLANGATE_MIGRATION_URL"
REDIS_URL: Final = "PLANGATE_REDIS_URL"
LEASE_TTL_S: Final = "PLANGATE_LEASE_TTL_S"
APPROVAL_LASTS_S: Final = "PLANGATE_APPROVAL_LASTS_S"
EVALUATIONS: Final = "PLANGATE_EVALUATIONS"


def quiet_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set what is not set yet, so that no third party fetches, reports or chats on its own."""
    for name, value in QUIET.items():
        environ.setdefault(name, value)


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
        evaluations: the folder in which each organization's folder of runs is called by its id,
            from `PLANGATE_EVALUATIONS`; without it no runs are shown.
        resolved: which variables were references, and are values here.
        environ: variables as they came, for model keys and children of this process.
    """

    model: str = ""
    eval_token: SecretStr | None = None
    database_url: SecretStr | None = None
    migration_url: SecretStr | None = None
    redis_urls: tuple[SecretStr, ...] = ()
    lease_ttl_s: float = 6.0
    approval_lasts_s: float = 86_400.0
    evaluations: Path | None = None
    audit: AuditSettings = field(default_factory=AuditSettings)
    identity: IdentitySettings = field(default_factory=IdentitySettings)
    edge: EdgeSettings = field(default_factory=EdgeSettings)
    graphql: GraphqlSettings = field(default_factory=GraphqlSettings)
    rules: RulesSettings = field(default_factory=RulesSettings)
    model_offers: ModelOfferSettings = field(default_factory=ModelOfferSettings)
    plugins: PluginSettings = field(default_factory=PluginSettings)
    work: WorkSettings = field(default_factory=WorkSettings)
    secrets: SecretSettings = field(default_factory=SecretSettings)
    secret_use: SecretUseSettings = field(default_factory=SecretUseSettings)
    resolved: tuple[ResolvedVariable, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def broker_url(self) -> SecretStr | None:
        """Return the address of the queue's broker: what is named, or the first Redis of leases."""
        return self.work.broker_url or next(iter(self.redis_urls), None)

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str] = os.environ,
        *,
        resolve: Callable[[Mapping[str, str]], Resolution] = unresolved,
    ) -> ServiceSettings:
        """Read the process's environment; a blank variable is an unset one.

        Args:
            environ: the variables.
            resolve: puts values in the place of references to secrets.

        Raises:
            SettingsError: a variable can't be used, or one that another needs is missing.
        """
        resolution = resolve(
            {name: value.strip() for name, value in environ.items() if value.strip()}
        )
        told = resolution.told
        return cls(
            model=told.get(MODEL, ""),
            eval_token=token(told, EVAL_TOKEN, TOKEN, least=16),
            database_url=_postgres(told, DATABASE_URL),
            migration_url=_postgres(told, MIGRATION_URL),
            redis_urls=_redis(told),
            lease_ttl_s=seconds(told, LEASE_TTL_S, least=0.5, most=60.0, usual=6.0),
            approval_lasts_s=seconds(
                told, APPROVAL_LASTS_S, least=60, most=2_592_000, usual=86_400
            ),
            evaluations=_folder(told, EVALUATIONS),
            identity=read_identity(told),
            audit=read_audit(told),
            edge=read_edge(told),
            graphql=read_graphql(told),
            rules=read_rules(told),
            model_offers=read_model_offers(told),
            plugins=read_plugins(told),
            work=read_work(told),
            secrets=read_secret_settings(told),
            secret_use=read_secret_use(told),
            resolved=resolution.read,
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

    def require_console(self) -> None:
        """Refuse to serve a console that has no platform to ask, or is not installed.

        Raises:
            SettingsError: it is to be mounted, and can't be.
        """
        if not self.edge.console:
            return
        if self.database_url is None:
            raise SettingsError(
                f"{CONSOLE} is {MOUNTED} and {DATABASE_URL} is not set: there is no platform that "
                "the console could ask; set both, or neither"
            )
        if find_spec("gradio") is None:
            raise SettingsError(
                f"{CONSOLE} is {MOUNTED} and Gradio is not installed: "
                "pip install 'plangate[console]', or leave it off"
            )


def _postgres(told: Mapping[str, str], name: str) -> SecretStr | None:
    url = told.get(name)
    if url is None:
        return None
    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise SettingsError(f"{name} is no address of Postgres, such as postgresql://ROLE@HOST/DB")
    return SecretStr(url)


def _folder(told: Mapping[str, str], name: str) -> Path | None:
    text = told.get(name)
    if text is None:
        return None
    if not Path(text).is_absolute():
        raise SettingsError(f"{name} is '{text[:200]}', expected the whole path of a folder")
    return Path(text)


def _redis(told: Mapping[str, str]) -> tuple[SecretStr, ...]:
    urls = listed(told, REDIS_URL)
    if any(urlsplit(url).scheme not in {"redis", "rediss", "unix"} for url in urls):
        raise SettingsError(f"{REDIS_URL} is no address of Redis, such as redis://HOST:6379/0")
    return tuple(map(SecretStr, urls))
