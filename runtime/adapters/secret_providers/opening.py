"""Open providers by the schemes of references; one that nobody refers to is never loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from runtime.adapters.secret_providers.environment import EnvironmentProvider
from runtime.adapters.secret_providers.files import FileProvider
from runtime.domain.errors import SecretDeniedError
from runtime.domain.secret_reference import SecretRef
from runtime.kit.clock import Clock
from runtime.ports.secret_places import AwsPlace, GooglePlace, VaultPlace
from runtime.ports.secret_provider import SecretProvider

_EXTRAS: Final = {"vault": "vault", "awssm": "aws", "gcpsm": "gcp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPlaces:
    """Say where each provider is.

    Attributes:
        vault: None: there is no Vault.
        environ: variables that `env://` may name; None: they may not be named here.
        readable: is told the path of a file that everybody on this machine may read.
    """

    vault: VaultPlace | None
    aws: AwsPlace = field(default_factory=AwsPlace)
    google: GooglePlace = field(default_factory=GooglePlace)
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    readable: Callable[[str], None]


class OpenedProviders:
    """Open a provider for its first reference, and keep it until all are closed."""

    def __init__(self, places: ProviderPlaces, *, clock: Clock) -> None:
        """Keep where providers are; nothing is loaded yet."""
        self._places = places
        self._clock = clock
        self._opened: dict[str, SecretProvider] = {}

    def of(self, reference: SecretRef) -> SecretProvider:
        """Return who keeps what a reference names.

        Raises:
            SecretDeniedError: this server has no such provider; the advice names the setting.
        """
        found = self._opened.get(reference.scheme)
        if found is None:
            found = _OPENERS[reference.scheme](self._places, reference, self._clock)
            self._opened[reference.scheme] = found
        return found

    async def close(self) -> None:
        """Close every provider that was opened."""
        opened, self._opened = self._opened, {}
        for provider in opened.values():
            await provider.close()


def _vault(places: ProviderPlaces, reference: SecretRef, clock: Clock) -> SecretProvider:
    if places.vault is None:
        raise _absent(reference, advice="set PLANGATE_VAULT_ADDR")
    try:
        from runtime.adapters.secret_providers.vault import VaultProvider  # noqa: PLC0415  # on use
    except ModuleNotFoundError:
        raise _not_installed(reference) from None
    return VaultProvider(places.vault, clock=clock)


def _aws(places: ProviderPlaces, reference: SecretRef, _: Clock) -> SecretProvider:
    try:
        from runtime.adapters.secret_providers.aws import AwsProvider  # noqa: PLC0415  # on use
    except ModuleNotFoundError:
        raise _not_installed(reference) from None
    return AwsProvider(places.aws)


def _google(places: ProviderPlaces, reference: SecretRef, _: Clock) -> SecretProvider:
    try:
        from runtime.adapters.secret_providers.google import (  # noqa: PLC0415  # on use
            GoogleProvider,
        )
    except ModuleNotFoundError:
        raise _not_installed(reference) from None
    return GoogleProvider(places.google)


def _file(places: ProviderPlaces, _: SecretRef, __: Clock) -> SecretProvider:
    return FileProvider(readable=places.readable)


def _environment(places: ProviderPlaces, reference: SecretRef, _: Clock) -> SecretProvider:
    if places.environ is None:
        raise _absent(
            reference,
            advice="name it by another scheme; for development only, set PLANGATE_ENV_SECRETS=on",
        )
    return EnvironmentProvider(places.environ)


_OPENERS: Final[Mapping[str, Callable[[ProviderPlaces, SecretRef, Clock], SecretProvider]]] = {
    "vault": _vault,
    "awssm": _aws,
    "gcpsm": _google,
    "file": _file,
    "env": _environment,
}


def _absent(reference: SecretRef, *, advice: str) -> SecretDeniedError:
    return SecretDeniedError(
        reference=reference.text(),
        problem=f"this server reads nothing from {reference.scheme}://",
        advice=advice,
    )


def _not_installed(reference: SecretRef) -> SecretDeniedError:
    extra = _EXTRAS[reference.scheme]
    return _absent(reference, advice=f"install its client: pip install 'plangate[{extra}]'")
