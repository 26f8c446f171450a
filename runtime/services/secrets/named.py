"""Answer side effects with the secrets that an operator named for their organization.

`PLANGATE_SECRETS` is JSON: `{"org_...": {"crm": {"ref": "vault://...", "hosts": ["a.example"]}}}`.
A secret belongs to one organization and is made for hosts. What is named by a reference is read
when it is used; small installations write `"value"` instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from runtime.domain.errors import SecretError, StorageUnavailableError
from runtime.domain.secret_reference import SecretRef, SecretReferenceError, read_reference
from runtime.domain.secret_value import SecretValueError
from runtime.kit.clock import Clock
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.secret_source import Secret
from runtime.services.secrets.cache import ReadSecret
from runtime.services.secrets.classes import SecretClass
from runtime.services.secrets.reader import SecretReader
from runtime.services.secrets.wishes import Wish

GIVEN_VERSION: Final = "given"
"""Of what stands in the environment: it changes with a new start only."""
YOUNG_S: Final = 60.0
"""For how long after a rotation the other side may not know the new value yet."""
LONGEST_VALUE: Final = 8_192

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

    value: SecretStr | None = Field(default=None, min_length=1, max_length=LONGEST_VALUE)
    ref: SecretStr | None = Field(default=None, min_length=1)
    kind: SecretClass = SecretClass.CREDENTIAL
    hosts: tuple[_Host, ...] = Field(min_length=1, max_length=32)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.value is None) == (self.ref is None):
            raise ValueError("expected one of ref and value")
        return self


_DOCUMENT: Final = TypeAdapter(dict[_Organization, dict[_Name, _Written]])


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSecret:
    """Hold one name: the value itself, or where it is.

    Attributes:
        hosts: that it is made for.
        value: what the environment gave; None where there is a reference.
        reference: where it is read.
        kind: what it is for.
    """

    hosts: tuple[str, ...]
    value: str | None = field(default=None, repr=False)
    reference: SecretRef | None = None
    kind: SecretClass = SecretClass.CREDENTIAL


NamedOfOrganizations = Mapping[str, Mapping[str, NamedSecret]]


class NamedSecrets:
    """Resolve names to secrets, inside a worker only."""

    def __init__(self, named: NamedOfOrganizations, *, reader: SecretReader, clock: Clock) -> None:
        """Keep the names; a clock tells how long ago a value changed."""
        self._named = named
        self._reader = reader
        self._monotonic_s = clock.monotonic_s

    async def secret(self, name: str, *, organization: str) -> Secret:
        """Return one.

        Raises:
            PermanentError: the organization has no secret of that name, or it can't be used.
            RetryableError: it can't be had now, whether its keeper or somebody's mistake is why.
        """
        found = self._found(name, organization)
        if found.reference is None:
            return Secret(name=name, value=found.value or "", hosts=found.hosts)
        try:
            read = await self._reader.read(
                _wish(name, found, found.reference, organization=organization)
            )
        except (SecretError, StorageUnavailableError) as error:
            raise _failure(name, error) from None
        return _given(name, read, found)

    async def refused(self, secret: Secret, *, organization: str) -> Secret | None:
        """Return a newer value than one that the other side refused; None: there is none.

        Raises:
            RetryableError: it can't be asked for now; or it was rotated so recently that the other
                side may not know it yet.
            PermanentError: there is no such secret any more.
        """
        found = self._found(secret.name, organization)
        if found.reference is None:
            return None
        wish = _wish(secret.name, found, found.reference, organization=organization)
        try:
            newer = await self._reader.refused(wish, version=secret.version)
        except (SecretError, StorageUnavailableError) as error:
            raise _failure(secret.name, error) from None
        if newer is not None:
            return _given(secret.name, newer, found)
        self._refuse_young(secret.name, wish)
        return None

    def _refuse_young(self, name: str, wish: Wish) -> None:
        kept = self._reader.peek(wish)
        if kept is None or kept.changed_s is None:
            return
        if self._monotonic_s() - kept.changed_s < YOUNG_S:
            raise RetryableError(
                f"the secret '{name}' was rotated just now, and the other side refuses it"
            )

    def _found(self, name: str, organization: str) -> NamedSecret:
        found = self._named.get(organization, {}).get(name)
        if found is None:
            raise PermanentError(f"the organization has no secret '{name[:63]}'")
        return found


def read_named(text: str) -> NamedOfOrganizations:
    """Read the variable; empty: there are no secrets.

    Raises:
        SecretsError: it has not the form that this module describes.
    """
    try:
        document = _DOCUMENT.validate_json(text or "{}")
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'][:2]))}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise SecretsError(f"no JSON of organizations and their secrets: {problems}") from None
    return {
        organization: {
            name: _named(item, where=f"{organization}.{name}") for name, item in named.items()
        }
        for organization, named in document.items()
    }


def references_of(named: NamedOfOrganizations) -> tuple[tuple[str, SecretRef], ...]:
    """Return every reference with the organization that it is for."""
    return tuple(
        (organization, item.reference)
        for organization, items in named.items()
        for item in items.values()
        if item.reference is not None
    )


def _named(item: _Written, *, where: str) -> NamedSecret:
    if item.ref is None:
        value = None if item.value is None else item.value.get_secret_value()
        return NamedSecret(value=value, hosts=item.hosts)
    try:
        reference = read_reference(item.ref.get_secret_value())
    except SecretReferenceError as error:
        raise SecretsError(f"{where}: {error}") from None
    return NamedSecret(reference=reference, hosts=item.hosts, kind=item.kind)


def _wish(name: str, found: NamedSecret, reference: SecretRef, *, organization: str) -> Wish:
    return Wish(
        reference=reference,
        why=f"side effects that name '{name}'",
        organization=organization,
        kind=found.kind,
    )


def _given(name: str, read: ReadSecret, found: NamedSecret) -> Secret:
    try:
        value = read.value.text()
    except SecretValueError:
        raise PermanentError(f"the secret '{name}' is no text") from None
    if not 0 < len(value) <= LONGEST_VALUE:
        raise PermanentError(
            f"the secret '{name}' has {len(value)} characters, expected 1 to {LONGEST_VALUE}"
        )
    return Secret(name=name, value=value, hosts=found.hosts, version=read.version)


def _failure(name: str, error: SecretError | StorageUnavailableError) -> RetryableError:
    """Return what an error means for a job; the reference is the operator's, so it stays out."""
    return RetryableError(f"the secret '{name}' can't be read ({error.code})")
