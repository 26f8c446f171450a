"""Say what the environment tells a process: one module a part, `service` for the whole."""

from runtime.settings.edge import LOG_LEVEL, EdgeSettings
from runtime.settings.identity import OPERATOR_TOKEN, TOKEN_KEYS, IdentitySettings
from runtime.settings.reading import SettingsError
from runtime.settings.rules import BUNDLE_KEY, BUNDLE_KEY_FILE, RulesSettings
from runtime.settings.secret_use import Resolution, ResolvedVariable, SecretUseSettings
from runtime.settings.secrets import SecretSettings
from runtime.settings.service import (
    DATABASE_URL,
    MIGRATION_URL,
    REDIS_URL,
    ServiceSettings,
    quiet_environment,
)
from runtime.settings.work import BROKER_URL, EffectSettings, WorkSettings

__all__ = [
    "BROKER_URL",
    "BUNDLE_KEY",
    "BUNDLE_KEY_FILE",
    "DATABASE_URL",
    "LOG_LEVEL",
    "MIGRATION_URL",
    "OPERATOR_TOKEN",
    "REDIS_URL",
    "TOKEN_KEYS",
    "EdgeSettings",
    "EffectSettings",
    "IdentitySettings",
    "Resolution",
    "ResolvedVariable",
    "RulesSettings",
    "SecretSettings",
    "SecretUseSettings",
    "ServiceSettings",
    "SettingsError",
    "WorkSettings",
    "quiet_environment",
]
