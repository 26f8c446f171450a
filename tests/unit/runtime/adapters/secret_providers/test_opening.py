"""A provider is opened for its first reference, and one that is not there says what to set."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtime.adapters.secret_providers.opening import OpenedProviders, ProviderPlaces
from runtime.domain.errors import SecretDeniedError
from runtime.domain.secret_reference import read_reference
from runtime.kit.clock import SystemClock
from runtime.ports.secret_places import VaultPlace

TEXTS = {
    "vault": "vault://kv/crm",
    "awssm": "awssm://crm",
    "gcpsm": "gcpsm://shop-prod/crm",
    "file": "file:///x",
    "env": "env://CRM",
}
_LOADED = """
import sys
from runtime.adapters.secret_providers.opening import OpenedProviders, ProviderPlaces
from runtime.domain.secret_reference import read_reference
from runtime.kit.clock import SystemClock
from runtime.settings.secrets import read_secret_settings

told = {"PLANGATE_VAULT_ADDR": "https://vault.example.com", "PLANGATE_VAULT_ROLE": "plangate"}
places = ProviderPlaces(vault=read_secret_settings(told).vault, environ={}, readable=print)
found = OpenedProviders(places, clock=SystemClock())
found.of(read_reference("file:///x"))
found.of(read_reference("env://X"))
clients = ("hvac", "requests", "boto3", "google.auth", "grpc")
print([name for name in clients if name in sys.modules])
"""


def _opened(*, all_of_them: bool = True) -> OpenedProviders:
    places = ProviderPlaces(
        vault=VaultPlace(address="https://vault.example.com") if all_of_them else None,
        environ={} if all_of_them else None,
        readable=lambda _: None,
    )
    return OpenedProviders(places, clock=SystemClock())


async def test_each_scheme_has_its_provider_and_keeps_it() -> None:
    """Whoever asks twice asks the same."""
    for module in ("hvac", "boto3", "google.cloud.secretmanager_v1"):
        pytest.importorskip(module, reason="pip install 'plangate[vault,aws,gcp]' un-skips this")
    opened = _opened()

    for scheme, text in TEXTS.items():
        provider = opened.of(read_reference(text))
        assert provider.schemes == {scheme}
        assert opened.of(read_reference(text)) is provider
    await opened.close()


@pytest.mark.parametrize(
    ("text", "advice"),
    [("vault://kv/crm", "PLANGATE_VAULT_ADDR"), ("env://CRM", "PLANGATE_ENV_SECRETS")],
)
def test_a_provider_that_nobody_set_up_is_refused(text: str, advice: str) -> None:
    """Variables of the process are for development, so somebody has to say that it is that."""
    with pytest.raises(SecretDeniedError, match=advice):
        _opened(all_of_them=False).of(read_reference(text))


def test_what_nobody_refers_to_is_never_loaded() -> None:
    """The clients of vendors take a second, and some of them look around when they are imported."""
    done = subprocess.run(
        [sys.executable, "-c", _LOADED], capture_output=True, check=True, text=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


async def test_closing_ends_what_was_opened() -> None:
    """It can be opened again, by nobody in the product."""
    opened = _opened()
    first = opened.of(read_reference("file:///x"))

    await opened.close()

    assert opened.of(read_reference("file:///x")) is not first
    await opened.close()
