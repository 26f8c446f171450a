"""Settings of work that follows a commit: the broker, workers, and what side effects may reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr, TypeAdapter, ValidationError

from runtime.settings.reading import SettingsError, seconds

BROKER_URL: Final = "PLANGATE_BROKER_URL"
JOB_LEASE_S: Final = "PLANGATE_JOB_LEASE_S"
WATCHDOG_S: Final = "PLANGATE_WATCHDOG_S"
EGRESS_ALLOW: Final = "PLANGATE_EGRESS_ALLOW"
SECRETS: Final = "PLANGATE_SECRETS"
SMTP_URL: Final = "PLANGATE_SMTP_URL"
MAIL_FROM: Final = "PLANGATE_MAIL_FROM"
EFFECT_MODELS: Final = "PLANGATE_EFFECT_MODELS"
CHROMIUM: Final = "PLANGATE_CHROMIUM"
CHROMIUM_SANDBOX: Final = "PLANGATE_CHROMIUM_SANDBOX"
BROKERS: Final = ("redis", "rediss", "unix", "redis+socket", "sqs", "gcpubsub")
_MODELS: Final = TypeAdapter(dict[str, str])
_SWITCH: Final = {"on": True, "off": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSettings:
    """Say what side effects may reach.

    Attributes:
        egress_allow: beyond strangers by https, from `PLANGATE_EGRESS_ALLOW`.
        secrets: of organizations, from `PLANGATE_SECRETS`, as JSON; None: there are none.
        smtp_url: the mail server, from `PLANGATE_SMTP_URL`; None: no mail.
        mail_from: the sender, from `PLANGATE_MAIL_FROM`; needed with a mail server.
        models: references by the names that effects use, from `PLANGATE_EFFECT_MODELS`, as JSON.
        chromium: path of the browser, from `PLANGATE_CHROMIUM`; None: no pages.
        chromium_sandbox: Chromium's own, from `PLANGATE_CHROMIUM_SANDBOX` (`on` or `off`); off only
            where the machine can't have one.
    """

    egress_allow: str = ""
    secrets: SecretStr | None = None
    smtp_url: SecretStr | None = None
    mail_from: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    chromium: str | None = None
    chromium_sandbox: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSettings:
    """Say how work that follows a commit gets done.

    Attributes:
        broker_url: of the queue, from `PLANGATE_BROKER_URL`; None: the first Redis of leases.
        job_lease_s: how long a worker is believed to be alive without a further word, from
            `PLANGATE_JOB_LEASE_S`.
        watchdog_s: how long a worker's event loop may stand still before its process ends, from
            `PLANGATE_WATCHDOG_S`.
        effects: what side effects may reach.
    """

    broker_url: SecretStr | None = None
    job_lease_s: float = 15.0
    watchdog_s: float = 30.0
    effects: EffectSettings = field(default_factory=EffectSettings)


def read_work(told: Mapping[str, str]) -> WorkSettings:
    """Read the part of the queue.

    Raises:
        SettingsError: a variable can't be used.
    """
    url = told.get(BROKER_URL)
    if url is not None and urlsplit(url).scheme not in BROKERS:
        raise SettingsError(
            f"{BROKER_URL} is no address of a broker; expected redis://, rediss://, unix://, "
            "sqs:// or gcpubsub://, as in redis://:PASSWORD@HOST:6379/1"
        )
    return WorkSettings(
        broker_url=None if url is None else SecretStr(url),
        job_lease_s=seconds(told, JOB_LEASE_S, least=1.0, most=300.0, usual=15.0),
        watchdog_s=seconds(told, WATCHDOG_S, least=1.0, most=3_600.0, usual=30.0),
        effects=_effects(told),
    )


def _effects(told: Mapping[str, str]) -> EffectSettings:
    return EffectSettings(
        egress_allow=told.get(EGRESS_ALLOW, ""),
        secrets=_secret(told, SECRETS),
        smtp_url=_secret(told, SMTP_URL),
        mail_from=told.get(MAIL_FROM, ""),
        models=_models(told),
        chromium=told.get(CHROMIUM),
        chromium_sandbox=_switch(told, CHROMIUM_SANDBOX, usual="on"),
    )


def _secret(told: Mapping[str, str], name: str) -> SecretStr | None:
    return SecretStr(told[name]) if name in told else None


def _models(told: Mapping[str, str]) -> Mapping[str, str]:
    try:
        return _MODELS.validate_json(told.get(EFFECT_MODELS, "{}"))
    except ValidationError:
        raise SettingsError(
            f"{EFFECT_MODELS} is no JSON object of names and references of models, such as "
            '{"writer": "openai/gpt-4o-mini"}'
        ) from None


def _switch(told: Mapping[str, str], name: str, *, usual: str) -> bool:
    text = told.get(name, usual).lower()
    if text not in _SWITCH:
        raise SettingsError(f"{name} is '{text[:20]}', expected on or off")
    return _SWITCH[text]
