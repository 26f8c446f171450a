"""Keep secrets that the operator hands over in the environment, for small installations.

`PLANGATE_SECRETS` is JSON: `{"org_...": {"crm": {"value": "...", "hosts": ["api.example.com"]}}}`.
A secret belongs to one organization and is made for hosts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from runtime.ports.effect_failure import PermanentError
from runtime.ports.secret_source import Secret

_Organization = Annotated[str, StringConstraints(pattern=r"^org_[0-9A-Z]{26}$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_Host = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$|^[0-9a-f:]{2,39}$"
    ),
]


class SecretsError(ValueError):
    """Secrets that can't be read; the message never repeats a value."""


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    value: SecretStr = Field(min_length=1, max_length=8_192)
    hosts: tuple[_Host, ...] = Field(min_length=1, max_length=32)


_DOCUMENT: Final = TypeAdapter(dict[_Organization, dict[_Name, _Written]])


class EnvironmentSecrets:
    """Answer from what was handed over at the start."""

    def __init__(self, secrets: Mapping[str, Mapping[str, Secret]]) -> None:
        """Keep secrets by organization and name."""
        self._secrets = secrets

    async def secret(self, name: str, *, organization: str) -> Secret:
        """Return one.

        Raises:
            PermanentError: the organization has no secret of that name.
        """
        found = self._secrets.get(organization, {}).get(name)
        if found is None:
            raise PermanentError(f"the organization has no secret '{name[:63]}'")
        return found


def read_secrets(text: str) -> EnvironmentSecrets:
    """Read the variable; empty: there are no secrets.

    Raises:
        SecretsError: it has not the form that this module describes.
    """
    try:
        document = _DOCUMENT.validate_json(text or "{}")
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'][:2]))}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise SecretsError(f"no JSON of organizations and their secrets: {problems}") from None
    return EnvironmentSecrets(
        {
            organization: {
                name: Secret(name=name, value=item.value.get_secret_value(), hosts=item.hosts)
                for name, item in named.items()
            }
            for organization, named in document.items()
        }
    )
