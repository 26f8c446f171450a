"""The role of who keeps secrets outside of the platform: answer with the value of a reference.

Implemented by the modules of `adapters.secret_providers`; only `services.secrets` calls them, which
remembers, limits and records. No error, log or representation repeats a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from runtime.domain.secret_reference import SecretRef
from runtime.domain.secret_value import SecretValue

MAX_VALUE_BYTES: Final = 65_536
"""What one secret may have at most."""

DEADLINE_S: Final = 5.0
"""How long one call may take at most, with its login and all attempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Hold for how long a value is good that was made for us.

    Attributes:
        id: what its provider calls it; no secret, but for its provider alone.
        lasts_s: how long the value is good from now on.
        renewable: whether the provider may let it last longer.
    """

    id: str
    lasts_s: float
    renewable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Hold what a provider answered.

    Attributes:
        version: of the value, as its provider counts; another value never has the same.
        lease: for values that end by themselves; None: it is good until it is rotated.
    """

    value: SecretValue
    version: str
    lease: Lease | None = None


class SecretProvider(Protocol):
    """Answer what references of its schemes name.

    Each call raises `SecretError` of `domain.errors`: `SecretMissingError`, `SecretDeniedError`,
    `SecretThrottledError`, `SecretUnavailableError` (also after `DEADLINE_S`) or
    `SecretMalformedError` (also above `MAX_VALUE_BYTES`).
    """

    @property
    def schemes(self) -> frozenset[str]:
        """Return the schemes of the references that it reads."""
        ...

    async def fetch(self, reference: SecretRef) -> Fetched:
        """Ask for a value, whatever was answered before."""
        ...

    async def renew(self, lease: Lease) -> Lease:
        """Let a lease last longer; the answer says how long it does, which may be less than asked.

        `SecretDeniedError` says that it can't: a new value has to be fetched.
        """
        ...

    async def ready(self) -> None:
        """Return if it would answer now."""
        ...

    async def close(self) -> None:
        """Release connections and threads; later calls raise `SecretUnavailableError`."""
        ...


class SecretProviders(Protocol):
    """Know the provider of each reference, and open it when it is first asked for."""

    def of(self, reference: SecretRef) -> SecretProvider:
        """Return who keeps what a reference names.

        Raises:
            SecretDeniedError: this server has no such provider; the advice names the setting.
        """
        ...

    async def close(self) -> None:
        """Close every provider that was opened."""
        ...
