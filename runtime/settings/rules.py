"""Settings of rules: who evaluates them, and who signs what an OPA server fetches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from runtime.settings.reading import LONG_TOKEN, TOKEN, SettingsError, seconds, token

OPA_URL: Final = "PLANGATE_OPA_URL"
OPA_TOKEN: Final = "PLANGATE_OPA_TOKEN"  # noqa: S105  # the variable's name
OPA_TIMEOUT_S: Final = "PLANGATE_OPA_TIMEOUT_S"
OPA_MAX_AGE_S: Final = "PLANGATE_OPA_MAX_AGE_S"
BUNDLE_KEY: Final = "PLANGATE_BUNDLE_KEY"
BUNDLE_KEY_FILE: Final = "PLANGATE_BUNDLE_KEY_FILE"
BUNDLE_KEY_ID: Final = "PLANGATE_BUNDLE_KEY_ID"
BUNDLE_TOKEN: Final = "PLANGATE_BUNDLE_TOKEN"  # noqa: S105  # the variable's name


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


def read_rules(told: Mapping[str, str]) -> RulesSettings:
    """Read the part of rules.

    Raises:
        SettingsError: a variable can't be used, or one that another needs is missing.
    """
    url = told.get(OPA_URL)
    if url is not None and urlsplit(url).scheme not in {"http", "https"}:
        raise SettingsError(f"{OPA_URL} is no address of OPA, such as http://127.0.0.1:8181")
    found = RulesSettings(
        opa_url=url,
        opa_token=token(told, OPA_TOKEN, TOKEN, least=16),
        opa_timeout_s=seconds(told, OPA_TIMEOUT_S, least=0.05, most=10.0, usual=1.0),
        opa_max_age_s=seconds(told, OPA_MAX_AGE_S, least=10.0, most=86_400.0, usual=300.0),
        bundle_key=SecretStr(told[BUNDLE_KEY]) if BUNDLE_KEY in told else None,
        bundle_key_file=told.get(BUNDLE_KEY_FILE),
        bundle_key_id=told.get(BUNDLE_KEY_ID, "plangate"),
        bundle_token=token(told, BUNDLE_TOKEN, LONG_TOKEN, least=32),
    )
    keys = [key for key in (found.bundle_key, found.bundle_key_file) if key is not None]
    if len(keys) != (0 if found.bundle_token is None else 1):
        raise SettingsError(
            f"{BUNDLE_KEY} or {BUNDLE_KEY_FILE}, and {BUNDLE_TOKEN} go together: one signs, "
            "OPA fetches what was signed with the other; set the token and one key, or nothing"
        )
    return found
