"""Read secrets from the variables of the process: for development, where an operator allows it."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.adapters.secret_providers.values import mark_of, value_of
from runtime.domain.errors import SecretDeniedError, SecretMissingError
from runtime.domain.secret_reference import SecretRef
from runtime.ports.secret_provider import Fetched, Lease


class EnvironmentProvider:
    """Answer `env://NAME` from variables that were handed over."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Keep the variables; later changes are seen."""
        self._environ = environ

    @property
    def schemes(self) -> frozenset[str]:
        """Return `env`."""
        return frozenset({"env"})

    async def fetch(self, reference: SecretRef) -> Fetched:
        """Return a variable; an empty one is missing."""
        text = self._environ.get(reference.path, "")
        if not text:
            raise SecretMissingError(
                reference=reference.text(),
                problem="the process has no such variable",
                advice="set it and start anew",
            )
        value = value_of(text.encode(errors="surrogateescape"), reference=reference)
        return Fetched(value=value, version=mark_of(value))

    async def renew(self, lease: Lease) -> Lease:
        """Refuse: a variable has no lease."""
        raise SecretDeniedError(
            reference="env://", problem=f"it gave no lease '{lease.id}'", advice="fetch it anew"
        )

    async def ready(self) -> None:
        """Return: the variables are here."""

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""
