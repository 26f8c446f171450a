"""Settings of how secrets are used: which references are whose, and the keys of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter, ValidationError

from runtime.settings.reading import SettingsError

SECRET_SPACES: Final = "PLANGATE_SECRET_SPACES"  # noqa: S105  # the variable's name
MODEL_KEYS: Final = "PLANGATE_MODEL_KEYS"
_KEYS: Final = TypeAdapter(dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedVariable:
    """Say that a variable, or a part of it, was a reference; its value stands nowhere here."""

    name: str
    reference: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Hold variables without references in them.

    Attributes:
        told: by name, with values; it is not to be shown.
        read: which references were read.
    """

    told: Mapping[str, str] = field(repr=False)
    read: tuple[ResolvedVariable, ...] = ()


def unresolved(told: Mapping[str, str]) -> Resolution:
    """Return variables as they are."""
    return Resolution(told=told)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretUseSettings:
    """Say how secrets are used.

    Attributes:
        spaces: which references organizations may name, from `PLANGATE_SECRET_SPACES`, as JSON.
        model_keys: references of keys by the names of providers, from `PLANGATE_MODEL_KEYS`, as
            JSON; read when a model is asked, so that a rotation needs no new start.
    """

    spaces: str = ""
    model_keys: Mapping[str, str] = field(default_factory=dict)


def read_secret_use(told: Mapping[str, str]) -> SecretUseSettings:
    """Read the part of the use of secrets.

    Raises:
        SettingsError: a variable can't be used.
    """
    try:
        keys = _KEYS.validate_json(told.get(MODEL_KEYS, "{}"))
    except ValidationError:
        raise SettingsError(
            f"{MODEL_KEYS} is no JSON object of providers and references, such as "
            '{"openai": "vault://kv/models/openai#key"}'
        ) from None
    return SecretUseSettings(spaces=told.get(SECRET_SPACES, ""), model_keys=keys)
